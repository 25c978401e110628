// Who is calling? One point read by the hash of the secret, then the state of the credential's owner, read anew on every use.
// What the credential may then do is the edge's business; an outage of storage passes through as StorageError and becomes 503.

import { decideAccess } from '#directory/access-decision.ts';
import type { Credential, CredentialKind } from '#directory/credential.ts';
import type { CredentialId, OrganizationId } from '#directory/identifiers.ts';
import { isOrganizationOpen } from '#directory/organization.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import type { Storage } from '#storage/storage.ts';
import { isAccessToken, readAccessToken } from './access-tokens.ts';
import type { AssertionRefusal, ClientAssertions } from './client-assertion.ts';
import { hashSecret, sealedPlaceOf, trustRecordId } from './credential-secret.ts';
import type { Sealing } from './sealing.ts';

/** Why a secret is refused. Only logs tell them apart: to the caller they are one 401. */
export type CredentialRefusal =
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'ownerInactive'
  | 'organizationClosed'
  | AssertionRefusal;

export type CredentialOutcome =
  | {
      readonly kind: 'accepted';
      readonly credential: Credential;
      /** What it may do by this secret: the credential's scopes, or an access token's share of them. */
      readonly scopes: readonly string[];
    }
  | {
      readonly kind: 'refused';
      readonly reason: CredentialRefusal;
      /** Where it is known and of a kind that the door takes: for whoever looks after it, never for the caller. */
      readonly credential?: Credential;
    };

export interface CredentialAuthentication {
  /** Decides about `secret` for a door that takes these kinds. A credential of another kind is as good as unknown. */
  authenticate(secret: string, kinds: readonly CredentialKind[]): Promise<CredentialOutcome>;
  /** The same for the credential with this id, if it trusts an issuer, by an assertion of that one. Throws also `IssuerUnavailable`. */
  authenticateByAssertion(
    clientId: string,
    assertion: string,
    kinds: readonly CredentialKind[],
  ): Promise<CredentialOutcome>;
  /** The same for the credential with this id, whose secret was not sent but signed with: `isSigned` is asked whether by this one. */
  authenticateBySignature(
    organizationId: OrganizationId,
    id: CredentialId,
    isSigned: (secret: string) => boolean,
    kinds: readonly CredentialKind[],
  ): Promise<CredentialOutcome>;
  /** What stands now against the credential with this id; null: nothing. For what goes on after its request. Throws `StorageError`. */
  findRefusal(
    organizationId: OrganizationId,
    id: CredentialId,
    kinds: readonly CredentialKind[],
  ): Promise<CredentialRefusal | null>;
}

export interface CredentialAuthenticationContext {
  readonly storage: Pick<Storage, 'records' | 'users' | 'organizations'>;
  readonly now: () => number;
  /** Without it no assertion is accepted. */
  readonly assertions?: ClientAssertions;
  /** Opens secrets that are kept to be signed with; without it nobody is known by a signature. */
  readonly unseal?: Sealing['unseal'];
  /** Told of every accepted use. */
  readonly noteUse?: (credential: Credential) => void;
}

/** The owner is asked about on their own: a suspended organisation is still provisioned, it only lets nobody in. */
const openOrganization = { state: 'active' } as const;

export function createCredentialAuthentication(context: CredentialAuthenticationContext): CredentialAuthentication {
  const records = context.storage.records(credentialRecords);
  return {
    async authenticate(secret, kinds) {
      const now = context.now();
      const token = isAccessToken(secret) ? await readAccessToken(context.storage, secret, now) : undefined;
      const id = token === undefined ? hashSecret(secret) : token?.secretHash;
      const credential = id === undefined ? undefined : (await records.get(id, now))?.value;
      // One that trusts an issuer has no secret: only its tokens lead to it here.
      if (credential === undefined || (credential.trust !== undefined && token === undefined)) return refuse('unknown');
      const refusal = await refusalOf(credential, kinds, now);
      if (refusal !== null) return refusal === 'unknown' ? refuse(refusal) : { ...refuse(refusal), credential };
      const scopes = shareOf(credential.scopes, token?.scopes);
      return scopes === null ? refuse('unknown') : accept(credential, scopes);
    },
    async authenticateByAssertion(clientId, assertion, kinds) {
      const now = context.now();
      const credential = (await records.get(trustRecordId(clientId), now))?.value;
      if (credential?.trust === undefined || context.assertions === undefined) return refuse('unknown');
      const refusal =
        (await refusalOf(credential, kinds, now)) ??
        (await context.assertions.check(credential, credential.trust, assertion));
      return refusal === null ? accept(credential, credential.scopes) : refuse(refusal);
    },
    async authenticateBySignature(organizationId, id, isSigned, kinds) {
      const now = context.now();
      const credential = await find(organizationId, id, now);
      if (credential?.sealedSecret === undefined || context.unseal === undefined) return refuse('unknown');
      if (!isSigned(context.unseal(credential.sealedSecret, sealedPlaceOf(credential)))) return refuse('unknown');
      const refusal = await refusalOf(credential, kinds, now);
      return refusal === null ? accept(credential, credential.scopes) : { ...refuse(refusal), credential };
    },
    async findRefusal(organizationId, id, kinds) {
      const now = context.now();
      const credential = await find(organizationId, id, now);
      return credential === undefined ? 'unknown' : refusalOf(credential, kinds, now);
    },
  };

  async function find(organizationId: OrganizationId, id: CredentialId, now: number): Promise<Credential | undefined> {
    const [record] = await records.list(organizationId, { key: `id=${id}`, limit: 1 }, now);
    return record?.value;
  }

  function accept(credential: Credential, scopes: readonly string[]): CredentialOutcome {
    context.noteUse?.(credential);
    return { kind: 'accepted', credential, scopes };
  }

  /** What stands against the credential itself, whoever presents it. */
  async function refusalOf(
    credential: Credential,
    kinds: readonly CredentialKind[],
    now: number,
  ): Promise<CredentialRefusal | null> {
    if (!kinds.includes(credential.kind)) return 'unknown';
    // Not compared with the clock: the node that revoked may be ahead of this one.
    if (credential.revokedAt !== undefined) return 'revoked';
    if (credential.expiresAt !== undefined && credential.expiresAt <= now) return 'expired';
    if (!(await isOwnerIn(credential, now))) return 'ownerInactive';
    return (await isDoorOpen(credential, now)) ? null : 'organizationClosed';
  }

  async function isOwnerIn(credential: Credential, now: number): Promise<boolean> {
    if (credential.owner === undefined) return true;
    const owner = await context.storage.users.accessState(credential.organizationId, credential.owner);
    return decideAccess(openOrganization, owner, now).allowed;
  }

  /** Apps ask on behalf of people, so their door closes with the people's. Provisioning and administration go on. */
  async function isDoorOpen(credential: Credential, now: number): Promise<boolean> {
    if (credential.kind !== 'app') return true;
    const organization = await context.storage.organizations.get(credential.organizationId);
    return organization !== null && isOrganizationOpen(organization, now);
  }
}

/** What a token may do of what its credential may do; null: nothing, which an empty list would not say. */
function shareOf(all: readonly string[], ofToken: readonly string[] | undefined): readonly string[] | null {
  if (ofToken === undefined) return all;
  const share = all.length === 0 ? ofToken : ofToken.filter((scope) => all.includes(scope));
  return share.length === 0 ? null : share;
}

function refuse(reason: CredentialRefusal): Extract<CredentialOutcome, { kind: 'refused' }> {
  return { kind: 'refused', reason };
}

/** The token of an `Authorization: Bearer` header (RFC 6750 2.1), or null when there is none or it is not one. */
export function readBearerToken(header: string | undefined): string | null {
  const match = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header?.trim() ?? '');
  return match?.[1] ?? null;
}
