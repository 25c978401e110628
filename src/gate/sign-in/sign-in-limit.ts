// How often one address may begin a sign-in or bring an answer back: each costs a request to a provider, a verification, a record
// (gate.md 9). Counted apart from SCIM; a whole office may share an address, so the limit is generous.

import type { Request, RequestHandler, Response } from 'express';
import { clientAddressOf, limitKeyOf } from '#http/client-address.ts';
import { createRateLimit } from '#http/rate-limit.ts';
import type { GateContext } from '../gate-context.ts';
import { createQuickHelp, organizationIn, type QuickHelp } from '../pages/help.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createRefusalPage } from '../pages/refusal-page.ts';

/** One limit for the routes it is put before: 429 with `Retry-After` beyond it. */
export function limitSignIns(context: Pick<GateContext, 'storage' | 'config'>): RequestHandler {
  const { signInsPerMinute: perMinute } = context.config;
  const limit = createRateLimit({ perSecond: perMinute / 60, burst: perMinute });
  const help = createQuickHelp(context);
  return async (request, response, next) => {
    const taken = limit.take(limitKeyOf(clientAddressOf(request)));
    if (taken.allowed) return next();
    await showTooMany(help, request, response, taken.retryAfterSeconds);
  };
}

/** The page for a person who, or whose neighbour, asked too often. */
export async function showTooMany(
  help: QuickHelp,
  request: Request,
  response: Response,
  retryAfterSeconds: number,
): Promise<void> {
  const words = { sentence: 'tryLater', ...(await help(request, organizationIn(request))) } as const;
  const translator = translatorFor(request);
  response.setHeader('Retry-After', String(retryAfterSeconds));
  sendPage(response, 429, translator, createRefusalPage(translator, words));
}
