// The dialect of Traefik's ForwardAuth and Caddy's forward_auth: `X-Forwarded-Method`, `-Proto`, `-Host`, `-Uri`. Believed only from a trusted
// proxy; whether the sender is one is read-original-request.ts's question. A value twice, or several in one, is refused, not chosen from.

import type { IncomingHttpHeaders } from 'node:http';
import type { OriginalRequestReading } from './original-request.ts';
import { isHost } from './relying-party.ts';

export const forwardedHeaders = [
  'x-forwarded-method',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-uri',
] as const;

/** Whether the request carries any of the dialect's headers. */
export function hasForwardedHeaders(headers: IncomingHttpHeaders): boolean {
  return forwardedHeaders.some((name) => headers[name] !== undefined);
}

/** Reads the original request from a trusted proxy's headers. */
export function readForwardedHeaders(headers: IncomingHttpHeaders): OriginalRequestReading {
  const method = single(headers, 'x-forwarded-method');
  const proto = single(headers, 'x-forwarded-proto');
  const host = single(headers, 'x-forwarded-host')?.toLowerCase();
  const uri = single(headers, 'x-forwarded-uri');
  if (method === undefined || !/^[A-Z]{1,20}$/.test(method)) return { kind: 'malformed', fault: 'X-Forwarded-Method' };
  // A WebSocket is announced as ws or wss by some proxies.
  const scheme = proto === 'https' || proto === 'wss' ? 'https' : proto === 'http' || proto === 'ws' ? 'http' : null;
  if (scheme === null) return { kind: 'malformed', fault: 'X-Forwarded-Proto' };
  if (host === undefined || !isHost(host)) return { kind: 'malformed', fault: 'X-Forwarded-Host' };
  if (uri === undefined || !/^\/[\x21-\x7e]*$/.test(uri) || uri.length > 8_192)
    return { kind: 'malformed', fault: 'X-Forwarded-Uri' };
  return { kind: 'read', original: { method, scheme, host: new URL(`${scheme}://${host}/`).host, uri } };
}

function single(headers: IncomingHttpHeaders, name: (typeof forwardedHeaders)[number]): string | undefined {
  const value = headers[name];
  // Node joins repeated headers with a comma; a URI may contain one, the others may not.
  if (typeof value !== 'string' || (name !== 'x-forwarded-uri' && value.includes(','))) return undefined;
  return value;
}
