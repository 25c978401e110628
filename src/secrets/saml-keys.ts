// The keys of our side of a SAML connection: one to sign requests and metadata, one for identity providers to encrypt to. Each connection has its
// own, made when first needed and sealed. To replace one a second is published beside it; the older one signs until it is removed, and both
// decrypt (gate.md 2.5). Who may replace them is the admin API's business.

import type { Effect } from '#directory/effect.ts';
import {
  createTimeOrderedId,
  type ConnectionId,
  type Instant,
  type OrganizationId,
  type RandomBytes,
} from '#directory/identifiers.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import {
  samlKeyRecordId,
  samlKeyRecords,
  type SamlKeyUse,
  type StoredSamlKey,
  type StoredSamlKeys,
} from '#storage/saml-key-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import type { CreateRsaKey } from './rsa-key.ts';
import type { Sealing } from './sealing.ts';
import { createCertifiedKey, type CertifiedKey } from './self-signed-certificate.ts';

/** What is shown of a key. */
export type SamlKey = Omit<StoredSamlKey, 'sealedPrivateKey'>;

/** Whose keys. */
export interface KeyOwner {
  readonly organizationId: OrganizationId;
  readonly id: ConnectionId;
}

export interface SamlKeys {
  /** What is published, in order of age. A use without a key gets one. Throws `StorageError`. */
  published(owner: KeyOwner, uses: readonly SamlKeyUse[]): Promise<readonly SamlKey[]>;
  /** What there is; makes nothing. */
  list(owner: KeyOwner): Promise<readonly SamlKey[]>;
  /** The key that signs: the oldest, which the other side knows longest. Throws `StorageError`, `SealError`. */
  signer(owner: KeyOwner): Promise<CertifiedKey>;
  /** Private keys that decrypt, PEM; none if none was ever published. Throws `StorageError`, `SealError`. */
  decrypters(owner: KeyOwner): Promise<readonly string[]>;
  /** Publishes one more key, the effects in the same write; null where two of this use are there already. */
  add(
    owner: KeyOwner,
    use: SamlKeyUse,
    effects: (added: SamlKey) => readonly Effect[],
  ): Promise<readonly SamlKey[] | null>;
  /** Takes a key away at once; `last` where it is the only one of its use. */
  remove(
    owner: KeyOwner,
    keyId: string,
    effects: (removed: SamlKey) => readonly Effect[],
  ): Promise<readonly SamlKey[] | 'unknown' | 'last'>;
  /** Takes all keys away: their connection is gone. */
  forget(owner: KeyOwner): Promise<void>;
}

export interface SamlKeysContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly now: () => Instant;
  readonly randomBytes: RandomBytes;
  readonly sealing: Sealing;
  /** In place of a key made on the spot. */
  readonly createRsaKey?: CreateRsaKey;
}

/** The other side pins the key; the date only has to be further away than anybody's patience with it. */
const lifeMs = 10 * 365 * 86_400_000;
const dayMs = 86_400_000;
const rounds = 20;

export function createSamlKeys(context: SamlKeysContext): SamlKeys {
  const { storage, now, randomBytes, sealing } = context;
  const records = storage.records(samlKeyRecords);
  const idOf = ({ organizationId, id }: KeyOwner): string => samlKeyRecordId(organizationId, id);
  const find = (owner: KeyOwner): Promise<StoredRecord<StoredSamlKeys> | null> => records.get(idOf(owner), now());

  async function make(owner: KeyOwner, use: SamlKeyUse): Promise<StoredSamlKey> {
    const id = createTimeOrderedId(now(), randomBytes);
    // Clocks differ: a key must not seem to come from the future.
    const words = { commonName: `Furlough ${use}`, notBefore: now() - dayMs, notAfter: now() + lifeMs };
    const { certificatePem, privateKeyPem } = await createCertifiedKey(words, randomBytes, context.createRsaKey);
    return {
      id,
      use,
      certificatePem,
      sealedPrivateKey: sealing.seal(privateKeyPem, placeOf(owner, id)),
      createdAt: now(),
    };
  }

  /** Writes keys beside those that were read; false when somebody else wrote first. */
  async function write(
    owner: KeyOwner,
    before: StoredRecord<StoredSamlKeys> | null,
    keys: readonly StoredSamlKey[],
    effects: readonly Effect[] = [],
  ): Promise<boolean> {
    const value: StoredSamlKeys = { connection: owner.id, keys };
    if (before !== null) return records.replace({ ...before, value }, effects);
    return records.insertOnce({ id: idOf(owner), organizationId: owner.organizationId, value }, effects);
  }

  async function ensure(owner: KeyOwner, uses: readonly SamlKeyUse[]): Promise<readonly StoredSamlKey[]> {
    const made = new Map<SamlKeyUse, StoredSamlKey>();
    for (let round = 0; round < rounds; round += 1) {
      const record = await find(owner);
      const keys = record?.value.keys ?? [];
      const missing = uses.filter((use) => keys.every((key) => key.use !== use));
      if (missing.length === 0) return keys;
      for (const use of missing) made.set(use, made.get(use) ?? (await make(owner, use)));
      const added = missing.flatMap((use) => made.get(use) ?? []);
      if (await write(owner, record, [...keys, ...added])) return [...keys, ...added];
    }
    throw conflict();
  }

  const unseal = (owner: KeyOwner, key: StoredSamlKey): string =>
    sealing.unseal(key.sealedPrivateKey, placeOf(owner, key.id));

  return {
    published: async (owner, uses) => (await ensure(owner, uses)).filter(({ use }) => uses.includes(use)).map(show),
    list: async (owner) => ((await find(owner))?.value.keys ?? []).map(show),
    async signer(owner) {
      const key = (await ensure(owner, ['signing'])).find(({ use }) => use === 'signing');
      if (key === undefined) throw new TypeError('There is no key that signs.');
      return { privateKeyPem: unseal(owner, key), certificatePem: key.certificatePem };
    },
    async decrypters(owner) {
      const keys = (await find(owner))?.value.keys ?? [];
      return keys.filter(({ use }) => use === 'encryption').map((key) => unseal(owner, key));
    },
    async add(owner, use, effects) {
      let made: StoredSamlKey | undefined;
      for (let round = 0; round < rounds; round += 1) {
        const keys = await ensure(owner, [use]);
        const record = await find(owner);
        if (record === null || record.value.keys.length < keys.length) continue;
        if (record.value.keys.filter((key) => key.use === use).length > 1) return null;
        made ??= await make(owner, use);
        const all = [...record.value.keys, made];
        if (await write(owner, record, all, effects(show(made)))) return all.map(show);
      }
      throw conflict();
    },
    async remove(owner, keyId, effects) {
      for (let round = 0; round < rounds; round += 1) {
        const record = await find(owner);
        const key = record?.value.keys.find(({ id }) => id === keyId);
        if (record === null || key === undefined) return 'unknown';
        const rest = record.value.keys.filter(({ id }) => id !== keyId);
        if (rest.every(({ use }) => use !== key.use)) return 'last';
        if (await write(owner, record, rest, effects(show(key)))) return rest.map(show);
      }
      throw conflict();
    },
    forget: async (owner) => void (await records.delete(idOf(owner))),
  };
}

function show({ sealedPrivateKey: _sealed, ...key }: StoredSamlKey): SamlKey {
  return key;
}

function conflict(): StorageError {
  return new StorageError('unavailable', 'The keys of this connection are being changed too often.');
}

function placeOf({ organizationId, id }: KeyOwner, keyId: string) {
  return { organization: organizationId, collection: 'samlKeys', field: 'privateKey', id: `${id}/${keyId}` };
}
