// How often the OpenID Provider may be asked (gate.md 9), in two measures that do not touch one another: people's browsers by minute and address, as
// at the sign-in, and apps by second. An app asks about tokens at each of its own requests, so its measure is that of a machine; one that proved
// itself at its address counts alone, so that neighbours behind the same address do not share its share.

import type { Request, RequestHandler, Response } from 'express';
import { clientAddressOf, limitKeyOf } from '#http/client-address.ts';
import { createRateLimit, type RateLimit } from '#http/rate-limit.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { createQuickHelp } from '../pages/help.ts';
import { showTooMany } from '../sign-in/sign-in-limit.ts';

export interface OpenidLimits {
  /** Before everything below `/oidc/{org}`: 429 with `Retry-After`. */
  readonly handler: RequestHandler;
  /** A client proved who it is from this address just now. */
  readonly noteProven: (organization: string, client: string, address: string) => void;
}

/** A request that goes on takes three: to the sign-in, back from it, and into the authorization again. */
const stepsOfSignIn = 3;
const provenForMs = 600_000;
const mostProven = 10_000;

export function createOpenidLimits(context: Pick<GateContext, 'storage' | 'config'>): OpenidLimits {
  const { signInsPerMinute: perMinute, openidPerSecond: perSecond, openidBurst: burst } = context.config;
  const help = createQuickHelp(context);
  const begun = createRateLimit({ perSecond: perMinute / 60, burst: perMinute });
  const steps = perMinute * stepsOfSignIn;
  const continued = createRateLimit({ perSecond: steps / 60, burst: steps });
  const apps = createRateLimit({ perSecond, burst });
  /** Until when each is known; the order is that of the last proof. */
  const proven = new Map<string, number>();
  const appKeyOf = (request: Request, address: string): string => {
    const client = clientInHeader(request.headers.authorization);
    if (client === null) return address;
    const key = keyOf(String(request.params['org']), client, address);
    return (proven.get(key) ?? 0) > performance.now() ? key : address;
  };
  const measureOf = (path: string): RateLimit => {
    if (/^\/(?:auth|session\/end)\/?$/i.test(path)) return begun;
    return /^\/(?:auth|interaction|session)\//i.test(path) ? continued : apps;
  };
  return {
    handler: async (request, response, next) => {
      const address = limitKeyOf(clientAddressOf(request));
      const measure = measureOf(request.path);
      const taken = measure.take(measure === apps ? appKeyOf(request, address) : address);
      if (taken.allowed) return next();
      if (measure !== apps && wantsPage(request.headers))
        return showTooMany(help, request, response, taken.retryAfterSeconds);
      sendTooMany(response, taken.retryAfterSeconds);
    },
    noteProven(organization, client, address) {
      const key = keyOf(organization, client, limitKeyOf(address));
      proven.delete(key);
      proven.set(key, performance.now() + provenForMs);
      const [oldest] = proven.size > mostProven ? proven.keys() : [];
      if (oldest !== undefined) proven.delete(oldest);
    },
  };
}

function keyOf(organization: string, client: string, address: string): string {
  return `${address} ${organization}/${client}`;
}

/** The client that a request says it is, in the header alone: the body is the library's to read (RFC 6749 2.3.1). */
function clientInHeader(authorization: string | undefined): string | null {
  const [, encoded] = /^basic ([A-Za-z0-9+/]{1,1000}={0,2})$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return null;
  const [client = ''] = Buffer.from(encoded, 'base64').toString('latin1').split(':', 1);
  return /^[a-z0-9-]{2,40}$/.test(client) ? client : null;
}

/** In the form of RFC 6749 5.2, which has no code of its own for it. */
function sendTooMany(response: Response, retryAfterSeconds: number): void {
  response.setHeader('Retry-After', String(retryAfterSeconds));
  response.setHeader('Cache-Control', 'no-store');
  response.status(429).json({
    error: 'temporarily_unavailable',
    error_description: 'too many requests; wait as long as Retry-After says',
  });
}
