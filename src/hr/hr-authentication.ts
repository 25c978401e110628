// Whose feed a request is: a credential of kind `hr`, sent as a bearer token, or signed with (Standard Webhooks) and named in the address, since a
// signature names nobody. To the caller every refusal is the same 401.

import type { IncomingMessage } from 'node:http';
import type { Credential } from '#directory/credential.ts';
import { isSlug, type ConnectionId, type CredentialId, type OrganizationId } from '#directory/identifiers.ts';
import { requestContextOf } from '#http/request-context.ts';
import { readBearerToken, type CredentialOutcome } from '#secrets/credential-authentication.ts';
import { isFresh, isSignedWith } from '#secrets/webhook-signature.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { HrCall, HrClient, HrContext } from './hr-context.ts';
import { HrError } from './hr-problem.ts';

const challenge = 'Bearer realm="furlough"';
const defaultConnection = 'default' as ConnectionId;

/** The client of a request with this body. Throws `HrError` 401 or 429; `StorageError` passes through. */
export async function authenticateHrClient(
  context: HrContext,
  request: IncomingMessage,
  query: HrCall['query'],
  body: string,
  receivedAt: number,
): Promise<HrClient> {
  const { requestId, notes } = requestContextOf(request);
  const outcome = await authenticate(context, request, query, body, receivedAt);
  if (outcome === null)
    throw new HrError('unauthenticated', 'Send an HR credential as a bearer token, or sign with it.', {
      'WWW-Authenticate': challenge,
    });
  if (outcome.kind === 'refused') throw refuse(context, request, outcome.reason);
  const { credential } = outcome;
  const { organizationId, connection = defaultConnection, id } = credential;
  const known = await context.storage
    .records(connectionRecords)
    .get(connectionRecordId(organizationId, connection), context.now());
  const organization = await context.storage.organizations.get(organizationId);
  if (known === null || organization === null) throw refuse(context, request, 'connectionGone');
  notes['organization'] = organizationId;
  notes['connection'] = connection;
  notes['credential'] = id;
  const { brake } = known.value.provisioning ?? {};
  const actor = { kind: 'connection', connection, credential: id } as const;
  const by = { actor, mouth: 'hrFeed', requestId, ...(brake === undefined ? {} : { brake }) } as const;
  return { credential, organization, connection, by, requestId };
}

/** Null: nothing was presented. */
function authenticate(
  context: HrContext,
  { headers }: IncomingMessage,
  { organization, credential }: HrCall['query'],
  body: string,
  receivedAt: number,
): Promise<CredentialOutcome> | null {
  const token = readBearerToken(headers.authorization);
  if (token !== null) return context.authentication.authenticate(token, ['hr']);
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') return null;
  const isNamed = typeof organization === 'string' && isSlug(organization) && isId(credential);
  const message = { id, timestamp, signature, body };
  if (!isNamed || !isFresh(message, receivedAt)) return Promise.resolve({ kind: 'refused', reason: 'unknown' });
  return context.authentication.authenticateBySignature(
    organization as OrganizationId,
    credential as CredentialId,
    (secret) => isSignedWith(secret, message),
    ['hr'],
  );
}

function isId(value: unknown): value is Credential['id'] {
  return typeof value === 'string' && /^[\w-]{1,100}$/.test(value);
}

function refuse(context: HrContext, request: IncomingMessage, reason: string): HrError {
  requestContextOf(request).notes['credential_refused'] = reason;
  const wait = context.badCredentials.refuse(request);
  if (wait !== null) {
    const headers = { 'Retry-After': String(wait) };
    return new HrError('tooManyBadCredentials', 'Too many refused credentials from this address.', headers);
  }
  const headers = { 'WWW-Authenticate': `${challenge}, error="invalid_token"` };
  return new HrError('unauthenticated', 'This credential is not accepted.', headers);
}
