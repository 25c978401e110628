// A credential: a machine's secret. Only its hash is kept; it belongs to one organisation, perhaps to a connection and an owner.

import type { AppId } from './app.ts';
import type { ConnectionId, CredentialId, Instant, OrganizationId, UserId } from './identifiers.ts';

export const credentialKinds = ['scim', 'hr', 'admin', 'app'] as const;
export type CredentialKind = (typeof credentialKinds)[number];

/** An outside issuer whose signed assertions stand for a credential (RFC 7523). All are compared letter by letter. */
export interface IssuerTrust {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  /** Left out: as the issuer's metadata says. */
  readonly jwksUri?: string;
}

export interface Credential {
  readonly id: CredentialId;
  readonly organizationId: OrganizationId;
  readonly kind: CredentialKind;
  readonly name: string;
  readonly connection?: ConnectionId;
  /** Of kind `app`: the one app that asks with it; absent: any of the organisation. */
  readonly app?: AppId;
  /** While this user is inactive the credential is refused. */
  readonly owner?: UserId;
  /** Empty: everything its kind may do. `instance` reaches every organisation, `read` only reads; of SCIM also `users` and `groups`. */
  readonly scopes: readonly string[];
  /** Instead of a secret: nobody can present one. */
  readonly trust?: IssuerTrust;
  /** SHA-256 of the secret, hex; with `trust` of what stands in its place, which is no secret. */
  readonly secretHash: string;
  /** Of kind `hr`, whose senders may sign instead of sending it: sealed by secrets/, never in an answer. */
  readonly sealedSecret?: string;
  /** The last four characters, to tell credentials apart; empty with `trust`. */
  readonly lastFour: string;
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  /** Its own end, which the successor keeps, where a rotation has brought `expiresAt` forward; null: it had none. */
  readonly endBeforeRotation?: Instant | null;
  readonly revokedAt?: Instant;
}

/** When it would end by itself, whatever a rotation did to it. */
export function ownEndOf({ expiresAt, endBeforeRotation }: Credential): Instant | undefined {
  return endBeforeRotation === undefined ? expiresAt : (endBeforeRotation ?? undefined);
}

/** Whether it is refused for good: revoked, or past its end. */
export function hasEnded(credential: Pick<Credential, 'revokedAt' | 'expiresAt'>, now: Instant): boolean {
  return credential.revokedAt !== undefined || (credential.expiresAt !== undefined && credential.expiresAt <= now);
}
