// The dialect of nginx's auth_request: either `X-Original-URL` and `X-Original-Method`, or `X-Forwarded-Method`, `-Proto`, `-Uri` and the app's
// `Host`. nginx passes a client's own headers on unless it is told otherwise, so whatever is told twice must say the same.

import type { IncomingHttpHeaders } from 'node:http';
import { readSingle, readUri } from './forwarded-headers-dialect.ts';
import { toHost, toOriginalRequest, type OriginalRequestReading } from './original-request.ts';

/** Reads the original request from a trusted nginx's headers. */
export function readNginxHeaders(headers: IncomingHttpHeaders): OriginalRequestReading {
  const byUrl = headers['x-original-url'] !== undefined;
  const read = byUrl ? readOriginalUrl(headers) : readForwarded(headers);
  if (read.kind === 'malformed' || !byUrl) return read;
  const { method, scheme, host, uri } = read.original;
  const said = [
    ['x-forwarded-method', method],
    ['x-forwarded-proto', scheme],
    ['x-forwarded-uri', uri],
  ] as const;
  for (const [name, value] of said) {
    if (headers[name] !== undefined && headers[name] !== value)
      return { kind: 'malformed', fault: `${name} and X-Original-URL say different things` };
  }
  const forwardedHost = headers['x-forwarded-host'];
  if (forwardedHost !== undefined && toHost(String(forwardedHost), scheme) !== host)
    return { kind: 'malformed', fault: 'x-forwarded-host and X-Original-URL say different things' };
  return read;
}

/** `X-Original-URL: https://wiki.example.com/page?x=1`, taken apart as text: a URL parser would repair what must be refused. */
function readOriginalUrl(headers: IncomingHttpHeaders): OriginalRequestReading {
  const whole = /^([a-z]{2,5}):\/\/([^/?#@\\\s]+)(\/[^\s]*)$/.exec(readUri(headers, 'x-original-url') ?? '');
  const [, proto, host, uri] = whole ?? [];
  const method = readSingle(headers, 'x-original-method');
  const url = 'X-Original-URL';
  return toOriginalRequest(
    { method, proto, host, uri },
    { method: 'X-Original-Method', proto: url, host: url, uri: url },
  );
}

function readForwarded(headers: IncomingHttpHeaders): OriginalRequestReading {
  const forwardedHost = headers['x-forwarded-host'];
  const parts = {
    method: readSingle(headers, 'x-forwarded-method') ?? readSingle(headers, 'x-original-method'),
    proto: readSingle(headers, 'x-forwarded-proto'),
    // The app's host is in `Host` here; a forwarded one that says otherwise is the client's.
    host: forwardedHost === undefined || forwardedHost === headers.host ? headers.host : undefined,
    uri: readUri(headers, 'x-forwarded-uri'),
  };
  return toOriginalRequest(parts, {
    method: 'X-Forwarded-Method',
    proto: 'X-Forwarded-Proto',
    host: 'Host',
    uri: 'X-Forwarded-Uri',
  });
}
