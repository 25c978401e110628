// Access tokens that a machine gets for its credential (RFC 6749 §4.4): random, short-lived, and nothing by themselves. Each use looks at the
// credential behind it, so that one that is revoked, has ended or whose owner is out takes its tokens with it.

import type { Credential } from '#directory/credential.ts';
import type { Instant, RandomBytes } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { hashSecret } from './credential-secret.ts';

/** Stored under the hash of the token: for whose credential it stands, by the hash of that one's secret. */
export interface AccessToken {
  readonly secretHash: string;
  /** Its share of the credential's scopes; left out: all of them. */
  readonly scopes?: readonly string[];
  readonly createdAt: Instant;
}

export const accessTokenRecords: RecordKind<AccessToken> = { name: 'accessToken', keysOf: () => [] };

const start = 'furl_token_';

/** Whether a presented secret has the form of an access token; then it is looked up as one. */
export function isAccessToken(secret: string): boolean {
  return secret.startsWith(start);
}

/** A new token for a credential that has just been accepted. Throws `StorageError`. */
export async function issueAccessToken(
  context: {
    readonly storage: Pick<Storage, 'records'>;
    readonly now: () => number;
    readonly randomBytes: RandomBytes;
  },
  credential: Credential,
  lifetimeMs: number,
  scopes?: readonly string[],
): Promise<string> {
  const token = start + Buffer.from(context.randomBytes(32)).toString('base64url');
  const now = context.now();
  await context.storage.records(accessTokenRecords).insert({
    id: hashSecret(token),
    organizationId: credential.organizationId,
    expiresAt: now + lifetimeMs,
    value: { secretHash: credential.secretHash, ...(scopes === undefined ? {} : { scopes }), createdAt: now },
  });
  return token;
}

/** What a token stands for; null for one that is unknown or has ended. */
export async function readAccessToken(
  storage: Pick<Storage, 'records'>,
  token: string,
  now: Instant,
): Promise<AccessToken | null> {
  return (await storage.records(accessTokenRecords).get(hashSecret(token), now))?.value ?? null;
}
