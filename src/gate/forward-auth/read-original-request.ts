// Which request is asked about, and whether the asker may say so. What a proxy tells counts only from the proxies of the configuration; from
// anyone else it is not believed but refused, because a proxy missing in the configuration must not open an app to everyone (gate.md 7).

import type { IncomingMessage } from 'node:http';
import { createProxyTrust } from '#http/client-address.ts';
import { readEnvoyRequest } from './envoy-dialect.ts';
import { hasForwardedHeaders, readForwardedHeaders } from './forwarded-headers-dialect.ts';
import { readNginxHeaders } from './nginx-dialect.ts';
import type { OriginalRequestReading } from './original-request.ts';

/** By which door it is asked, `/gate/…`; each has the dialect of its proxies. */
export type ForwardAuthDoor = 'forward-auth' | 'auth-request' | 'ext-authz';

/** `url`: the request's whole path and query; express shortens its own. */
export type ReadOriginalRequest = (
  door: ForwardAuthDoor,
  request: IncomingMessage,
  url: string,
) => OriginalRequestReading;

const untrusted: OriginalRequestReading = {
  kind: 'malformed',
  fault: 'the sender is not among the trusted proxies (FURLOUGH_TRUSTED_PROXIES)',
};

/** `baseUrl`: without forwarded headers `/gate/forward-auth` is asked about our own host. */
export function createReadOriginalRequest(baseUrl: string, trustedProxies: readonly string[]): ReadOriginalRequest {
  const isTrusted = createProxyTrust(trustedProxies);
  const own = new URL(baseUrl);
  return (door, request, url) => {
    const { headers, socket } = request;
    if (isTrusted(socket.remoteAddress)) {
      if (door === 'ext-authz') return readEnvoyRequest(request, url);
      return door === 'auth-request' ? readNginxHeaders(headers) : readForwardedHeaders(headers);
    }
    if (door !== 'forward-auth' || hasForwardedHeaders(headers)) return untrusted;
    const scheme = own.protocol === 'https:' ? 'https' : 'http';
    return { kind: 'read', original: { method: request.method ?? '', scheme, host: own.host, uri: '/' } };
  };
}
