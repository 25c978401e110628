// People's own sessions: `GET /sso/sessions` shows them, `POST /sso/sessions/end` ends one, `POST /sso/sessions/end-all` logs out everywhere.
// A page for browsers, JSON for whoever asks for it. A post needs the form's token and must not come from another site (gate.md 9, L08).

import type { Request, RequestHandler, Response } from 'express';
import type { ChangeContext } from '#directory/effects-between.ts';
import { readText } from '#http/body-limits.ts';
import { sendProblem, type Problem } from '#http/problem-details.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import { originOf, wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { createOwnSessionsPage, type OwnSession } from '../pages/own-sessions-page.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createSignedOutPage } from '../pages/session-pages.ts';
import { showRefusal } from '../pages/show-refusal.ts';
import { formTokenOf, isFormTokenOf } from './form-token.ts';
import { endSessionByName, listLiveSessions, nameOfSession } from './live-sessions.ts';
import { resumeSession, type ResumedSession } from './resume-session.ts';
import { sendHeldOrNobody } from './session-endpoints.ts';
import { clearSessionCookie, readSessionToken } from './session-cookie.ts';
import type { StoredSession } from './session.ts';

const mostBodyBytes = 4_096;

type SignedIn = Extract<ResumedSession, { kind: 'signedIn' }> & { readonly token: string };

/** `GET /sso/sessions` */
export function ownSessionsShow(context: GateContext): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const person = await readPerson(context, request, response);
    if (person === null) return;
    const sessions = await listLiveSessions(context, person.user);
    const shown = sessions.map((session) => toOwnSession(session, person.session));
    const formToken = formTokenOf(person.token);
    if (!wantsPage(request.headers)) {
      const toIso = (instant: number) => new Date(instant).toISOString();
      const items = shown.map(({ signedInAt, lastSeenAt, ...rest }) => ({
        ...rest,
        signedInAt: toIso(signedInAt),
        lastSeenAt: toIso(lastSeenAt),
      }));
      response.json({ sessions: items, formToken });
      return;
    }
    const organization = await context.storage.organizations.get(person.user.organizationId);
    const translator = translatorFor(request);
    const here = `${context.config.baseUrl}/sso/sessions`;
    const page = createOwnSessionsPage(translator, {
      organization: organization?.name ?? person.user.organizationId,
      timeZone: organization?.timeZone ?? 'UTC',
      sessions: shown,
      end: `${here}/end`,
      endAll: `${here}/end-all`,
      formToken,
    });
    sendPage(response, 200, translator, page);
  };
}

/** `POST /sso/sessions/end` with `session` and `formToken` */
export function ownSessionEnd(context: GateContext): RequestHandler {
  return async (request, response) => {
    const posted = await readPost(context, request, response);
    if (posted === null) return;
    const { person, fields } = posted;
    const user = await context.storage.users.get(person.user.organizationId, person.user.id);
    const name = fields.get('session') ?? '';
    const by = byPerson(person, request);
    const ended = user === null ? null : await endSessionByName(context, user, name, 'endedByPerson', by);
    if (ended === null) {
      const problem = { status: 404, code: 'sessionNotFound', detail: 'You have no such session.' } as const;
      return refuseForm(context, request, response, problem, person);
    }
    if (ended.id === person.session.id) return sendSignedOut(context, request, response);
    if (!wantsPage(request.headers)) {
      response.status(204).end();
      return;
    }
    response.setHeader('Location', `${context.config.baseUrl}/sso/sessions`);
    response.status(303).end();
  };
}

/** `POST /sso/sessions/end-all` with `formToken`: every session of the person ends, this one too, on every node from the answer on. */
export function ownSessionsEnd(context: GateContext): RequestHandler {
  return async (request, response) => {
    const posted = await readPost(context, request, response);
    if (posted === null) return;
    const { person } = posted;
    await context.provisioning.endSessions(person.user.organizationId, person.user.id, byPerson(person, request));
    sendSignedOut(context, request, response);
  };
}

/** A link cannot end anything. */
export function noChangeByGet(): RequestHandler {
  return (_request, response) =>
    sendProblem(response, {
      status: 405,
      code: 'methodNotAllowed',
      detail: 'This address knows POST.',
      headers: { Allow: 'POST' },
    });
}

async function readPerson(context: GateContext, request: Request, response: Response): Promise<SignedIn | null> {
  const token = readSessionToken(context, request.headers.cookie);
  const resumed = await resumeSession(context, token);
  if (resumed.kind === 'signedIn') return { ...resumed, token: token ?? '' };
  await sendHeldOrNobody(context, request, response, resumed);
  return null;
}

interface Posted {
  readonly person: SignedIn;
  readonly fields: ReadonlyMap<string, string>;
}

/** The signed-in person and the fields, or null after a refusal. */
async function readPost(context: GateContext, request: Request, response: Response): Promise<Posted | null> {
  response.setHeader('Cache-Control', 'no-store');
  if (originOf(request.headers, context.config.baseUrl) === 'foreign') {
    const problem = { status: 403, code: 'foreignOrigin', detail: 'Another site cannot do this.' } as const;
    await refuseForm(context, request, response, problem);
    return null;
  }
  const fields = await readFields(request);
  const person = await readPerson(context, request, response);
  if (person === null) return null;
  if (isFormTokenOf(person.token, fields.get('formToken'))) return { person, fields };
  const detail = 'The form is not of this session. Open /sso/sessions again.';
  await refuseForm(context, request, response, { status: 403, code: 'formTokenWrong', detail }, person);
  return null;
}

/** A page for people, which says to open the form again; a problem for programs. */
async function refuseForm(
  context: GateContext,
  request: Request,
  response: Response,
  problem: Problem,
  person?: SignedIn,
): Promise<void> {
  if (!wantsPage(request.headers)) return sendProblem(response, problem);
  const { status } = problem;
  const organizationId = person?.user.organizationId;
  await showRefusal(context, request, response, { status, sentence: 'badForm', organizationId });
}

/** Text fields of a form or of a JSON object. A field that comes twice counts as absent. */
async function readFields(request: Request): Promise<ReadonlyMap<string, string>> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded' && type !== 'application/json') {
    throw new RequestError('unsupportedMediaType', 'Send application/x-www-form-urlencoded or application/json.');
  }
  const text = await readText(request, mostBodyBytes);
  const entries = type === 'application/json' ? entriesOfJson(text) : [...new URLSearchParams(text)];
  const fields = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of entries) {
    if (fields.has(name)) repeated.add(name);
    if (typeof value === 'string') fields.set(name, value);
  }
  for (const name of repeated) fields.delete(name);
  return fields;
}

function entriesOfJson(text: string): readonly (readonly [string, unknown])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RequestError('malformedBody', 'The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null) throw new RequestError('malformedBody', 'The body is no object.');
  return Object.entries(parsed);
}

function byPerson({ user }: SignedIn, request: Request): ChangeContext {
  const { requestId } = requestContextOf(request);
  return { actor: { kind: 'person', user: user.id }, mouth: 'ownSessions', requestId };
}

function toOwnSession(session: StoredSession, current: StoredSession): OwnSession {
  const { connection, browser, network, createdAt, lastSeenAt } = session.value;
  return {
    id: nameOfSession(session),
    current: session.id === current.id,
    connection,
    ...(browser === undefined ? {} : { browser }),
    ...(network === undefined ? {} : { network }),
    signedInAt: createdAt,
    lastSeenAt,
  };
}

function sendSignedOut(context: GateContext, request: Request, response: Response): void {
  response.append('Set-Cookie', clearSessionCookie(context));
  if (!wantsPage(request.headers)) {
    response.status(204).end();
    return;
  }
  const translator = translatorFor(request);
  sendPage(response, 200, translator, createSignedOutPage(translator));
}
