// Which request is asked about, and whether the asker may say so. Forwarded headers count only from the proxies of the configuration; from
// anyone else they are not believed but refused, because a proxy missing in the configuration must not open an app to everyone (gate.md 7).

import type { IncomingMessage } from 'node:http';
import { createProxyTrust } from '#http/client-address.ts';
import { hasForwardedHeaders, readForwardedHeaders } from './forwarded-headers-dialect.ts';
import type { OriginalRequestReading } from './original-request.ts';

export type ReadOriginalRequest = (request: IncomingMessage) => OriginalRequestReading;

/** `baseUrl`: without forwarded headers the request is one for our own host. */
export function createReadOriginalRequest(baseUrl: string, trustedProxies: readonly string[]): ReadOriginalRequest {
  const isTrusted = createProxyTrust(trustedProxies);
  const own = new URL(baseUrl);
  return (request) => {
    const { headers, socket } = request;
    if (isTrusted(socket.remoteAddress)) return readForwardedHeaders(headers);
    if (hasForwardedHeaders(headers)) {
      return {
        kind: 'malformed',
        fault: 'X-Forwarded-*: the sender is not among the trusted proxies (FURLOUGH_TRUSTED_PROXIES)',
      };
    }
    const scheme = own.protocol === 'https:' ? 'https' : 'http';
    return { kind: 'read', original: { method: request.method ?? '', scheme, host: own.host, uri: '/' } };
  };
}
