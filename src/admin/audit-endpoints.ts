// The audit trail: list, newest first, and verify the whole chain.

import type { AuditEntry } from '#storage/audit-store.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, toIso, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, toPage } from './paging.ts';

const base = '/organizations/:org/audit';

export const auditOperations: readonly Operation[] = [
  defineOperation({
    id: 'audit.list',
    method: 'get',
    path: base,
    summary: 'Audit entries, newest first',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.auditEntryAnswer),
    run: async (context, call) => {
      await context.settleEffects();
      const { limit, cursor } = call.query;
      const after = toSeq(readCursor(cursor));
      const page = { limit: limit + 1, newestFirst: true, ...(after === undefined ? {} : { after }) };
      const entries = await context.storage.audit.list(call.organization.id, page);
      const shown = toPage(entries, limit, (entry) => String(entry.seq));
      return { body: { items: shown.items.map(toAuditAnswer), next: shown.next } };
    },
  }),
  defineOperation({
    id: 'audit.verify',
    method: 'post',
    path: `${base}/verify`,
    summary: 'Verify the chain from its first entry',
    answer: contract.auditVerified,
    readsOnly: true,
    run: async (context, call) => {
      await context.settleEffects();
      const verification = await context.audit.verify(call.organization.id);
      context.metrics.auditChainOk.set({ organization: call.organization.id }, verification.intact ? 1 : 0);
      return { body: verification };
    },
  }),
];

function toSeq(place: string | undefined): number | undefined {
  if (place === undefined) return undefined;
  if (!/^\d{1,15}$/.test(place))
    throw new AdminError('invalidCursor', 'This cursor is none of ours; start again without one.');
  return Number(place);
}

export function toAuditAnswer(entry: AuditEntry) {
  const { seq, at, event, prevHash, hash } = entry;
  return { seq, at: toIso(at), ...event, prevHash, hash };
}
