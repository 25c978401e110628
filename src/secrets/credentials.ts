// Credentials as the administrator sees them: issue, list, revoke, rotate. Each change carries its audit entry in the same write.
// Authenticating with one is credential-authentication.ts; the plain secret exists only in the answer that made it.

import type { AppId } from '#directory/app.ts';
import { hasEnded, ownEndOf, type Credential, type CredentialKind, type IssuerTrust } from '#directory/credential.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import {
  createTimeOrderedId,
  type ChangeId,
  type ConnectionId,
  type CredentialId,
  type Instant,
  type OrganizationId,
  type RandomBytes,
  type UserId,
} from '#directory/identifiers.ts';
import { findApp } from '#storage/app-records.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { auditCredential, describeCredential } from './credential-audit.ts';
import { createCredentialSecret, hashSecret, sealedPlaceOf, trustRecordId } from './credential-secret.ts';
import type { Sealing } from './sealing.ts';

export interface NewCredential {
  readonly kind: CredentialKind;
  readonly name: string;
  readonly connection?: ConnectionId;
  /** Only of kind `app`. */
  readonly app?: AppId;
  readonly owner?: UserId;
  readonly scopes?: readonly string[];
  readonly expiresAt?: number;
  /** Set by configuration instead of made here: 32 characters or more, checked there. */
  readonly secret?: string;
}

export interface IssuedCredential {
  readonly credential: Credential;
  /** To be shown once. */
  readonly secret: string;
  readonly change: ChangeId;
}

export interface RotatedCredential extends IssuedCredential {
  /** From when on the old secret is refused; null: its end could not be written and it works on until it is revoked. */
  readonly oldEndsAt: Instant | null;
  /** What kept the old one from being ended. */
  readonly trouble?: unknown;
}

export interface CredentialsContext {
  readonly storage: Pick<Storage, 'records' | 'users' | 'settled'>;
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  readonly wakeRelay: () => void;
  /** Keeps secrets that are signed with (kind `hr`). */
  readonly seal: Sealing['seal'];
}

export interface Credentials {
  /** Throws `DirectoryError` `connectionNotFound`, `appNotFound`, `userNotFound` (owner), `invalidValue` (expiry in the past; a given secret that is in use). */
  issue(organizationId: OrganizationId, request: NewCredential, by: ChangeContext): Promise<IssuedCredential>;
  /** One without a secret, whose client proves itself by assertions of an issuer. Throws as `issue` does. */
  trustIssuer(
    organizationId: OrganizationId,
    request: Omit<NewCredential, 'secret'>,
    trust: IssuerTrust,
    by: ChangeContext,
  ): Promise<Omit<IssuedCredential, 'secret'>>;
  get(organizationId: OrganizationId, id: CredentialId): Promise<Credential | null>;
  /** All of the organisation, newest first; `owner` narrows to what one user owns. */
  list(organizationId: OrganizationId, owner?: UserId): Promise<readonly Credential[]>;
  /** All that belong to a connection, newest first. */
  listOfConnection(organizationId: OrganizationId, connection: ConnectionId): Promise<readonly Credential[]>;
  /** From the answer on it is refused. Doing it again changes nothing and answers `change: null`. Throws `credentialNotFound`. */
  revoke(
    organizationId: OrganizationId,
    id: CredentialId,
    by: ChangeContext,
  ): Promise<{ credential: Credential; change: ChangeId | null }>;
  /** Revokes all that belong to a connection; a second call changes nothing. */
  revokeAllOf(organizationId: OrganizationId, connection: ConnectionId, by: ChangeContext): Promise<void>;
  /** A successor with the same rights and the same end; the old one works `overlapMs` longer (0: ends now). Throws `credentialNotFound`, `invalidValue` for one that has ended. */
  rotate(
    organizationId: OrganizationId,
    id: CredentialId,
    overlapMs: number,
    by: ChangeContext,
  ): Promise<RotatedCredential>;
}

const pieceOfList = 200;

export function createCredentials(context: CredentialsContext): Credentials {
  const records = context.storage.records(credentialRecords);
  const connections = context.storage.records(connectionRecords);
  return { issue, trustIssuer, get, list, listOfConnection, revoke, revokeAllOf, rotate };

  async function issue(
    organizationId: OrganizationId,
    request: NewCredential,
    by: ChangeContext,
  ): Promise<IssuedCredential> {
    const secret = request.secret ?? createCredentialSecret(request.kind, context.randomBytes);
    const begun = await begin(organizationId, request);
    const credential: Credential = {
      ...begun,
      secretHash: hashSecret(secret),
      ...(begun.kind === 'hr' ? { sealedSecret: context.seal(secret, sealedPlaceOf(begun)) } : {}),
      lastFour: secret.slice(-4),
    };
    return { credential, secret, change: await insert(credential, 'credential.issued', by) };
  }

  async function trustIssuer(
    organizationId: OrganizationId,
    request: NewCredential,
    trust: IssuerTrust,
    by: ChangeContext,
  ): Promise<Omit<IssuedCredential, 'secret'>> {
    const begun = await begin(organizationId, request);
    const credential: Credential = { ...begun, trust, secretHash: trustRecordId(begun.id), lastFour: '' };
    return { credential, change: await insert(credential, 'credential.issued', by) };
  }

  async function begin(
    organizationId: OrganizationId,
    request: NewCredential,
  ): Promise<Omit<Credential, 'secretHash' | 'lastFour'>> {
    await assertBelongs(organizationId, request);
    const now = context.now();
    if (request.expiresAt !== undefined && request.expiresAt <= now) {
      throw new DirectoryError('invalidValue', 'expiresAt lies in the past.', { field: 'expiresAt' });
    }
    return {
      id: createTimeOrderedId(now, context.randomBytes) as CredentialId,
      organizationId,
      kind: request.kind,
      name: request.name,
      ...(request.connection === undefined ? {} : { connection: request.connection }),
      ...(request.app === undefined ? {} : { app: request.app }),
      ...(request.owner === undefined ? {} : { owner: request.owner }),
      scopes: request.scopes ?? [],
      createdAt: now,
      ...(request.expiresAt === undefined ? {} : { expiresAt: request.expiresAt }),
    };
  }

  async function insert(credential: Credential, action: string, by: ChangeContext): Promise<ChangeId> {
    const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
    const effects = auditCredential(context, credential, action, by, change, { after: describeCredential(credential) });
    const record = { id: credential.secretHash, organizationId: credential.organizationId, value: credential };
    if (!(await records.insertOnce(record, effects)))
      throw new DirectoryError('invalidValue', 'This secret is in use already.', { field: 'secret' });
    context.wakeRelay();
    return change;
  }

  async function assertBelongs(organizationId: OrganizationId, request: NewCredential): Promise<void> {
    if (request.app !== undefined) {
      const app = await findApp(context.storage, organizationId, request.app, context.now());
      if (app === null) throw new DirectoryError('appNotFound', `There is no app ${request.app}.`);
    }
    if (request.connection !== undefined) {
      const found = await connections.get(connectionRecordId(organizationId, request.connection), context.now());
      if (found === null)
        throw new DirectoryError('connectionNotFound', `There is no connection ${request.connection}.`);
    }
    if (request.owner !== undefined) {
      const owner = await context.storage.users.get(organizationId, request.owner);
      if (owner === null || owner.deletedAt !== undefined) {
        throw new DirectoryError('userNotFound', `There is no user ${request.owner}.`);
      }
    }
  }

  async function find(organizationId: OrganizationId, id: CredentialId): Promise<StoredRecord<Credential> | null> {
    const [record] = await records.list(organizationId, { key: `id=${id}`, limit: 1 }, context.now());
    return record ?? null;
  }

  async function get(organizationId: OrganizationId, id: CredentialId): Promise<Credential | null> {
    return (await find(organizationId, id))?.value ?? null;
  }

  function list(organizationId: OrganizationId, owner?: UserId): Promise<readonly Credential[]> {
    return readAll(organizationId, owner === undefined ? {} : { key: `owner=${owner}` });
  }

  function listOfConnection(organizationId: OrganizationId, connection: ConnectionId): Promise<readonly Credential[]> {
    return readAll(organizationId, { key: `connection=${connection}` });
  }

  /** Records lie in order of their hashes, so the newest are known only once all are read. */
  async function readAll(organizationId: OrganizationId, by: { key?: string }): Promise<readonly Credential[]> {
    const found: Credential[] = [];
    for (let after: string | undefined; ; ) {
      const page = { ...by, ...(after === undefined ? {} : { after }), limit: pieceOfList };
      const piece = await records.list(organizationId, page, context.now());
      found.push(...piece.map(({ value }) => value));
      after = piece.at(-1)?.id;
      if (piece.length < pieceOfList) return found.toSorted((a, b) => (a.id < b.id ? 1 : -1));
    }
  }

  /** Writes what `edit` makes of the credential, again and again until nobody wrote in between; null from `edit` writes nothing. */
  async function replace(
    organizationId: OrganizationId,
    id: CredentialId,
    edit: (credential: Credential) => Credential | null,
    action: string,
    by: ChangeContext,
  ): Promise<{ credential: Credential; change: ChangeId | null }> {
    for (let round = 0; round < 50; round += 1) {
      const record = await find(organizationId, id);
      if (record === null) throw new DirectoryError('credentialNotFound', `There is no credential ${id}.`);
      const edited = edit(record.value);
      if (edited === null) {
        await context.storage.settled();
        return { credential: record.value, change: null };
      }
      const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
      const words = { before: describeCredential(record.value), after: describeCredential(edited) };
      if (
        await records.replace({ ...record, value: edited }, auditCredential(context, edited, action, by, change, words))
      ) {
        context.wakeRelay();
        return { credential: edited, change };
      }
    }
    throw new DirectoryError('tooManyConflicts', `Credential ${id} is being changed too often; try again.`);
  }

  function revoke(organizationId: OrganizationId, id: CredentialId, by: ChangeContext) {
    const edit = (credential: Credential) =>
      credential.revokedAt === undefined ? { ...credential, revokedAt: context.now() } : null;
    return replace(organizationId, id, edit, 'credential.revoked', by);
  }

  async function revokeAllOf(
    organizationId: OrganizationId,
    connection: ConnectionId,
    by: ChangeContext,
  ): Promise<void> {
    for (const credential of await listOfConnection(organizationId, connection)) {
      if (credential.revokedAt === undefined) await revoke(organizationId, credential.id, by);
    }
  }

  async function rotate(
    organizationId: OrganizationId,
    id: CredentialId,
    overlapMs: number,
    by: ChangeContext,
  ): Promise<RotatedCredential> {
    const old = await get(organizationId, id);
    if (old === null) throw new DirectoryError('credentialNotFound', `There is no credential ${id}.`);
    const now = context.now();
    if (old.trust !== undefined)
      throw new DirectoryError('invalidValue', 'This credential trusts an issuer: it has no secret to be rotated.');
    if (hasEnded(old, now)) throw new DirectoryError('invalidValue', 'This credential has ended; issue a new one.');
    const { kind, name, connection, app, owner, scopes } = old;
    const expiresAt = ownEndOf(old);
    const issued = await issue(
      organizationId,
      {
        kind,
        name,
        scopes,
        ...(connection === undefined ? {} : { connection }),
        ...(app === undefined ? {} : { app }),
        ...(owner === undefined ? {} : { owner }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      },
      by,
    );
    const end = now + overlapMs;
    const edit = (credential: Credential): Credential | null => {
      if (hasEnded(credential, now) || (credential.expiresAt ?? Infinity) <= end) return null;
      if (overlapMs === 0) return { ...credential, revokedAt: now };
      return { ...credential, expiresAt: end, endBeforeRotation: ownEndOf(credential) ?? null };
    };
    try {
      const { credential } = await replace(organizationId, id, edit, 'credential.rotated', by);
      return { ...issued, oldEndsAt: Math.min(credential.revokedAt ?? end, credential.expiresAt ?? end) };
    } catch (trouble) {
      // The successor exists, and this answer is the only place where its secret is.
      return { ...issued, oldEndsAt: null, trouble };
    }
  }
}
