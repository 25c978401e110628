// `POST /sso/{org}/{connection}/security-events`: pushed security event tokens (RFC 8935), as CAEP and RISC transmitters send them.

import type { RequestHandler, Response } from 'express';
import { readText } from '#http/body-limits.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import type { EventTokenRefusal } from '#secrets/event-token.ts';
import { IssuerUnavailable } from '#secrets/issuer-keys.ts';
import { addressesOf } from '../connections/open-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { carryOutSignal, type SignalOutcome } from './carry-out-signal.ts';
import { noteReceived, wasReceived } from './received-token.ts';
import { readEvents } from './security-event.ts';
import { findConnection, logRefusal, pushTrustOf, sendKeysUnavailable, sendNoSuchDoor } from './signal-request.ts';

const maxBytes = 65_536;
/** A transmitter that was paused sends what it held. */
const longestAgeSeconds = 7 * 86_400;

/** RFC 8935 2.4. */
type PushError = 'invalid_request' | 'invalid_key' | 'invalid_issuer' | 'invalid_audience';

const errorOf: Readonly<Record<EventTokenRefusal, PushError>> = {
  malformed: 'invalid_request',
  typeMismatch: 'invalid_request',
  expired: 'invalid_request',
  issuedAtInvalid: 'invalid_request',
  issuerMismatch: 'invalid_issuer',
  tenantMismatch: 'invalid_issuer',
  audienceMismatch: 'invalid_audience',
  algorithmRefused: 'invalid_key',
  keyUnknown: 'invalid_key',
  signatureInvalid: 'invalid_key',
};

export function receiveSecurityEvents(context: GateContext): RequestHandler {
  return async (request, response) => {
    const connection = await findConnection(context, request);
    const trust = connection === null ? null : pushTrustOf(connection);
    if (connection === null || trust === null) return sendNoSuchDoor(response);
    const refuse = (err: PushError, reason: string): void => {
      logRefusal(context, connection, 'security-events', reason);
      sendError(response, err, reason);
    };
    const text = await readToken(request);
    if (text === null) return refuse('invalid_request', 'the body is not one application/secevent+jwt');
    try {
      const { securityEvents } = addressesOf(context.config.baseUrl, connection);
      const audience = connection.signals?.audience ?? securityEvents;
      const expected = { ...trust, type: 'secevent+jwt', audience, longestAgeSeconds, expiry: 'none' } as const;
      const token = await context.eventTokens.verify(text, expected);
      if (typeof token === 'string') return refuse(errorOf[token], token);
      const events = readEvents(token.claims);
      if (events === null) return refuse('invalid_request', 'not a security event token as SSF describes it');
      const received = { issuer: trust.issuer, ...token };
      // RFC 8935 2: what was delivered before is acknowledged again.
      if (!(await wasReceived(context, connection, received))) {
        const outcomes: SignalOutcome[] = [];
        const { requestId } = requestContextOf(request);
        for (const { signal, subject } of events) {
          if (signal === null || subject === null) continue;
          outcomes.push(
            await carryOutSignal(context, connection, signal, subject, { issuedAt: token.issuedAt, requestId }),
          );
        }
        const words = { events: events.map(({ type }) => type), outcomes };
        await noteReceived(context, connection, received, 'signal.received', words);
      }
      response.setHeader('Cache-Control', 'no-store');
      response.status(202).end();
    } catch (error) {
      if (!(error instanceof IssuerUnavailable)) throw error;
      sendKeysUnavailable(context, response, error);
    }
  };
}

async function readToken(request: Parameters<RequestHandler>[0]): Promise<string | null> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/secevent+jwt') return null;
  try {
    return (await readText(request, maxBytes)).trim();
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

function sendError(response: Response, err: PushError, description: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Language', 'en');
  response.status(400).json({ err, description });
}
