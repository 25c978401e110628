// The library's adapter over our record store. It finds only what is alive: an expired artifact, or one whose person was kept out or whose session
// was ended since it was made, is unknown. What may be used once is used once, on however many nodes: the write is guarded (gate.md 4, O10, O12).

import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { OrganizationId } from '#directory/identifiers.ts';
import { expireRecords } from '#storage/expire-records.ts';
import type { RecordStore } from '#storage/record-store.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { GateContext } from '../gate-context.ts';
import {
  artifactId,
  artifactKeys,
  artifactRecords,
  type Artifact,
  type Bond,
  type StoredArtifact,
} from './artifact.ts';
import { orStoreAway } from './provider-error.ts';
import { bindRequest, bondOf, bondOfRequest, browserOfRequest, doesHold } from './request-bond.ts';

/** Artifacts from which a request goes on; what it makes is bound as they are. */
const sources = new Set(['AuthorizationCode', 'RefreshToken', 'AccessToken']);
const pageSize = 200;

export function createArtifactAdapter(context: GateContext, organizationId: OrganizationId, model: string): Adapter {
  const records: RecordStore<Artifact> = context.storage.records(artifactRecords);
  const idOf = (id: string): string => artifactId(organizationId, model, id);

  const listed = async (key: string): Promise<readonly StoredArtifact[]> => {
    const found: StoredArtifact[] = [];
    for (let after: string | undefined; ; ) {
      const page = { key, limit: pageSize, ...(after === undefined ? {} : { after }) };
      const some = await records.list(organizationId, page, context.now());
      found.push(...some.filter(({ value }) => value.model === model));
      if (some.length < pageSize) return found;
      after = some.at(-1)?.id;
    }
  };

  const isAlive = async ({ value: { bond } }: StoredArtifact): Promise<boolean> => {
    if (bond === undefined) return true;
    if (model === 'Session') return isOfBrowser(bond);
    if (!(await doesHold(context, organizationId, bond))) return false;
    if (sources.has(model)) bindRequest(bond);
    return true;
  };

  /** A session of the provider counts in the browser that has the gate's session it was made by, as long as that one does. */
  const isOfBrowser = async (bond: Bond): Promise<boolean> => {
    const browser = await browserOfRequest(context);
    if (browser.kind !== 'signedIn' || browser.session.organizationId !== organizationId) return false;
    if (browser.session.id !== bond.session || browser.user.epoch !== bond.epoch) return false;
    bindRequest(bondOf(browser.session));
    return true;
  };

  const store = async (id: string, artifact: Artifact, expiresAt: number | undefined): Promise<void> => {
    const record = { id: idOf(id), organizationId, ...(expiresAt === undefined ? {} : { expiresAt }) };
    for (let round = 0; round < 50; round += 1) {
      if (await records.insertOnce({ ...record, value: artifact })) return;
      if (model === 'ReplayDetection') throw new errors.InvalidClientAuth('used before');
      const before = await records.get(record.id, context.now());
      // Only what has expired may go: another request may have stored it anew meanwhile.
      if (before === null) await expireRecords(context.storage, [artifactRecords], context.now());
      else if (await records.replace({ ...before, ...record, value: joined(before.value, artifact) })) return;
    }
    throw new StorageError('unavailable', 'This artifact is being changed too often.');
  };

  return {
    upsert: (id, payload, expiresIn) =>
      orStoreAway(() => {
        const expiresAt = expiresIn === undefined ? undefined : context.now() + expiresIn * 1_000;
        return store(id, toArtifact(model, payload), expiresAt);
      }),
    find: (id) =>
      orStoreAway(async () => {
        const record = await records.get(idOf(id), context.now());
        return record !== null && (await isAlive(record)) ? toPayload(record.value, id) : undefined;
      }),
    findByUid: (uid) =>
      orStoreAway(async () => {
        for (const record of await listed(artifactKeys.ofUid(uid))) {
          const { bond } = record.value;
          if (bond === undefined || (await doesHold(context, organizationId, bond))) return toPayload(record.value);
        }
        return undefined;
      }),
    // No device flow here.
    findByUserCode: () => Promise.resolve(undefined),
    consume: (id) =>
      orStoreAway(async () => {
        for (let round = 0; round < 50; round += 1) {
          const record = await records.get(idOf(id), context.now());
          if (record === null || record.value.consumedAt !== undefined) break;
          if (await records.replace({ ...record, value: { ...record.value, consumedAt: context.now() } })) return;
        }
        throw model === 'PushedAuthorizationRequest'
          ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
          : new errors.InvalidGrant('already used');
      }),
    destroy: (id) => orStoreAway(async () => void (await records.delete(idOf(id)))),
    revokeByGrantId: (grantId) =>
      orStoreAway(async () => {
        for (const { id } of await listed(artifactKeys.ofGrant(model, grantId))) await records.delete(id);
      }),
  };
}

function toArtifact(model: string, { jti: _secret, ...payload }: AdapterPayload): Artifact {
  const bond = bondOfRequest();
  const isVouchedFor = payload.accountId === undefined || bond?.userId === payload.accountId;
  // Who signed in and was kept out at once leaves a session of nobody.
  if (!isVouchedFor && model !== 'Session')
    throw new TypeError(`A ${model} was to be stored for somebody else than the request speaks for.`);
  const rest = isVouchedFor ? payload : withoutPerson(payload);
  const { accountId, grantId, uid, session } = rest;
  // An interaction notes the id of the browser's session, which is a secret too and which nobody reads.
  const { cookie: _cookie, ...plainSession } = (session ?? {}) as Readonly<Record<string, unknown>>;
  return {
    model,
    ...(accountId === undefined || bond === undefined ? {} : { bond }),
    payload: JSON.stringify(session === undefined ? rest : { ...rest, session: plainSession }),
    ...(grantId === undefined || model === 'Interaction' ? {} : { grantId }),
    ...(uid === undefined ? {} : { uid }),
  };
}

function withoutPerson(payload: AdapterPayload): AdapterPayload {
  const { accountId: _account, loginTs: _at, acr: _acr, amr: _amr, authorizations: _apps, ...rest } = payload;
  return rest;
}

/** Two requests of one browser may write its session at once, each for its app: neither loses the other's. */
function joined(before: Artifact, after: Artifact): Artifact {
  // What was used stays used.
  if (before.consumedAt !== undefined) return { ...after, consumedAt: before.consumedAt };
  if (after.model !== 'Session' || after.bond === undefined || before.bond?.session !== after.bond.session)
    return after;
  const [earlier, later] = [before, after].map(({ payload }) => JSON.parse(payload) as AdapterPayload);
  const authorizations = { ...earlier?.authorizations, ...later?.authorizations };
  return { ...after, payload: JSON.stringify({ ...later, authorizations }) };
}

function toPayload({ payload, consumedAt }: Artifact, id?: string): AdapterPayload {
  return {
    ...(JSON.parse(payload) as AdapterPayload),
    ...(id === undefined ? {} : { jti: id }),
    ...(consumedAt === undefined ? {} : { consumed: Math.floor(consumedAt / 1_000) }),
  };
}
