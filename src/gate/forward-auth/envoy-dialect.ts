// The dialect of Envoy's HTTP ext_authz: the original request itself with another body and a path prefix. Method, `Host` and path are always
// there; the scheme is in `X-Forwarded-Proto`, which Envoy must be told to send along.

import type { IncomingMessage } from 'node:http';
import { readSingle } from './forwarded-headers-dialect.ts';
import { toOriginalRequest, type OriginalRequestReading } from './original-request.ts';

/** `path_prefix` in Envoy's configuration. */
export const envoyPrefix = '/gate/ext-authz';

/** Reads the original request from a trusted Envoy's own. `url`: as it was asked, prefix and all. */
export function readEnvoyRequest({ method, headers }: IncomingMessage, url: string): OriginalRequestReading {
  const parts = {
    method,
    proto: readSingle(headers, 'x-forwarded-proto'),
    host: headers.host,
    uri: url.slice(envoyPrefix.length),
  };
  return toOriginalRequest(parts, {
    method: 'the method',
    proto: 'X-Forwarded-Proto',
    host: 'Host',
    uri: 'the path after the prefix',
  });
}
