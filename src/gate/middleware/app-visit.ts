// The app's half of a sign-in, answered by the app itself: `/.furlough/sign-in`, `/callback` and `/sign-out`. What a proxy would pass on to
// Furlough (forward-auth/app-sign-in-endpoints.ts), with the same cookies and the same marks on the browser.

import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { readCookie, toSetCookie } from '../browser-cookie.ts';
import { originOf, wantsPage } from '../browser-request.ts';
import { toReturnPath } from '../connections/saml/return-path.ts';
import { appCookieKind, mostStates, stateCookieKind } from '../forward-auth/app-cookie-names.ts';
import { createToken, idOfToken, isToken } from '../opaque-token.ts';
import { createGateClient, type CheckedBrowser, type FurloughHelp, type FurloughOptions } from './gate-client.ts';

/** As much of a request as is looked at. */
export interface AskedByBrowser {
  readonly method: string;
  /** Path and query as the browser sent them. */
  readonly uri: string;
  readonly headers: IncomingHttpHeaders;
}

/** What to answer. */
export interface VisitAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  /** For a refusal its stable code; a page or problem is made of it. */
  readonly reason?: string;
  readonly help?: FurloughHelp;
}

export interface AppVisits {
  /** Who is in front of this browser now. Never rejects. */
  readonly check: (asked: AskedByBrowser) => Promise<CheckedBrowser>;
  /** The answer below `/.furlough/`; null for every other path. */
  readonly answer: (asked: AskedByBrowser) => Promise<VisitAnswer | null>;
  /** Where a browser with nobody in front of it is sent; null where it would not follow. */
  readonly signInAddress: (asked: AskedByBrowser) => string | null;
}

const noStore = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' } as const;

/** Throws `TypeError` for options that cannot work. */
export function createAppVisits(options: FurloughOptions): AppVisits {
  const client = createGateClient(options);
  const { origin, host } = new URL(options.baseUrl);
  const gate = options.url.replace(/\/$/, '');
  const cookieKind = appCookieKind(host);
  const cookieOf = ({ headers }: AskedByBrowser) => readCookie(cookieKind, headers.cookie, origin);
  const statesOf = ({ headers }: AskedByBrowser) =>
    [...new Set((readCookie(stateCookieKind, headers.cookie, origin) ?? '').split('.', mostStates))].filter(isToken);

  function start(asked: AskedByBrowser): VisitAnswer {
    const token = createToken((size) => randomBytes(size));
    const states = [...statesOf(asked).slice(-(mostStates - 1)), token].join('.');
    const query = new URLSearchParams({
      app: origin,
      state: idOfToken(token),
      return_to: toReturnPath(queryOf(asked.uri).get('return_to') ?? undefined, '/', 2_048),
    });
    return {
      status: 302,
      headers: { ...noStore, Location: `${gate}/gate/sign-in?${query.toString()}` },
      cookies: [toSetCookie(stateCookieKind, states, origin)],
    };
  }

  async function finish(asked: AskedByBrowser): Promise<VisitAnswer> {
    const states = statesOf(asked);
    const code = queryOf(asked.uri).get('code');
    // Furlough refuses it as well; a browser that was not marked here need not be asked about.
    if (code === null || states.length === 0) return refusal(403, 'startAgain');
    const exchanged = await client.exchange(code, states.map(idOfToken));
    if (exchanged.kind === 'unavailable') return refusal(503, 'unavailable');
    if (exchanged.kind === 'held') {
      const { kind: _kind, reason, ...help } = exchanged;
      return { ...refusal(403, reason), help };
    }
    if (exchanged.kind !== 'signedIn') return refusal(403, 'startAgain');
    const others = states.filter((token) => idOfToken(token) !== exchanged.state).join('.');
    return {
      status: 303,
      headers: { ...noStore, Location: `${origin}${toReturnPath(exchanged.returnTo, '/', 2_048)}` },
      cookies: [toSetCookie(cookieKind, exchanged.cookie, origin), toSetCookie(stateCookieKind, others, origin)],
    };
  }

  async function signOut(asked: AskedByBrowser): Promise<VisitAnswer> {
    // A link or form on another site signs nobody out.
    if (asked.method !== 'POST' || originOf(asked.headers, origin) === 'foreign') return refusal(403, 'notMeant');
    const cookie = cookieOf(asked);
    if (cookie !== undefined && !(await client.end(cookie))) return refusal(503, 'unavailable');
    const cookies = [toSetCookie(cookieKind, '', origin)];
    if (!wantsPage(asked.headers)) return { status: 204, headers: noStore, cookies };
    return { status: 303, headers: { ...noStore, Location: `${origin}/` }, cookies };
  }

  return {
    async check(asked) {
      const cookie = cookieOf(asked);
      return cookie === undefined ? { kind: 'nobody' } : client.check(cookie, asked.uri);
    },
    async answer(asked) {
      const [path = ''] = asked.uri.split('?', 1);
      if (!path.startsWith('/.furlough/')) return null;
      if (path === '/.furlough/sign-out') return signOut(asked);
      if (asked.method !== 'GET') return refusal(405, 'notFound');
      if (path === '/.furlough/sign-in') return start(asked);
      return path === '/.furlough/callback' ? finish(asked) : refusal(404, 'notFound');
    },
    signInAddress({ method, uri, headers }) {
      const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
      if (!wantsPage(headers) || isPreflight || headers['sec-websocket-key'] !== undefined) return null;
      return `/.furlough/sign-in?return_to=${encodeURIComponent(uri)}`;
    },
  };
}

function refusal(status: number, reason: string): VisitAnswer {
  return { status, headers: { ...noStore, ...(status === 503 ? { 'Retry-After': '2' } : {}) }, cookies: [], reason };
}

function queryOf(uri: string): URLSearchParams {
  const question = uri.indexOf('?');
  return new URLSearchParams(question === -1 ? '' : uri.slice(question + 1));
}
