// `GET|POST /sso/{org}/{connection}/saml/slo`: where an identity provider says that a person is signed out there, and answers when we said so
// (gate.md 2.4; SAML profiles 4.4). Off unless the connection has it on; a refused message ends nobody's session.

import type { Request, RequestHandler, Response } from 'express';
import { readBody } from '#http/body-limits.ts';
import { clientAddressOf, limitKeyOf } from '#http/client-address.ts';
import { RequestError } from '#http/request-error.ts';
import { toRefusal } from '../connections/saml-sign-in.ts';
import { maxFormBytes } from '../connections/saml/form-body.ts';
import { maxClockSkewMs } from '../connections/saml/saml-connection.ts';
import type { ReceivedLogout } from '../connections/saml/saml-logout.ts';
import { SamlRefusal } from '../connections/saml/saml-refusal.ts';
import type { SignatureVerifier } from '../connections/saml/signature-verifier.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfToken, isToken } from '../opaque-token.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createSignedOutPage } from '../pages/session-pages.ts';
import { showNotFound, showRefusal } from '../pages/show-refusal.ts';
import { endSessionsOfProvider } from '../sessions/end-sessions.ts';
import { clearSessionCookie, readSessionToken } from '../sessions/session-cookie.ts';
import { presentRefusal, SignInError } from '../sign-in/refusal.ts';
import { findConnectionOf } from '../sign-in/sign-in-endpoints.ts';
import { recordSignIn } from '../sign-in/sign-in-record.ts';
import { useOnce, wasUsed } from '../sign-in/used-once.ts';
import { takeLogoutAttempt } from './logout-attempt.ts';
import { openLogout, type LogoutConnection } from './saml-logout-trip.ts';

export function samlLogout(context: GateContext, verifier: SignatureVerifier): RequestHandler {
  return async (request, response) => {
    const at = openLogout(context, verifier, await findConnectionOf(context, request, 'saml'));
    if (at === null) return showNotFound(context, request, response);
    try {
      const received = await receive(context, at, request);
      if (received.kind === 'request') await endAndAnswer(context, at, received, request, response);
      else await showEnd(context, at, received, request, response);
    } catch (error) {
      const refusal = error instanceof SamlRefusal ? new SignInError(error.reason, error.detail, error) : error;
      if (!(refusal instanceof SignInError)) throw error;
      await refuse(context, at, refusal, request, response);
    }
  };
}

async function receive(context: GateContext, { logout }: LogoutConnection, request: Request): Promise<ReceivedLogout> {
  const body = request.method === 'POST' ? await readForm(request) : new Uint8Array();
  const question = request.originalUrl.indexOf('?');
  const message = {
    method: request.method,
    contentType: request.headers['content-type'],
    query: question === -1 ? '' : request.originalUrl.slice(question + 1),
    body,
  };
  return logout.receive(message, context.now(), limitKeyOf(clientAddressOf(request)));
}

async function readForm(request: Request): Promise<Uint8Array> {
  try {
    return await readBody(request, maxFormBytes);
  } catch (error) {
    if (error instanceof RequestError) throw new SignInError('malformedRequest', error.message, error);
    throw error;
  }
}

/**
 * Ends every session the request means, of this browser and of others, and answers. The request is marked as used once they are ended: were it
 * marked first, a crash between would leave sessions that a second try could not end any more.
 */
async function endAndAnswer(
  context: GateContext,
  { connection, signIn, logout }: LogoutConnection,
  wish: Extract<ReceivedLogout, { readonly kind: 'request' }>,
  request: Request,
  response: Response,
): Promise<void> {
  const once = `logout ${wish.id}`;
  if (await wasUsed(context, connection, once))
    throw new SignInError('replayed', 'this request was carried out before');
  const issuer = signIn.entityId;
  const named = wish.sessionIndexes.length === 0 ? [{}] : wish.sessionIndexes.map((sessionId) => ({ sessionId }));
  const ended = new Set<string>();
  for (const part of named) {
    const sessions = await endSessionsOfProvider(
      context,
      connection,
      { issuer, subject: wish.subject, ...part },
      wish.issuedAt,
      'providerLogout',
    );
    for (const { id } of sessions) ended.add(id);
  }
  const until = wish.notOnOrAfter + maxClockSkewMs;
  if (!(await useOnce(context, connection, { usedOnce: { id: once, until } })))
    throw new SignInError('replayed', 'this request came twice at once');
  const token = readSessionToken(context, request.headers.cookie);
  if (token !== undefined && isToken(token) && ended.has(idOfToken(token))) {
    response.append('Set-Cookie', clearSessionCookie(context));
  }
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Location', await logout.answer(wish.id, wish.relayState, context.now()).catch(toRefusal));
  response.status(request.method === 'POST' ? 303 : 302).end();
}

/** The way back from the logout we asked for: signed out here it was before, and whether also there is now known. */
async function showEnd(
  context: GateContext,
  { connection }: LogoutConnection,
  answer: Extract<ReceivedLogout, { readonly kind: 'response' }>,
  request: Request,
  response: Response,
): Promise<void> {
  const attempt = await takeLogoutAttempt(context, connection, answer.relayState);
  if (attempt === null || attempt.requestId !== answer.inResponseTo) {
    throw new SignInError('unsolicited', 'no logout waits for this answer');
  }
  const translator = translatorFor(request);
  sendPage(response, 200, translator, createSignedOutPage(translator, { everywhere: answer.isSuccess }));
}

async function refuse(
  context: GateContext,
  { connection }: LogoutConnection,
  refusal: SignInError,
  request: Request,
  response: Response,
): Promise<void> {
  const reference = await recordSignIn(context, connection, {
    outcome: 'refused',
    reason: refusal.reason,
    protocol: 'saml',
    address: clientAddressOf(request),
    checks: [{ step: 'logout', passed: false, detail: refusal.detail }],
    asked: false,
  });
  const { sentence, status } = presentRefusal(refusal.reason);
  const { organizationId } = connection;
  await showRefusal(context, request, response, { sentence, status, reference, organizationId });
}
