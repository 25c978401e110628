// How often one address may begin a sign-in or bring an answer back: each costs a request to a provider, a verification, a record
// (gate.md 9). Counted apart from SCIM; a whole office may share an address, so the limit is generous.

import type { RequestHandler } from 'express';
import { clientAddressOf, limitKeyOf } from '#http/client-address.ts';
import { createRateLimit } from '#http/rate-limit.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createRefusalPage } from '../pages/refusal-page.ts';

/** One limit for the routes it is put before: 429 with `Retry-After` beyond it. */
export function limitSignIns(perMinute: number): RequestHandler {
  const limit = createRateLimit({ perSecond: perMinute / 60, burst: perMinute });
  return (request, response, next) => {
    const taken = limit.take(limitKeyOf(clientAddressOf(request)));
    if (taken.allowed) {
      next();
      return;
    }
    const translator = translatorFor(request);
    response.setHeader('Retry-After', String(taken.retryAfterSeconds));
    sendPage(response, 429, translator, createRefusalPage(translator, { sentence: 'tryLater' }));
  };
}
