// `POST /sso/{org}/{connection}/global-token-revocation`: Okta's Universal Logout (draft-parecki-oauth-global-token-revocation). The sender proves
// itself by a signed JWT as bearer token; the body says whose sessions and tokens end.

import type { Request, RequestHandler, Response } from 'express';
import type { Connection } from '#directory/connection.ts';
import { readJson } from '#http/body-limits.ts';
import { sendProblem } from '#http/problem-details.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import type { EventToken, EventTokenRefusal } from '#secrets/event-token.ts';
import { IssuerUnavailable } from '#secrets/issuer-keys.ts';
import { addressesOf } from '../connections/open-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { carryOutSignal } from './carry-out-signal.ts';
import { noteReceived, wasReceived } from './received-token.ts';
import { findConnection, logRefusal, pushTrustOf, sendKeysUnavailable, sendNoSuchDoor } from './signal-request.ts';
import { readSubject, type Subject } from './subject-identifier.ts';

const maxBytes = 16_384;
/** Okta's live five minutes. */
const longestAgeSeconds = 3_600;

export function receiveGlobalTokenRevocation(context: GateContext): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const connection = await findConnection(context, request);
    const trust = connection === null ? null : pushTrustOf(connection);
    if (connection === null || trust === null) return sendNoSuchDoor(response);
    try {
      const token = await readBearer(context, connection, trust, request);
      if (typeof token === 'string') {
        logRefusal(context, connection, 'global-token-revocation', token);
        return sendUnauthenticated(response);
      }
      const received = { issuer: trust.issuer, ...token };
      if (await wasReceived(context, connection, received)) {
        logRefusal(context, connection, 'global-token-revocation', 'replayed');
        return sendUnauthenticated(response);
      }
      const subject = await readBody(request);
      if (subject === null) {
        logRefusal(context, connection, 'global-token-revocation', 'malformed body');
        return sendProblem(response, {
          status: 400,
          code: 'malformedBody',
          detail: 'The body has no usable `sub_id`.',
        });
      }
      const { requestId } = requestContextOf(request);
      const outcome = await carryOutSignal(context, connection, 'sessionRevoked', subject, {
        issuedAt: token.issuedAt,
        requestId,
      });
      const words = { events: ['global-token-revocation'], outcomes: [outcome] };
      await noteReceived(context, connection, received, 'signal.received', words);
      // Whether there is such a person is nothing the sender learns here.
      response.status(204).end();
    } catch (error) {
      if (!(error instanceof IssuerUnavailable)) throw error;
      sendKeysUnavailable(context, response, error);
    }
  };
}

async function readBearer(
  context: GateContext,
  connection: Connection,
  trust: { readonly issuer: string; readonly jwksUri?: string },
  request: Request,
): Promise<EventToken | EventTokenRefusal> {
  const text = /^Bearer +([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (text === undefined) return 'malformed';
  const { globalTokenRevocation: audience } = addressesOf(context.config.baseUrl, connection);
  const type = 'global-token-revocation+jwt';
  return context.eventTokens.verify(text, { ...trust, type, audience, longestAgeSeconds, expiry: 'required' });
}

async function readBody(request: Request): Promise<Subject | null> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') return null;
  try {
    const body = await readJson(request, maxBytes, 16);
    return typeof body === 'object' && body !== null && 'sub_id' in body ? readSubject(body.sub_id) : null;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

function sendUnauthenticated(response: Response): void {
  sendProblem(response, {
    status: 401,
    code: 'unauthenticated',
    detail: 'The bearer token does not prove the issuer of this connection.',
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
