// What the doors for signals share: which connection is meant, how much one address may ask, and what a refusal leaves in the log.

import type { Request, RequestHandler, Response } from 'express';
import type { Connection } from '#directory/connection.ts';
import { isSlug } from '#directory/identifiers.ts';
import { clientAddressOf, limitKeyOf } from '#http/client-address.ts';
import { sendProblem } from '#http/problem-details.ts';
import { createRateLimit } from '#http/rate-limit.ts';
import type { IssuerUnavailable } from '#secrets/issuer-keys.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';

/** 429 with `Retry-After` beyond it. A provider may log everybody out at once: ten seconds' worth may come together. */
export function limitSignals(perSecond: number): RequestHandler {
  const limit = createRateLimit({ perSecond, burst: perSecond * 10 });
  return (request, response, next) => {
    const taken = limit.take(limitKeyOf(clientAddressOf(request)));
    if (taken.allowed) return next();
    sendProblem(response, {
      status: 429,
      code: 'tooManyRequests',
      detail: 'Too many signals from this address.',
      headers: { 'Retry-After': String(taken.retryAfterSeconds) },
    });
  };
}

/** The connection that the path names, or null. */
export async function findConnection(context: GateContext, request: Request): Promise<Connection | null> {
  const [organization, id] = [String(request.params['org']), String(request.params['connection'])];
  if (!isSlug(organization) || !isSlug(id)) return null;
  const recordId = connectionRecordId(organization as OrganizationId, id as ConnectionId);
  return (await context.storage.records(connectionRecords).get(recordId, context.now()))?.value ?? null;
}

/** The same for a connection that is not there as for one that takes no signals. */
export function sendNoSuchDoor(response: Response): void {
  sendProblem(response, { status: 404, code: 'notFound', detail: 'There is nothing at this address.' });
}

/** The sender's keys cannot be had now: it should send again. */
export function sendKeysUnavailable(context: GateContext, response: Response, error: IssuerUnavailable): void {
  context.logger.warn({ err: error }, 'the keys of a sender of signals cannot be had');
  sendProblem(response, {
    status: 503,
    code: 'issuerUnavailable',
    detail: 'The keys of the issuer cannot be fetched at the moment.',
    headers: { 'Retry-After': '30' },
  });
}

/** Anybody can send rubbish, so it is logged and not stored. */
export function logRefusal(context: GateContext, connection: Connection, door: string, reason: string): void {
  const { organizationId, id } = connection;
  context.logger.warn(
    { event: 'signal.refused', organization: organizationId, connection: id, door, reason },
    'a signal was refused',
  );
}

/** Who signs what the connection's provider pushes; null where nobody may. */
export function pushTrustOf({
  signals,
  signIn,
}: Connection): { readonly issuer: string; readonly jwksUri?: string } | null {
  if (signals === undefined) return null;
  const issuer = signals.issuer ?? (signIn?.kind === 'oidc' ? signIn.issuer : undefined);
  if (issuer === undefined) return null;
  return { issuer, ...(signals.jwksUri === undefined ? {} : { jwksUri: signals.jwksUri }) };
}
