// The write side and the relay on one store, without a server around them: for tests that crash it, crowd it, or hold it against a model.

import { createAuditTrail, type AuditTrail } from '#audit/audit-chain.ts';
import type { GateContext } from '#gate/gate-context.ts';
import { endSessionsOfUser } from '#gate/sessions/end-sessions.ts';
import { sessionRecords } from '#gate/sessions/session.ts';
import { keepNotice } from '#notices/keep-notice.ts';
import { noticeRecords } from '#notices/notice-records.ts';
import { deletedNameRecords } from '#provisioning/deleted-names.ts';
import { moveLeaves } from '#provisioning/move-leaves.ts';
import { runDue } from '#provisioning/run-due.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { seatContractRecords } from '#storage/seat-contract-records.ts';
import { createProvisioning, type Provisioning } from '#provisioning/provisioning.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { keepSeatEvents } from '#provisioning/seat-history.ts';
import { sweepSeats } from '#provisioning/seat-sweep.ts';
import { createEffectRelay, deadLetterRecords, type EffectRelay } from '#signals/effect-relay.ts';
import { customSchemaRecords } from '#storage/custom-schema-records.ts';
import { departmentRecords, departmentTreeRecords } from '#storage/department-records.ts';
import { seatDayRecords } from '#storage/seat-history-records.ts';
import type { Storage } from '#storage/storage.ts';
import type { AnnouncedKind } from '#storage/record-store.ts';
import { randomBytes } from 'node:crypto';

const auditKey = new Uint8Array(32).fill(7);

/** The kinds of records it needs: a store is opened with them. */
export const sideRecordKinds: readonly AnnouncedKind[] = [
  sessionRecords,
  deadLetterRecords,
  departmentRecords,
  departmentTreeRecords,
  customSchemaRecords,
  deletedNameRecords,
  noticeRecords,
  seatContractRecords,
  seatDayRecords,
];

/** The write side and the relay on one store. */
export interface Side extends Provisioning {
  readonly storage: Storage;
  readonly relay: EffectRelay;
  readonly audit: AuditTrail;
  /** What the server does by itself every few seconds. */
  sweep(): Promise<void>;
  /** What the schedule does: leaves, reservations and rows of the contract whose time has come. */
  catchUp(organizationId: OrganizationId): Promise<void>;
  /** What goes on behind the answers is done. */
  finished(): Promise<void>;
}

/** `now` is the write side's clock; the sweeps and the relay follow the store's. */
export function createSide(storage: Storage, now: () => number = Date.now): Side {
  const behind: Promise<unknown>[] = [];
  const audit = createAuditTrail(storage.audit, auditKey);
  const context: ProvisioningContext = {
    storage,
    now,
    randomBytes,
    nameKey: new Uint8Array(32),
    // The relay is an operation of its own here.
    wakeRelay: () => undefined,
    continueLater: (work) => void behind.push(work()),
    reportTrouble: () => undefined,
  };
  const gate = { storage, now, randomBytes: context.randomBytes } as GateContext;
  const relay = createEffectRelay({
    storage,
    reportTrouble: () => undefined,
    carriers: {
      audit: (effect) => audit.append(effect),
      async endSessions({ organizationId, body }) {
        if (body.kind === 'endSessions')
          await endSessionsOfUser(gate, organizationId, body.userId, body.epoch, body.cause);
      },
      seat: (effect) => keepSeatEvents({ storage }, [effect]),
      notice: (effect) => keepNotice(storage, effect),
      // No app is opened here.
      endAppSessions: () => Promise.resolve(),
    },
  });
  return {
    ...createProvisioning(context),
    sweep: () => sweepSeats(context),
    async catchUp(organizationId) {
      await moveLeaves(context, organizationId);
      await runDue(context);
    },
    storage,
    relay,
    audit,
    async finished() {
      while (behind.length > 0) await behind.pop();
    },
  };
}
