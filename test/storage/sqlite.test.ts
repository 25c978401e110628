/** The embedded store keeps the contract of every port. Its own behaviour (files, locks, full disks) is tested in sqlite/. */
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describeAuditStore } from './contract/audit-store.ts';
import { contractRecordKinds } from './contract/contract-world.ts';
import { describeDoorStore } from './contract/door-store.ts';
import { describeEffectOutbox } from './contract/effect-outbox.ts';
import { describeGroupStore } from './contract/group-store.ts';
import { describeLeaseStore } from './contract/lease-store.ts';
import { describeOrganizationStore } from './contract/organization-store.ts';
import { describeRecordStore } from './contract/record-store.ts';
import { describeSeatEventStore } from './contract/seat-event-store.ts';
import { type BreakLedger, describeSeatLedgerStore } from './contract/seat-ledger-store.ts';
import { type BreakBudget, describeSeatBudgetStore } from './contract/seat-budget-store.ts';
import { toldBefore } from './contract/told-before.ts';
import { describeUserCommit } from './contract/user-commit.ts';
import { describeUserLeaves } from './contract/user-leaves.ts';
import { describeUserRace } from './contract/user-race.ts';
import { describeUserStore } from './contract/user-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'furlough-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true }));

const open = () => openSqliteStorage({ path: ':memory:', recordKinds: contractRecordKinds });
const file = join(folder, 'seats.db');
const openFile = () => openSqliteStorage({ path: file, recordKinds: contractRecordKinds });

const breakLedger: BreakLedger = async (_storage, organizationId, by) => {
  const database = new DatabaseSync(file);
  database
    .prepare('UPDATE seat_ledger SET used = used + ?, free = free - ? WHERE organization = ?')
    .run(by, by, organizationId);
  database.close();
};

const breakBudget: BreakBudget = async (_storage, organizationId, department, by) => {
  const database = new DatabaseSync(file);
  database
    .prepare('UPDATE seat_budget SET used = used + ? WHERE organization = ? AND department = ?')
    .run(by, organizationId, department);
  database.close();
};

describeOrganizationStore(open);
describeUserStore(open);
describeUserLeaves(open);
describeGroupStore(open);
describeUserCommit(open);
describeUserCommit(toldBefore(open));
describeUserRace(open);
describeUserRace(toldBefore(open));
describeSeatLedgerStore(openFile, breakLedger);
describeSeatEventStore(open);
describeSeatBudgetStore(openFile, breakBudget);
describeSeatBudgetStore(toldBefore(openFile), breakBudget);
describeRecordStore(open);
describeEffectOutbox(open);
describeAuditStore(open);
describeLeaseStore(open);
describeDoorStore(open);
