// The doors of a session: who am I (`/sso/session`), the page after a sign-in, and signing out (surface.md, "HTTP").

import type { Request, RequestHandler, Response } from 'express';
import type { OrganizationId } from '#directory/identifiers.ts';
import { displayNameOf } from '#directory/user.ts';
import { sendProblem } from '#http/problem-details.ts';
import { originOf, wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfToken, isToken } from '../opaque-token.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { showRefusal } from '../pages/show-refusal.ts';
import { createSignedInPage, createSignedOutPage, createSignOutPage } from '../pages/session-pages.ts';
import type { QuickDoors } from '../quick-doors.ts';
import { readReturnTarget } from '../sign-in/return-target.ts';
import { refuseHeld, sendHeld, showHeld } from './refuse-held.ts';
import { resumeSession, type ResumedSession } from './resume-session.ts';
import { endSession, sessionRecords, type StoredSession } from './session.ts';
import { clearSessionCookie, readSessionToken } from './session-cookie.ts';

/** `GET /sso/session`: 200 with the person; 403 with the present reason while they are held; 401 for nobody. */
export function sessionShow(context: GateContext, quick: QuickDoors): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const checked = await quick.checkSession(request);
    if (checked.kind === 'held') return sendHeld(context, response, checked, { door: 'session' });
    if (checked.kind === 'nobody') return sendNobody(response);
    response.json(checked.view);
  };
}

/** `GET /sso/{org}/signed-in?continue=`: where a browser lands that asked for nothing in particular. */
export function signedInShow(context: GateContext): RequestHandler {
  return async (request, response) => {
    const resumed = await resumeSession(context, readSessionToken(context, request.headers.cookie));
    const organizationId = String(request.params['org']) as OrganizationId;
    if (resumed.kind !== 'signedIn' || resumed.session.organizationId !== organizationId) {
      if (resumed.kind === 'held') return showHeld(context, request, response, resumed, { door: 'session' });
      return showNobody(context, request, response);
    }
    const [user, organization] = await Promise.all([
      context.storage.users.get(organizationId, resumed.user.id),
      context.storage.organizations.get(organizationId),
    ]);
    const continueTo = await readReturnTarget(context, organizationId, request.query['continue']);
    const words = {
      organization: organization?.name ?? organizationId,
      name: user === null ? resumed.user.id : displayNameOf(user.profile),
      signOut: `${context.config.baseUrl}/sso/logout`,
      sessions: `${context.config.baseUrl}/sso/sessions`,
      ...(continueTo === undefined ? {} : { continueTo }),
    };
    const translator = translatorFor(request);
    sendPage(response, 200, translator, createSignedInPage(translator, words));
  };
}

/** Where a browser goes on to, so that its person is signed out at the provider of this session too; null where that is not possible. */
export type SignOutThere = (ended: StoredSession) => Promise<string | null>;

/** `POST /sso/logout`: signs out here. A form on another site cannot. */
export function signOut(context: GateContext, there: SignOutThere): RequestHandler {
  return async (request, response) => {
    if (originOf(request.headers, context.config.baseUrl) === 'foreign')
      return askFirst(context, request, response, 403);
    await end(context, there, request, response);
  };
}

/** `GET /sso/logout`: signs out, but asks first when a browser follows a link from another site. */
export function signOutByLink(context: GateContext, there: SignOutThere): RequestHandler {
  return async (request, response) => {
    const isOwn = originOf(request.headers, context.config.baseUrl) === 'own';
    if (!isOwn && (wantsPage(request.headers) || request.headers['sec-fetch-site'] !== undefined)) {
      return askFirst(context, request, response, 200);
    }
    await end(context, there, request, response);
  };
}

async function end(context: GateContext, there: SignOutThere, request: Request, response: Response): Promise<void> {
  const ended = await endOwn(context, request);
  response.append('Set-Cookie', clearSessionCookie(context));
  response.setHeader('Cache-Control', 'no-store');
  if (!wantsPage(request.headers)) {
    response.status(204).end();
    return;
  }
  const onward = ended === null ? null : await goOn(context, there, ended);
  if (onward !== null && request.method === 'GET') {
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Location', onward);
    response.status(303).end();
    return;
  }
  const translator = translatorFor(request);
  // Our pages' forms may lead to our own host only, redirects included; so a form's answer is a page that goes on by itself.
  if (onward !== null) response.setHeader('Refresh', `0; url=${onward}`);
  sendPage(response, 200, translator, createSignedOutPage(translator, onward === null ? {} : { onward }));
}

/** Ends this browser's session; the session as it was, if there was a live one. */
async function endOwn(context: GateContext, request: Request): Promise<StoredSession | null> {
  const token = readSessionToken(context, request.headers.cookie);
  if (token === undefined || !isToken(token)) return null;
  const id = idOfToken(token);
  const session = await context.storage.records(sessionRecords).get(id, context.now());
  await endSession(context, id, 'signedOut');
  return session?.value.endedAt === undefined ? session : null;
}

/** Signed out here they are; what goes wrong on the way there must not look as if they were not. */
async function goOn(context: GateContext, there: SignOutThere, ended: StoredSession): Promise<string | null> {
  try {
    return await there(ended);
  } catch (error) {
    context.logger.warn({ err: error }, 'a logout could not be taken to the identity provider');
    return null;
  }
}

function askFirst(context: GateContext, request: Request, response: Response, status: 200 | 403): void {
  const translator = translatorFor(request);
  sendPage(response, status, translator, createSignOutPage(translator, `${context.config.baseUrl}/sso/logout`));
}

type NotSignedIn = Exclude<ResumedSession, { readonly kind: 'signedIn' }>;

/** Refuses in the form that helps the sender: a page for browsers, a problem for programs. */
export async function sendHeldOrNobody(
  context: GateContext,
  request: Request,
  response: Response,
  refused: NotSignedIn,
): Promise<void> {
  if (refused.kind === 'held') return refuseHeld(context, request, response, refused, { door: 'session' });
  if (wantsPage(request.headers)) return showNobody(context, request, response);
  sendNobody(response);
}

function showNobody(context: GateContext, request: Request, response: Response): Promise<void> {
  return showRefusal(context, request, response, { status: 401, sentence: 'nobody' });
}

function sendNobody(response: Response): void {
  sendProblem(response, {
    status: 401,
    code: 'notSignedIn',
    detail: 'Nobody is signed in.',
    extra: { reason: 'notSignedIn' },
    headers: { 'WWW-Authenticate': 'FurloughSession' },
  });
}
