// The cookie of an app on a host of its own: which session, and our word that it may speak for it at this app and this host. It is worth nothing
// elsewhere, dies with the session, and cannot be made from what is stored: the key is not in the store (gate.md 7, L05).

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { App } from '#directory/app.ts';
import { readCookie, toSetCookie } from '../browser-cookie.ts';
import type { GateContext } from '../gate-context.ts';
import { appCookieKind } from './app-cookie-names.ts';

export interface AppPlace {
  readonly app: Pick<App, 'id' | 'organizationId'>;
  /** As in an origin, with the port if it is not the scheme's own. */
  readonly host: string;
}

type CookieContext = Pick<GateContext, 'cookieKey'>;

/** The cookie's value for a session, by its record's id. */
export function createAppCookie(context: CookieContext, { app, host }: AppPlace, sessionId: string): string {
  const session = Buffer.from(sessionId, 'hex').toString('base64url');
  return `${session}.${macOf(context, app, host, session)}`;
}

/** The id of the session that the cookie speaks for at this place, or undefined when it does not. Whether that still counts is asked of storage. */
export function openAppCookie(context: CookieContext, place: AppPlace, cookie: string | undefined): string | undefined {
  if (cookie === undefined) return undefined;
  const proven = provenOf(context);
  const said = `${place.app.organizationId} ${place.app.id} ${place.host} ${cookie}`;
  const known = proven.get(said);
  if (known !== undefined) return known;
  const session = proveAppCookie(context, place, cookie);
  if (session === undefined) return undefined;
  if (proven.size >= mostProven) proven.clear();
  proven.set(said, session);
  return session;
}

function proveAppCookie(context: CookieContext, { app, host }: AppPlace, cookie: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/.test(cookie)) return undefined;
  const [session = '', mac = ''] = cookie.split('.');
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(context, app, host, session)))) return undefined;
  return Buffer.from(session, 'base64url').toString('hex');
}

/** The value in a `Cookie` header sent to `host`. */
export function readAppCookie(cookies: string | undefined, scheme: string, host: string): string | undefined {
  return readCookie(appCookieKind(host), cookies, `${scheme}://`);
}

/** A `Set-Cookie` value for `host`; empty: the browser forgets it. */
export function toAppCookie(value: string, scheme: string, host: string): string {
  return toSetCookie(appCookieKind(host), value, `${scheme}://`);
}

/** Proven once: a browser sends the same cookie all day, and what it must be depends on nothing that could change. */
const provenByKey = new WeakMap<Uint8Array, Map<string, string>>();
const mostProven = 10_000;

function provenOf({ cookieKey }: CookieContext): Map<string, string> {
  const known = provenByKey.get(cookieKey);
  if (known !== undefined) return known;
  const proven = new Map<string, string>();
  provenByKey.set(cookieKey, proven);
  return proven;
}

function macOf({ cookieKey }: CookieContext, app: AppPlace['app'], host: string, session: string): string {
  const said = `["app","${app.organizationId}","${app.id}","${host}","${session}"]`;
  return createHmac('sha256', cookieKey).update(said).digest('base64url');
}
