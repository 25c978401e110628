// Who is calling the SCIM door: a credential of kind `scim` decides organisation and connection; nothing in the request can (RFC 6750, RFC 7644 §2).
// To the caller every refusal is the same 401.

import type { ScimProvisioning } from '#directory/connection.ts';
import type { Credential } from '#directory/credential.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import {
  readBearerToken,
  type CredentialAuthentication,
  type CredentialRefusal,
} from '#secrets/credential-authentication.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { Storage } from '#storage/storage.ts';
import { readBareCredential } from './dialects/okta.ts';
import { ScimError } from './scim-error.ts';
import type { ScimClient } from './scim-operation.ts';
import { readScopes } from './scim-scopes.ts';

export interface ScimAuthenticationContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly authentication: CredentialAuthentication;
  readonly now: () => number;
}

/** `connectionGone`: its connection is removed or provisions nobody any more; `schemeMissing`: without the word Bearer at a strict connection. */
export type ScimRefusal = CredentialRefusal | 'connectionGone' | 'schemeMissing';

export interface PresentedCredential {
  /** The `Authorization` header as it came. */
  readonly authorization: string | undefined;
  /** Counts one refused credential of this address; answers the seconds to wait once there were too many. */
  readonly countRefusal: () => number | null;
  /** Told why, and whose credential it is where that is known; for logs only. */
  readonly noteRefusal: (reason: ScimRefusal, credential?: Credential) => void;
}

const challenge = 'Bearer realm="furlough"';
const defaultConnection = 'default' as ConnectionId;

/** The client of a request. Throws `ScimError` 401 or 429; an outage of storage passes through as `StorageError`. */
export async function authenticateScimClient(
  context: ScimAuthenticationContext,
  presented: PresentedCredential,
): Promise<ScimClient> {
  const { authorization } = presented;
  const bearer = readBearerToken(authorization);
  const secret = bearer ?? readBareCredential(authorization);
  if (secret === null) {
    throw new ScimError(401, 'Send a SCIM credential as a bearer token.', {
      headers: { 'WWW-Authenticate': challenge },
    });
  }
  const outcome = await context.authentication.authenticate(secret, ['scim']);
  if (outcome.kind === 'refused') throw refuse(presented, outcome.reason, outcome.credential);
  const { credential } = outcome;
  const settings = await readSettings(context, credential);
  if (settings === null) throw refuse(presented, 'connectionGone', credential);
  if (settings.strict && bearer === null) throw refuse(presented, 'schemeMissing', credential);
  return {
    ...whoseCalls(credential),
    settings,
    scopes: readScopes(outcome.scopes),
  };
}

/** Whose calls a credential makes, accepted or not. */
export function whoseCalls(credential: Credential): Pick<ScimClient, 'organizationId' | 'connection' | 'credential'> {
  const { organizationId, connection = defaultConnection, id } = credential;
  return { organizationId, connection, credential: id };
}

/** What the credential's connection is set to; null when the connection it was issued for is gone, or provisions nobody by SCIM any more. */
async function readSettings(
  context: ScimAuthenticationContext,
  credential: Credential,
): Promise<ScimProvisioning | null> {
  const connection = credential.connection ?? defaultConnection;
  const record = await context.storage
    .records(connectionRecords)
    .get(connectionRecordId(credential.organizationId, connection), context.now());
  const provisioning = record?.value.provisioning;
  return provisioning?.kind === 'scim' ? provisioning : null;
}

const refusedCredentials: Readonly<Partial<Record<ScimRefusal, string>>> = {
  expired: 'The credential has expired.',
  revoked: 'The credential is revoked.',
  ownerInactive: 'The owner of the credential is inactive.',
  connectionGone: 'The connection of the credential provisions nobody by SCIM any more.',
  schemeMissing: 'The connection is strict: the credential must come with the word Bearer.',
};

/** Why a known credential was refused, for whoever looks after it: the client hears only that it was. */
export function describeRefusal(reason: ScimRefusal): string {
  return refusedCredentials[reason] ?? 'The credential is not accepted.';
}

function refuse(presented: PresentedCredential, reason: ScimRefusal, credential?: Credential): ScimError {
  presented.noteRefusal(reason, credential);
  const wait = presented.countRefusal();
  if (wait !== null) {
    return new ScimError(429, 'Too many refused credentials from this address.', {
      headers: { 'Retry-After': String(wait) },
    });
  }
  return new ScimError(401, 'This credential is not accepted.', {
    headers: { 'WWW-Authenticate': `${challenge}, error="invalid_token"` },
  });
}
