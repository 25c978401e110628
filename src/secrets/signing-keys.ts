// The keys an organisation signs with: ID tokens, logout tokens, the identity header of forward-auth. Of each algorithm there is always one that
// signs and one that follows it; both are published, and one that was replaced stays published until what it signed is past (gate.md 4, "keys").

import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { Effect } from '#directory/effect.ts';
import { createTimeOrderedId, type Instant, type OrganizationId, type RandomBytes } from '#directory/identifiers.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import {
  signingKeyRecords,
  type SigningAlgorithm,
  type StoredSigningKey,
  type StoredSigningKeys,
} from '#storage/signing-key-records.ts';
import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import { createRsaKey, type CreateRsaKey } from './rsa-key.ts';
import type { Sealing } from './sealing.ts';

export interface SigningKeySet {
  /** Differs whenever the set does. */
  readonly revision: number;
  readonly rotatedAt: Instant;
  /** What verifiers are shown, RFC 7517 5: the keys that sign, those that follow, those that did. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Private keys, for a library that signs and verifies by itself: of each algorithm the one that signs first, those that did last. */
  readonly privateJwks: { readonly keys: readonly JWK[] };
  /** What is shown to administrators. */
  readonly keys: readonly Omit<StoredSigningKey, 'publicJwk' | 'sealedPrivateJwk'>[];
}

export interface SigningKeys {
  /** Made when first asked for. At most five seconds old; `fresh`: as stored now. Throws `StorageError`, `SealError`. */
  keysOf(organizationId: OrganizationId, fresh?: boolean): Promise<SigningKeySet>;
  /** Since when the present keys sign; null where there are none yet. */
  rotatedAt(organizationId: OrganizationId): Promise<Instant | null>;
  /** A JWT of these claims by the key that signs now; times and audience are the caller's. */
  sign(organizationId: OrganizationId, alg: SigningAlgorithm, typ: string, claims: JWTPayload): Promise<string>;
  /**
   * The keys that follow sign from now on, and new ones follow them. `compromised`: what was published before is withdrawn at once, also what
   * was to follow. `effects` are stored in the same write.
   */
  rotate(
    organizationId: OrganizationId,
    compromised: boolean,
    effects: (kids: readonly string[]) => readonly Effect[],
  ): Promise<SigningKeySet>;
}

export interface SigningKeysContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly now: () => Instant;
  readonly randomBytes: RandomBytes;
  readonly sealing: Sealing;
  /** In place of a key made on the spot. */
  readonly createRsaKey?: CreateRsaKey;
}

const algorithms: readonly SigningAlgorithm[] = ['RS256', 'ES256'];
const knownForMs = 5_000;
/** Longer than anything lives that we sign. */
const publishedForMs = 2 * 86_400_000;
const mostKnown = 1_000;

interface Known {
  readonly at: Instant;
  readonly set: SigningKeySet;
  /** Ready to sign, by algorithm; imported once. */
  readonly signers: Map<SigningAlgorithm, Promise<{ readonly kid: string; readonly key: CryptoKey | Uint8Array }>>;
}

export function createSigningKeys(context: SigningKeysContext): SigningKeys {
  const { storage, now, sealing } = context;
  const records = storage.records(signingKeyRecords);
  const known = new Map<OrganizationId, Known>();
  /** Making the first keys takes long; who asks meanwhile waits for the same ones. */
  const reading = new Map<OrganizationId, Promise<StoredRecord<StoredSigningKeys>>>();

  async function read(organizationId: OrganizationId): Promise<StoredRecord<StoredSigningKeys>> {
    const found = await records.get(organizationId, now());
    if (found !== null) return found;
    const keys = await Promise.all(
      algorithms.flatMap((alg) => [make(organizationId, alg, 'current'), make(organizationId, alg, 'next')]),
    );
    await records.insertOnce({ id: organizationId, organizationId, value: { keys, rotatedAt: now() } });
    const made = await records.get(organizationId, now());
    if (made === null) throw new StorageError('unavailable', 'The signing keys that were just made cannot be read.');
    return made;
  }

  async function make(
    organizationId: OrganizationId,
    alg: SigningAlgorithm,
    state: StoredSigningKey['state'],
  ): Promise<StoredSigningKey> {
    const makeRsaKey = context.createRsaKey ?? createRsaKey;
    const { publicKey, privateKey } =
      alg === 'RS256' ? await makeRsaKey() : await generateKeyPair(alg, { extractable: true });
    const kid = createTimeOrderedId(now(), context.randomBytes);
    const shared = { kid, alg, use: 'sig' };
    const [publicJwk, privateJwk] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)]);
    return {
      kid,
      alg,
      state,
      publicJwk: { ...publicJwk, ...shared },
      sealedPrivateJwk: sealing.seal(JSON.stringify({ ...privateJwk, ...shared }), placeOf(organizationId, kid)),
      createdAt: now(),
    };
  }

  function remember(organizationId: OrganizationId, record: StoredRecord<StoredSigningKeys>): Known {
    const before = known.get(organizationId);
    if (before?.set.revision === record.revision) {
      const confirmed = { ...before, at: now() };
      known.set(organizationId, confirmed);
      return confirmed;
    }
    const shown = record.value.keys.filter(({ until }) => until === undefined || until > now()).toSorted(byUse);
    const unseal = ({ kid, sealedPrivateJwk }: StoredSigningKey): JWK =>
      JSON.parse(sealing.unseal(sealedPrivateJwk, placeOf(organizationId, kid))) as JWK;
    const set: SigningKeySet = {
      revision: record.revision,
      rotatedAt: record.value.rotatedAt,
      jwks: { keys: shown.map(({ publicJwk }) => publicJwk as JWK) },
      privateJwks: { keys: shown.map(unseal) },
      keys: shown.map(({ publicJwk: _public, sealedPrivateJwk: _private, ...key }) => key),
    };
    if (known.size >= mostKnown) known.delete(known.keys().next().value as OrganizationId);
    const fresh: Known = { at: now(), set, signers: new Map() };
    known.set(organizationId, fresh);
    return fresh;
  }

  async function knownOf(organizationId: OrganizationId, fresh: boolean): Promise<Known> {
    const before = known.get(organizationId);
    // A clock that was set back makes nothing younger.
    if (!fresh && before !== undefined && now() >= before.at && now() - before.at < knownForMs) return before;
    if (fresh) return remember(organizationId, await read(organizationId));
    const begun = reading.get(organizationId) ?? read(organizationId).finally(() => reading.delete(organizationId));
    reading.set(organizationId, begun);
    return remember(organizationId, await begun);
  }

  return {
    keysOf: async (organizationId, fresh = false) => (await knownOf(organizationId, fresh)).set,
    rotatedAt: async (organizationId) => (await records.get(organizationId, now()))?.value.rotatedAt ?? null,
    async sign(organizationId, alg, typ, claims) {
      const { set, signers } = await knownOf(organizationId, false);
      let signer = signers.get(alg);
      if (signer === undefined) {
        signer = importSigner(set, alg);
        signers.set(alg, signer);
      }
      const { kid, key } = await signer;
      return new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(key);
    },
    async rotate(organizationId, compromised, effects) {
      for (let round = 0; round < 20; round += 1) {
        const record = await read(organizationId);
        const value = await rotated(organizationId, record.value, compromised);
        const signing = value.keys.filter(({ state }) => state === 'current').map(({ kid }) => kid);
        if (!(await records.replace({ ...record, value }, effects(signing)))) continue;
        known.delete(organizationId);
        return (await knownOf(organizationId, true)).set;
      }
      throw new StorageError('unavailable', 'The signing keys are being changed too often.');
    },
  };

  async function rotated(
    organizationId: OrganizationId,
    { keys }: StoredSigningKeys,
    compromised: boolean,
  ): Promise<StoredSigningKeys> {
    const until = now() + publishedForMs;
    const following = algorithms.map((alg) => make(organizationId, alg, 'next'));
    const signing = compromised
      ? await Promise.all(algorithms.map((alg) => make(organizationId, alg, 'current')))
      : keys.filter(({ state }) => state === 'next').map((key) => ({ ...key, state: 'current' as const }));
    const replaced = compromised
      ? []
      : keys
          .filter(({ state, until: end }) => state === 'current' || (state === 'previous' && (end ?? 0) > now()))
          .map((key) => ({ ...key, state: 'previous' as const, until: key.until ?? until }));
    return { keys: [...signing, ...(await Promise.all(following)), ...replaced], rotatedAt: now() };
  }
}

async function importSigner(set: SigningKeySet, alg: SigningAlgorithm) {
  const kid = set.keys.find((key) => key.alg === alg && key.state === 'current')?.kid;
  const jwk = set.privateJwks.keys.find((key) => key.kid === kid);
  if (kid === undefined || jwk === undefined) throw new TypeError(`There is no key of ${alg} that signs.`);
  return { kid, key: await importJWK(jwk, alg) };
}

const order = { current: 0, next: 1, previous: 2 } as const;

function byUse(left: StoredSigningKey, right: StoredSigningKey): number {
  return order[left.state] - order[right.state];
}

function placeOf(organizationId: OrganizationId, kid: string) {
  return { organization: organizationId, collection: 'signingKeys', field: 'privateJwk', id: kid };
}
