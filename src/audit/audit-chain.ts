// The audit trail: per organisation a chain of entries, each sealed by an HMAC over its content and the hash before it.
// The key lies outside the store, so whoever can write the store alone cannot forge a chain.

import { createHmac } from 'node:crypto';
import { toCanonicalJson } from '#canonical-json.ts';
import type { Effect } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { AuditEntry, AuditStore } from '#storage/audit-store.ts';
import { StorageError } from '#storage/storage-error.ts';

/** What stands before the first entry. */
export const chainStart = '0'.repeat(64);

export interface AuditTrail {
  /** Appends the entry of an `audit` effect; the second time it is in the chain already and nothing happens. */
  append(effect: Effect): Promise<void>;
  /** The same for several, of any organisations, in their order: one write for those of one organisation, as long as nobody else appends. */
  appendAll(effects: readonly Effect[]): Promise<void>;
  verify(organizationId: OrganizationId): Promise<AuditVerification>;
}

export type AuditVerification =
  | { readonly intact: true; readonly entries: number; readonly head: string }
  /** `seq` is the first entry that is wrong: missing, repeated, changed or not chained. */
  | {
      readonly intact: false;
      readonly entries: number;
      readonly seq: number;
      readonly fault: 'missing' | 'notChained' | 'changed';
    };

export function createAuditTrail(store: AuditStore, key: Uint8Array): AuditTrail {
  return {
    append: (effect) => append(store, key, effect),
    appendAll: (effects) => appendAll(store, key, effects),
    verify: (organizationId) => verify(store, key, organizationId),
  };
}

async function append(store: AuditStore, key: Uint8Array, effect: Effect): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const entry = chain(effect, await store.last(effect.organizationId), key);
    if ((await store.insert(entry)) !== 'seqTaken') return;
  }
  throw new StorageError('unavailable', 'the audit chain is being written too often');
}

async function appendAll(store: AuditStore, key: Uint8Array, effects: readonly Effect[]): Promise<void> {
  for (const organizationId of new Set(effects.map((effect) => effect.organizationId))) {
    let left = effects.filter((effect) => effect.organizationId === organizationId);
    while (left.length > 1) {
      let last = await store.last(organizationId);
      const entries = left.map((effect) => (last = chain(effect, last, key)));
      const inserted = await store.insertInOrder(entries);
      // The one that could not be inserted is known already, or its number is taken: `append` finds out.
      const stopped = left[inserted];
      if (stopped === undefined) break;
      await append(store, key, stopped);
      left = left.slice(inserted + 1);
    }
    const [only] = left;
    if (left.length === 1 && only !== undefined) await append(store, key, only);
  }
}

/** The entry of `effect` after `last`. */
function chain(effect: Effect, last: AuditEntry | null, key: Uint8Array): AuditEntry {
  const { organizationId, at, id, body } = effect;
  if (body.kind !== 'audit') throw new TypeError(`an ${body.kind} effect is no audit entry`);
  const unsealed = {
    organizationId,
    seq: (last?.seq ?? 0) + 1,
    at,
    eventId: id,
    event: body.event,
    prevHash: last?.hash ?? chainStart,
  };
  return { ...unsealed, hash: sealOf(unsealed, key) };
}

async function verify(store: AuditStore, key: Uint8Array, organizationId: OrganizationId): Promise<AuditVerification> {
  let entries = 0;
  let prevHash = chainStart;
  for (;;) {
    const page = await store.list(organizationId, { after: entries, limit: 500 });
    for (const entry of page) {
      const seq = entries + 1;
      if (entry.seq !== seq) return { intact: false, entries, seq, fault: 'missing' };
      if (entry.prevHash !== prevHash) return { intact: false, entries, seq, fault: 'notChained' };
      if (sealOf(entry, key) !== entry.hash) return { intact: false, entries, seq, fault: 'changed' };
      entries = seq;
      prevHash = entry.hash;
    }
    if (page.length === 0) return { intact: true, entries, head: prevHash };
  }
}

/** HMAC-SHA-256, hex, over everything but the seal itself. */
export function sealOf(entry: Omit<AuditEntry, 'hash'>, key: Uint8Array): string {
  const { organizationId, seq, at, eventId, event, prevHash } = entry;
  return createHmac('sha256', key)
    .update(toCanonicalJson({ organizationId, seq, at, eventId, event, prevHash }))
    .digest('hex');
}
