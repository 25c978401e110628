// The session cookie: a random token and nothing else. It belongs to the gate's own host; apps elsewhere get cookies of their own.

import { readCookie, toSetCookie, type CookieKind } from '../browser-cookie.ts';
import type { GateContext } from '../gate-context.ts';

const sessionCookie: CookieKind = { name: 'furlough-session', crossSite: false };

/** The token in a `Cookie` header. */
export function readSessionToken(context: GateContext, cookies: string | undefined): string | undefined {
  return readCookie(sessionCookie, cookies, context.config.baseUrl);
}

export function toSessionCookie(context: GateContext, token: string): string {
  return toSetCookie(sessionCookie, token, context.config.baseUrl);
}

/** By this the browser forgets its session. */
export function clearSessionCookie(context: GateContext): string {
  return toSetCookie(sessionCookie, '', context.config.baseUrl);
}
