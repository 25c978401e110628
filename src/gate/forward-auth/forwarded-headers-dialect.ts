// The dialect of Traefik's ForwardAuth, Caddy's forward_auth, HAProxy's auth-request script and others: `X-Forwarded-Method`, `-Proto`, `-Host`,
// `-Uri`. Whether the sender may be believed is read-original-request.ts's question.

import type { IncomingHttpHeaders } from 'node:http';
import { toOriginalRequest, type OriginalRequestReading } from './original-request.ts';

export const forwardedHeaders = [
  'x-forwarded-method',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-uri',
] as const;

const names = {
  method: 'X-Forwarded-Method',
  proto: 'X-Forwarded-Proto',
  host: 'X-Forwarded-Host',
  uri: 'X-Forwarded-Uri',
};

/** Whether the request carries any of the dialect's headers. */
export function hasForwardedHeaders(headers: IncomingHttpHeaders): boolean {
  return forwardedHeaders.some((name) => headers[name] !== undefined);
}

/** Reads the original request from a trusted proxy's headers. */
export function readForwardedHeaders(headers: IncomingHttpHeaders): OriginalRequestReading {
  const parts = {
    method: readSingle(headers, 'x-forwarded-method'),
    proto: readSingle(headers, 'x-forwarded-proto'),
    host: readSingle(headers, 'x-forwarded-host'),
    uri: readUri(headers, 'x-forwarded-uri'),
  };
  return toOriginalRequest(parts, names);
}

/** A header that came once. Node joins repeated ones with a comma, which none of these values may have. */
export function readSingle(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && !value.includes(',') ? value : undefined;
}

/** A path may contain a comma; if the header came twice, what Node makes of it has a comma, a space and another path, and the space is refused. */
export function readUri(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
