// Who may ask at the SCIM door: the credential as it stands now, and no more often than its limit allows. What is learnt of the caller is kept
// for the answer, the logs and the metrics.

import type { IncomingMessage } from 'node:http';
import type { BadCredentialLimit } from '#http/bad-credentials.ts';
import type { RateLimit } from '#http/rate-limit.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { CallNotes } from './call-notes.ts';
import type { RecordedCall } from './call-record.ts';
import { schemasWith, standardSchemas, type OrganizationSchemas } from './organization-schemas.ts';
import {
  authenticateScimClient,
  describeRefusal,
  whoseCalls,
  type ScimAuthenticationContext,
} from './scim-authentication.ts';
import { ScimError } from './scim-error.ts';
import type { ScimClient } from './scim-operation.ts';

export interface AdmissionContext extends ScimAuthenticationContext {
  readonly badCredentials: BadCredentialLimit;
  /** Per credential. */
  readonly rate: RateLimit;
  readonly provisioning: Pick<Provisioning, 'customSchemas'>;
}

/** What becomes known of a request while it is served. */
export interface Served {
  client?: ScimClient;
  /** Whose call it would have been, if its credential still counted. */
  refused?: RecordedCall['client'];
  readonly call: CallNotes;
}

/** Who may ask, and not too often. */
export async function admit(context: AdmissionContext, request: IncomingMessage, served: Served): Promise<ScimClient> {
  const client = await authenticate(context, request, served);
  served.client = client;
  const seat = context.rate.take(client.credential);
  if (!seat.allowed) throw new RequestError('tooManyRequests', 'Too many requests.', seat.retryAfterSeconds);
  return client;
}

/** The organisation's own are told to whoever has a credential of it; anybody else, a refused credential included, is told the standard ones. */
export async function discoveredSchemas(
  context: AdmissionContext,
  request: IncomingMessage,
  served: Served,
): Promise<OrganizationSchemas> {
  if (request.headers.authorization === undefined) return standardSchemas;
  try {
    const { organizationId } = await admit(context, request, served);
    return schemasWith(await context.provisioning.customSchemas.read(organizationId));
  } catch (error) {
    if (error instanceof ScimError && error.status === 401) return standardSchemas;
    throw error;
  }
}

/** Asks whether the credential counts now. Throws `ScimError` 401, `RequestError` 429. */
export async function authenticate(
  context: AdmissionContext,
  request: IncomingMessage,
  served?: Served,
): Promise<ScimClient> {
  const { notes } = requestContextOf(request);
  const client = await authenticateScimClient(context, {
    authorization: request.headers.authorization,
    countRefusal: () => context.badCredentials.refuse(request),
    noteRefusal: (reason, credential) => {
      notes['credential_refused'] = reason;
      if (served === undefined || credential === undefined) return;
      served.refused = whoseCalls(credential);
      served.call.detail = describeRefusal(reason);
    },
  });
  notes['organization'] = client.organizationId;
  notes['connection'] = client.connection;
  notes['credential'] = client.credential;
  return client;
}
