// How a sign-in at the gate reaches an app on a host of its own. `/.furlough/sign-in`, `/.furlough/callback` and `/.furlough/sign-out` are asked at
// the app's host and passed on by its proxy; `/gate/sign-in` is the gate's half. Each side marks the browser, so that nobody can plant a session.

import type { Request, RequestHandler, Response } from 'express';
import type { App } from '#directory/app.ts';
import { createProxyTrust, type ProxyTrust } from '#http/client-address.ts';
import { sendProblem } from '#http/problem-details.ts';
import { readCookie, toSetCookie } from '../browser-cookie.ts';
import { originOf, wantsPage } from '../browser-request.ts';
import { toReturnPath } from '../connections/saml/return-path.ts';
import type { GateContext } from '../gate-context.ts';
import { createToken, idOfToken, isToken } from '../opaque-token.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { showRefusal } from '../pages/show-refusal.ts';
import { createSignedOutPage, createSignOutPage } from '../pages/session-pages.ts';
import { resumeSession, resumeSessionOf } from '../sessions/resume-session.ts';
import { endSession } from '../sessions/session.ts';
import { showHeld } from '../sessions/refuse-held.ts';
import { readSessionToken } from '../sessions/session-cookie.ts';
import { createAppCookie, openAppCookie, readAppCookie, toAppCookie } from './app-cookie.ts';
import { mostStates, stateCookieKind } from './app-cookie-names.ts';
import type { AppHosts } from './app-of-host.ts';
import { createAppSignInCode, takeAppSignInCode } from './app-sign-in-code.ts';
import { isLoopback, sendUnknownHost } from './forward-auth-endpoints.ts';
import { readSingle } from './forwarded-headers-dialect.ts';
import { toHost } from './original-request.ts';

/** Which app's host the browser is at, as its proxy tells. */
interface AppVisit {
  readonly app: App;
  readonly scheme: 'http' | 'https';
  readonly host: string;
}

/** `GET /.furlough/sign-in?return_to=`: marks this browser and sends it to the gate. */
export function appSignInStart(context: GateContext, findApp: AppHosts['find']): RequestHandler {
  return atApp(context, findApp, ({ scheme, host }, request, response) => {
    const token = createToken(context.randomBytes);
    const states = [...statesOf(request, scheme).slice(-(mostStates - 1)), token].join('.');
    response.append('Set-Cookie', toSetCookie(stateCookieKind, states, `${scheme}://`));
    const asked = new URLSearchParams({
      app: `${scheme}://${host}`,
      state: idOfToken(token),
      return_to: readReturnPath(queryOf(request)),
    });
    redirect(response, 302, `${context.config.baseUrl}/gate/sign-in?${asked.toString()}`);
  });
}

/** `GET /gate/sign-in?app=&state=&return_to=`: gives a signed-in browser a code for the app, and has any other sign in first. */
export function gateSignIn(context: GateContext, findApp: AppHosts['find']): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const query = queryOf(request);
    const origin = readAppOrigin(query.get('app') ?? '');
    const state = query.get('state') ?? '';
    if (origin === null || !/^[0-9a-f]{64}$/.test(state))
      return showRefusal(context, request, response, { status: 400, sentence: 'badMessage' });
    const { scheme, host } = origin;
    const app = await findApp(host);
    if (app === null) return sendUnknownHost(context, request, response);
    const resumed = await resumeSession(context, readSessionToken(context, request.headers.cookie));
    const { baseUrl } = context.config;
    if (resumed.kind === 'held' && resumed.session.organizationId === app.organizationId)
      return showHeld(context, request, response, resumed, { door: 'appSignIn', app: app.id });
    const returnTo = readReturnPath(query);
    if (resumed.kind !== 'signedIn' || resumed.session.organizationId !== app.organizationId) {
      const again = new URLSearchParams({ app: `${scheme}://${host}`, state, return_to: returnTo });
      const path = `${new URL(baseUrl).pathname.replace(/\/$/, '')}/gate/sign-in?${again.toString()}`;
      return redirect(
        response,
        302,
        `${baseUrl}/sso/${app.organizationId}/login?return_to=${encodeURIComponent(path)}`,
      );
    }
    const code = await createAppSignInCode(context, { app, host }, { session: resumed.session.id, state, returnTo });
    redirect(response, 303, `${scheme}://${host}/.furlough/callback?code=${code}`);
  };
}

/** `GET /.furlough/callback?code=`: the browser that asked gets the app's cookie. */
export function appSignInEnd(context: GateContext, findApp: AppHosts['find']): RequestHandler {
  return atApp(context, findApp, async ({ app, scheme, host }, request, response) => {
    const tokens = statesOf(request, scheme);
    const code = queryOf(request).get('code') ?? undefined;
    const taken = await takeAppSignInCode(context, { app, host }, code, tokens.map(idOfToken));
    const again = `${scheme}://${host}/`;
    const startAgain = { status: 403, sentence: 'startAgain', organizationId: app.organizationId, again } as const;
    if (taken === null) return showRefusal(context, request, response, startAgain);
    const resumed = await resumeSessionOf(context, taken.session);
    if (resumed.kind === 'held')
      return showHeld(context, request, response, resumed, { door: 'appSignIn', app: app.id });
    if (resumed.kind === 'nobody' || resumed.session.organizationId !== app.organizationId)
      return showRefusal(context, request, response, startAgain);
    const others = tokens.filter((token) => idOfToken(token) !== taken.state).join('.');
    response.append('Set-Cookie', toAppCookie(createAppCookie(context, { app, host }, taken.session), scheme, host));
    response.append('Set-Cookie', toSetCookie(stateCookieKind, others, `${scheme}://`));
    redirect(response, 303, `${scheme}://${host}${taken.returnTo}`);
  });
}

/** `GET` or `POST /.furlough/sign-out`: ends the session, here and at every other app. A link or form on another site only asks. */
export function appSignOut(context: GateContext, findApp: AppHosts['find']): RequestHandler {
  return atApp(context, findApp, async ({ app, scheme, host }, request, response) => {
    const origin = `${scheme}://${host}`;
    const from = originOf(request.headers, origin);
    const isProgram = !wantsPage(request.headers) && request.headers['sec-fetch-site'] === undefined;
    const isMeant = request.method === 'POST' ? from !== 'foreign' : from === 'own' || isProgram;
    const translator = translatorFor(request);
    if (!isMeant) {
      const status = request.method === 'POST' ? 403 : 200;
      return sendPage(response, status, translator, createSignOutPage(translator, `${origin}/.furlough/sign-out`));
    }
    const session = openAppCookie(context, { app, host }, readAppCookie(request.headers.cookie, scheme, host));
    if (session !== undefined) await endSession(context, session, 'signedOut');
    response.append('Set-Cookie', toAppCookie('', scheme, host));
    response.setHeader('Cache-Control', 'no-store');
    if (wantsPage(request.headers)) return sendPage(response, 200, translator, createSignedOutPage(translator));
    response.status(204).end();
  });
}

/** Finds the app whose host the browser is at. What a proxy says counts from a trusted one only; from others nothing here is answered. */
function atApp(
  context: GateContext,
  findApp: AppHosts['find'],
  answer: (visit: AppVisit, request: Request, response: Response) => void | Promise<void>,
): RequestHandler {
  const isTrusted = createProxyTrust(context.config.trustedProxies);
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const place = readPlace(request, isTrusted);
    if (place === null) {
      return sendProblem(response, {
        status: 400,
        code: 'malformedRequest',
        detail:
          'Only a trusted proxy passes this path on, with X-Forwarded-Proto and the app’s Host or X-Forwarded-Host, over https unless on this machine.',
      });
    }
    const app = await findApp(place.host);
    if (app === null) return sendUnknownHost(context, request, response);
    await answer({ app, ...place }, request, response);
  };
}

function readPlace(request: Request, isTrusted: ProxyTrust): Omit<AppVisit, 'app'> | null {
  const { headers, socket } = request;
  if (!isTrusted(socket.remoteAddress)) return null;
  const scheme = readSingle(headers, 'x-forwarded-proto');
  if (scheme !== 'https' && scheme !== 'http') return null;
  const told = headers['x-forwarded-host'] === undefined ? headers.host : readSingle(headers, 'x-forwarded-host');
  const host = toHost(told, scheme);
  return host === null || (scheme === 'http' && !isLoopback(host)) ? null : { scheme, host };
}

/** `https://host`, or http on this machine; null for anything else. */
function readAppOrigin(text: string): Omit<AppVisit, 'app'> | null {
  const [, scheme, rest] = /^(https?):\/\/([^/?#@\\\s]+)$/.exec(text) ?? [];
  if (scheme !== 'https' && scheme !== 'http') return null;
  const host = toHost(rest, scheme);
  return host === null || (scheme === 'http' && !isLoopback(host)) ? null : { scheme, host };
}

function statesOf(request: Request, scheme: string): readonly string[] {
  const value = readCookie(stateCookieKind, request.headers.cookie, `${scheme}://`) ?? '';
  return [...new Set(value.split('.', mostStates).filter(isToken))];
}

function queryOf(request: Request): URLSearchParams {
  const question = request.originalUrl.indexOf('?');
  return new URLSearchParams(question === -1 ? '' : request.originalUrl.slice(question + 1));
}

/** Where in the app to go; apps have long addresses. */
function readReturnPath(query: URLSearchParams): string {
  return toReturnPath(query.get('return_to') ?? undefined, '/', 2_048);
}

function redirect(response: Response, status: 302 | 303, url: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Location', url);
  response.status(status).end();
}
