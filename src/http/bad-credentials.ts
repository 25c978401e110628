// Callers who keep sending refused credentials are slowed down, by address; good credentials from the same address are not (surface.md, limits).

import type { IncomingMessage } from 'node:http';
import { limitKeyOf } from './client-address.ts';
import { createRateLimit, type RateLimitOptions } from './rate-limit.ts';
import { requestContextOf } from './request-context.ts';

export interface BadCredentialLimit {
  /** To be asked when a credential was refused. Null: answer 401. Else: answer 429 with so many seconds in `Retry-After`. */
  refuse(request: IncomingMessage): number | null;
}

/** One limit for all doors of the server. */
export function createBadCredentialLimit(perSecond: number, clock?: RateLimitOptions['clock']): BadCredentialLimit {
  const limit = createRateLimit({ perSecond, burst: perSecond, ...(clock === undefined ? {} : { clock }) });
  return {
    refuse(request) {
      const outcome = limit.take(limitKeyOf(requestContextOf(request).clientAddress));
      return outcome.allowed ? null : outcome.retryAfterSeconds;
    },
  };
}
