// The audit trail: per organisation a chain of entries, each sealed by an HMAC over its content and the hash before it.
// The key lies outside the store, so whoever can write the store alone cannot forge a chain.

import { createHmac } from 'node:crypto';
import type { Effect } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { AuditEntry, AuditStore } from '#storage/audit-store.ts';
import { StorageError } from '#storage/storage-error.ts';
import { toCanonicalJson } from './canonical-json.ts';

/** What stands before the first entry. */
export const chainStart = '0'.repeat(64);

export interface AuditTrail {
  /** Appends the entry of an `audit` effect; the second time it is in the chain already and nothing happens. */
  append(effect: Effect): Promise<void>;
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
    verify: (organizationId) => verify(store, key, organizationId),
  };
}

async function append(store: AuditStore, key: Uint8Array, effect: Effect): Promise<void> {
  if (effect.body.kind !== 'audit') throw new TypeError(`an ${effect.body.kind} effect is no audit entry`);
  for (let tries = 0; tries < 1_000; tries += 1) {
    const last = await store.last(effect.organizationId);
    const unsealed = {
      organizationId: effect.organizationId,
      seq: (last?.seq ?? 0) + 1,
      at: effect.at,
      eventId: effect.id,
      event: effect.body.event,
      prevHash: last?.hash ?? chainStart,
    };
    const outcome = await store.insert({ ...unsealed, hash: sealOf(unsealed, key) });
    if (outcome !== 'seqTaken') return;
  }
  throw new StorageError('unavailable', 'the audit chain is being written too often');
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
