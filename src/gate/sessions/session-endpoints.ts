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
import { presentRefusal } from '../sign-in/refusal.ts';
import { readReturnTarget } from '../sign-in/return-target.ts';
import { noteDoorRefusal } from './door-refusal.ts';
import { resumeSession, type ResumedSession } from './resume-session.ts';
import { endSession } from './session.ts';
import { clearSessionCookie, readSessionToken } from './session-cookie.ts';

/** `GET /sso/session`: 200 with the person; 403 with the present reason while they are held; 401 for nobody. */
export function sessionShow(context: GateContext, quick: QuickDoors): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const checked = await quick.checkSession(request);
    if (checked.kind === 'held') return sendHeld(response, checked.reason, await noteHeld(context, checked));
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
      const stranger: ResumedSession = resumed.kind === 'held' ? resumed : { kind: 'nobody' };
      return showHeldOrNobody(context, request, response, stranger);
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

/** `POST /sso/logout`: signs out here. A form on another site cannot. */
export function signOut(context: GateContext): RequestHandler {
  return async (request, response) => {
    if (originOf(request.headers, context.config.baseUrl) === 'foreign')
      return askFirst(context, request, response, 403);
    await end(context, request, response);
  };
}

/** `GET /sso/logout`: signs out, but asks first when a browser follows a link from another site. */
export function signOutByLink(context: GateContext): RequestHandler {
  return async (request, response) => {
    const isOwn = originOf(request.headers, context.config.baseUrl) === 'own';
    if (!isOwn && (wantsPage(request.headers) || request.headers['sec-fetch-site'] !== undefined)) {
      return askFirst(context, request, response, 200);
    }
    await end(context, request, response);
  };
}

async function end(context: GateContext, request: Request, response: Response): Promise<void> {
  const token = readSessionToken(context, request.headers.cookie);
  if (token !== undefined && isToken(token)) await endSession(context, idOfToken(token), 'signedOut');
  response.append('Set-Cookie', clearSessionCookie(context));
  response.setHeader('Cache-Control', 'no-store');
  if (!wantsPage(request.headers)) {
    response.status(204).end();
    return;
  }
  const translator = translatorFor(request);
  sendPage(response, 200, translator, createSignedOutPage(translator));
}

function askFirst(context: GateContext, request: Request, response: Response, status: 200 | 403): void {
  const translator = translatorFor(request);
  sendPage(response, status, translator, createSignOutPage(translator, `${context.config.baseUrl}/sso/logout`));
}

type NotSignedIn = Exclude<ResumedSession, { readonly kind: 'signedIn' }>;
type Held = Extract<ResumedSession, { readonly kind: 'held' }>;

/** Refuses in the form that helps the sender: a page for browsers, a problem for programs. */
export async function sendHeldOrNobody(
  context: GateContext,
  request: Request,
  response: Response,
  refused: NotSignedIn,
): Promise<void> {
  if (wantsPage(request.headers)) return showHeldOrNobody(context, request, response, refused);
  if (refused.kind === 'held') return sendHeld(response, refused.reason, await noteHeld(context, refused));
  sendNobody(response);
}

async function showHeldOrNobody(
  context: GateContext,
  request: Request,
  response: Response,
  refused: NotSignedIn,
): Promise<void> {
  if (refused.kind === 'nobody') return showRefusal(context, request, response, { status: 401, sentence: 'nobody' });
  const reference = await noteHeld(context, refused);
  await showRefusal(context, request, response, {
    status: 403,
    sentence: presentRefusal(refused.reason).sentence,
    organizationId: refused.session.organizationId,
    ...(reference === null ? {} : { reference }),
  });
}

function noteHeld(context: GateContext, { session, reason, then }: Held): Promise<string | null> {
  return noteDoorRefusal(context, { session, reason, then, door: 'session' });
}

function sendHeld(response: Response, reason: string, reference: string | null): void {
  const extra = { reason, ...(reference === null ? {} : { reference }) };
  sendProblem(response, { status: 403, code: reason, detail: 'This person may not come in now.', extra });
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
