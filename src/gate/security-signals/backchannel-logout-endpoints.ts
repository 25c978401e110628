// `POST /sso/{org}/{connection}/oidc/backchannel-logout`: a provider says that somebody has signed out there (OpenID Connect Back-Channel Logout
// 1.0). It ends the sessions of this connection that the token names, and no other.

import type { Request, RequestHandler, Response } from 'express';
import type { Connection, OidcSignIn } from '#directory/connection.ts';
import { readBody } from '#http/body-limits.ts';
import { RequestError } from '#http/request-error.ts';
import type { EventToken } from '#secrets/event-token.ts';
import { IssuerUnavailable } from '#secrets/issuer-keys.ts';
import type { GateContext } from '../gate-context.ts';
import { endSessionsOfProvider } from '../sessions/end-sessions.ts';
import { noteReceived, wasReceived } from './received-token.ts';
import { findConnection, logRefusal, sendKeysUnavailable, sendNoSuchDoor } from './signal-request.ts';

const maxBytes = 65_536;
/** Two minutes is what the specification recommends; some providers take ten. */
const longestAgeSeconds = 600;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

export function receiveBackchannelLogout(context: GateContext): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const connection = await findConnection(context, request);
    if (connection?.signIn?.kind !== 'oidc') return sendNoSuchDoor(response);
    const refuse = (reason: string): void => {
      logRefusal(context, connection, 'backchannel-logout', reason);
      response.status(400).json({ error: 'invalid_request', error_description: reason });
    };
    const text = await readLogoutToken(request);
    if (text === null) return refuse('the body is not a form with one logout_token');
    try {
      await logOut(context, connection, connection.signIn, text, refuse, response);
    } catch (error) {
      if (!(error instanceof IssuerUnavailable)) throw error;
      sendKeysUnavailable(context, response, error);
    }
  };
}

async function logOut(
  context: GateContext,
  connection: Connection,
  { issuer, clientId, idTokenAlgorithm }: OidcSignIn,
  text: string,
  refuse: (reason: string) => void,
  response: Response,
): Promise<void> {
  const token = await context.eventTokens.verify(text, {
    type: 'logout+jwt',
    issuer,
    audience: clientId,
    ...(idTokenAlgorithm === undefined ? {} : { algorithm: idTokenAlgorithm }),
    longestAgeSeconds,
    expiry: 'required',
  });
  if (typeof token === 'string') return refuse(token);
  const named = readNamed(token);
  if (named === null) return refuse('not a logout token');
  const received = { issuer, ...token };
  if (await wasReceived(context, connection, received)) return refuse('replayed');
  const ended = await endSessionsOfProvider(
    context,
    connection,
    { issuer, ...named },
    token.issuedAt,
    'loggedOutAtProvider',
  );
  const words = { sessions: ended.length, people: [...new Set(ended.map(({ value }) => value.userId))] };
  if (!(await noteReceived(context, connection, received, 'signal.loggedOut', words))) return refuse('replayed');
  response.status(200).end();
}

/** §2.4, 2.6: the event, a subject or a session or both, and no nonce, so that no ID token passes for one. */
function readNamed({ claims }: EventToken): { readonly subject?: string; readonly sessionId?: string } | null {
  const { events, sub, sid, nonce } = claims;
  if (nonce !== undefined || typeof events !== 'object' || events === null) return null;
  const event: unknown = (events as Readonly<Record<string, unknown>>)[logoutEvent];
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return null;
  if (sub !== undefined && (typeof sub !== 'string' || sub === '')) return null;
  if (sid !== undefined && (typeof sid !== 'string' || sid === '')) return null;
  if (sub === undefined && sid === undefined) return null;
  return { ...(sub === undefined ? {} : { subject: sub }), ...(sid === undefined ? {} : { sessionId: sid }) };
}

async function readLogoutToken(request: Request): Promise<string | null> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return null;
  try {
    const tokens = new URLSearchParams((await readBody(request, maxBytes)).toString('utf8')).getAll('logout_token');
    return tokens.length === 1 ? (tokens[0] ?? null) : null;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}
