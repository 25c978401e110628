// What an app asks with its own credential (`furlough/express` does): who is this cookie (`POST /gate/check`), turn this code into a cookie
// (`/gate/exchange`), sign this browser out (`/gate/end`). Decided exactly as behind a proxy; answered as `/sso/session` (surface.md, "HTTP").

import type { Request, RequestHandler, Response } from 'express';
import type { App } from '#directory/app.ts';
import { readJson } from '#http/body-limits.ts';
import { sendProblem } from '#http/problem-details.ts';
import { requestContextOf } from '#http/request-context.ts';
import { readBearerToken } from '#secrets/credential-authentication.ts';
import { findApp } from '#storage/app-records.ts';
import { areMet, askGroups } from '../app-access.ts';
import { createAppCookie, openAppCookie } from '../forward-auth/app-cookie.ts';
import { takeAppSignInCode } from '../forward-auth/app-sign-in-code.ts';
import type { CheckParts } from '../forward-auth/check-request.ts';
import { toHost } from '../forward-auth/original-request.ts';
import { decidePath, toPlainPath } from '../forward-auth/path-rules.ts';
import type { GateContext } from '../gate-context.ts';
import { toSessionView } from '../sessions/check-session.ts';
import { resumeSessionOf } from '../sessions/resume-session.ts';
import { sendAppRefusal } from '../sessions/refuse-app-use.ts';
import { sendHeld } from '../sessions/refuse-held.ts';
import { endSession } from '../sessions/session.ts';
import { helpFor, type Help } from '../pages/help.ts';
import { readQuestion, type Question } from './app-question.ts';

const mostBytes = 32_768;

/** An authenticated question: by which app, about which of its hosts. */
interface Asked {
  readonly app: App;
  /** The host that the question names, or all of the app's. */
  readonly hosts: readonly string[];
  readonly question: Question;
}

/** `POST /gate/check {cookie, host?, uri?}`. Without `uri` only who may go everywhere in the app passes. */
export function appCheck(context: GateContext, parts: CheckParts): RequestHandler {
  return ask(context, parts, async ({ app, hosts, question }, response) => {
    const session = sessionOf(context, app, hosts, question.cookie);
    const resumed = session === undefined ? { kind: 'nobody' as const } : await resumeSessionOf(context, session);
    if (resumed.kind === 'nobody' || resumed.session.organizationId !== app.organizationId) return sendNobody(response);
    if (resumed.kind === 'held') return sendHeld(context, response, resumed, { door: 'appCheck', app: app.id });
    const { session: found, user } = resumed;
    const demands = await askGroups(
      context.storage,
      user.organizationId,
      user.id,
      decidePath(app, question.uri).groups,
    );
    if (!areMet(demands)) {
      const path = question.uri === undefined ? undefined : (toPlainPath(question.uri) ?? undefined);
      return sendAppRefusal(context, response, { session: found, app: app.id, demands, path }, 'appCheck');
    }
    const person = await parts.people(resumed.user);
    if (person === null) return sendNobody(response);
    response.json(toSessionView(resumed.session, person));
  });
}

/** `POST /gate/exchange {code, states, host}`: 200 `{cookie, state, returnTo}`; 403 for a code that is none, used, past, or another browser's. */
export function appExchange(context: GateContext, parts: CheckParts): RequestHandler {
  return ask(context, parts, async ({ app, hosts: [host, ...others], question }, response, request) => {
    if (host === undefined || others.length > 0) return sendMalformed(response, 'Say for which `host` of the app.');
    const taken = await takeAppSignInCode(context, { app, host }, question.code, question.states ?? []);
    const resumed = taken === null ? null : await resumeSessionOf(context, taken.session);
    if (resumed?.kind === 'held') return sendHeld(context, response, resumed, { door: 'appCheck', app: app.id });
    if (taken === null || resumed?.kind !== 'signedIn' || resumed.session.organizationId !== app.organizationId)
      return sendRefused(response, 'startAgain', await helpFor(context, request, app.organizationId));
    const { session, state, returnTo } = taken;
    response.json({ cookie: createAppCookie(context, { app, host }, session), state, returnTo });
  });
}

/** `POST /gate/end {cookie, host?}`: 204, also where there is nothing to end. */
export function appEnd(context: GateContext, parts: CheckParts): RequestHandler {
  return ask(context, parts, async ({ app, hosts, question }, response) => {
    const session = sessionOf(context, app, hosts, question.cookie);
    if (session !== undefined) await endSession(context, session, 'signedOut');
    response.status(204).end();
  });
}

function ask(
  context: GateContext,
  parts: CheckParts,
  answer: (asked: Asked, response: Response, request: Request) => Promise<void>,
): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const secret = readBearerToken(request.headers.authorization);
    const outcome = secret === null ? null : await context.authentication.authenticate(secret, ['app']);
    if (outcome?.kind === 'refused' && outcome.reason === 'organizationClosed')
      return sendRefused(
        response,
        'organizationSuspended',
        await helpFor(context, request, outcome.credential?.organizationId),
      );
    if (outcome?.kind !== 'accepted') return refuseCredential(context, request, response, outcome?.reason);
    const { credential } = outcome;
    const { notes } = requestContextOf(request);
    notes['organization'] = credential.organizationId;
    notes['credential'] = credential.id;
    const question = readQuestion(await readJson(request, mostBytes, 8));
    if (typeof question === 'string') return sendMalformed(response, question);
    const host = question.host === undefined ? undefined : toHost(question.host, 'https');
    if (host === null) return sendMalformed(response, '`host` is not a host.');
    const app =
      credential.app === undefined
        ? await appNamed(parts, host)
        : await findApp(context.storage, credential.organizationId, credential.app, context.now());
    const hosts = app?.forwardAuth?.hosts ?? [];
    // Another organisation's host is as good as unknown.
    if (
      app === null ||
      app.organizationId !== credential.organizationId ||
      (host !== undefined && !hosts.includes(host))
    )
      return sendRefused(response, 'unknownHost');
    await answer({ app, hosts: host === undefined ? hosts : [host], question }, response, request);
  };
}

function appNamed(parts: CheckParts, host: string | undefined): Promise<App | null> {
  return host === undefined ? Promise.resolve(null) : parts.appHosts.find(host);
}

function sessionOf(
  context: GateContext,
  app: App,
  hosts: readonly string[],
  cookie: string | undefined,
): string | undefined {
  for (const host of hosts) {
    const session = openAppCookie(context, { app, host }, cookie);
    if (session !== undefined) return session;
  }
  return undefined;
}

function refuseCredential(
  context: GateContext,
  request: Request,
  response: Response,
  reason: string | undefined,
): void {
  const challenge = 'Bearer realm="furlough"';
  if (reason === undefined) {
    return sendProblem(response, {
      status: 401,
      code: 'unauthenticated',
      detail: 'Send an app credential as a bearer token.',
      headers: { 'WWW-Authenticate': challenge },
    });
  }
  requestContextOf(request).notes['credential_refused'] = reason;
  const wait = context.badCredentials.refuse(request);
  if (wait !== null) {
    return sendProblem(response, {
      status: 429,
      code: 'tooManyBadCredentials',
      detail: 'Too many refused credentials from this address.',
      headers: { 'Retry-After': String(wait) },
    });
  }
  sendProblem(response, {
    status: 401,
    code: 'unauthenticated',
    detail: 'This credential is not accepted.',
    headers: { 'WWW-Authenticate': `${challenge}, error="invalid_token"` },
  });
}

/** The person's 401 has another challenge than the credential's. */
function sendNobody(response: Response): void {
  sendProblem(response, {
    status: 401,
    code: 'notSignedIn',
    detail: 'Nobody is signed in.',
    extra: { reason: 'notSignedIn' },
    headers: { 'WWW-Authenticate': 'FurloughSession' },
  });
}

function sendRefused(response: Response, reason: string, help: Partial<Help> = {}): void {
  const extra = { reason, ...help };
  sendProblem(response, { status: 403, code: reason, detail: 'This person may not come in now.', extra });
}

function sendMalformed(response: Response, detail: string): void {
  sendProblem(response, { status: 400, code: 'malformedRequest', detail });
}
