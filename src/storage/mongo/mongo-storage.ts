// Opens the MongoDB adapter: connects, prepares indexes, puts the ports together, closes. Standalone server, replica set and sharded
// cluster alike: nothing here needs transactions, change streams, TTL or partial indexes (model.md, "Seats").

import type { Model } from 'mongoose';
import type { RecordKind, RecordStore } from '../record-store.ts';
import { StorageError } from '../storage-error.ts';
import type { Storage, StorageOptions } from '../storage.ts';
import { createAuditStore, defineAuditEntries } from './mongo-audit-store.ts';
import { createStoreClock } from './mongo-clock.ts';
import { connectMongo } from './mongo-connection.ts';
import { createDoorStore } from './mongo-door-store.ts';
import { createEffectOutbox, type EffectCarriers } from './mongo-effect-outbox.ts';
import { guard, toStorageError } from './mongo-errors.ts';
import { defineGroups, defineMembers } from './mongo-group-document.ts';
import { createFreshEffects } from './mongo-fresh-effects.ts';
import { createGroupStore } from './mongo-group-store.ts';
import { createLeaseStore, defineLeases } from './mongo-lease-store.ts';
import { createSeatBatches } from './mongo-seat-batches.ts';
import { createLedgers, defineLedgers, insertLedger } from './mongo-ledger.ts';
import { createOrganizationStore, defineOrganizations } from './mongo-organization-store.ts';
import { createRecordStore, defineRecords, type RecordModel } from './mongo-record-store.ts';
import { prepareSchema } from './mongo-schema.ts';
import { createSeatEventStore, seatEventRecords } from './mongo-seat-event-store.ts';
import { createSeatBudgetStore } from './mongo-seat-budget-store.ts';
import { createSeatLedgerStore } from './mongo-seat-ledger-store.ts';
import { createSeatMovement } from './mongo-seat-movement.ts';
import { createUserCommit } from './mongo-user-commit.ts';
import { defineUsers } from './mongo-user-document.ts';
import { createUserStore } from './mongo-user-store.ts';

/**
 * Connects to the database the address names and makes its indexes. Throws `StorageError`: `unavailable` when nobody
 * answers, `incompatible` for a database of a newer program or an address that is none.
 */
export async function openMongoStorage(uri: string, options: StorageOptions): Promise<Storage> {
  const { reportTrouble = () => {} } = options;
  const connection = await connectMongo(uri);
  const close = (): Promise<void> => guard(() => connection.close());
  try {
    const organizations = defineOrganizations(connection);
    const users = defineUsers(connection);
    const ledgerModel = defineLedgers(connection);
    const audit = defineAuditEntries(connection);
    const leases = defineLeases(connection);
    const kinds = options.recordKinds.map((kind) => [kind.name, defineRecords(connection, kind)] as const);
    const records = new Map<string, RecordModel>(kinds);
    const seatEvents = defineRecords(connection, seatEventRecords);
    const groups = defineGroups(connection);
    const members = defineMembers(connection);
    const carrying = options.recordKinds.flatMap(({ name, carriesEffects }) =>
      carriesEffects === true ? (records.get(name) ?? []) : [],
    );
    const carriers = [organizations, users, groups, ledgerModel, ...carrying] as unknown as readonly Model<never>[];
    const indexedRecords = options.withoutRecordIndexes === true ? [] : records.values();
    const indexed = [organizations, users, groups, ledgerModel, audit, members, seatEvents, ...indexedRecords];
    await guard(() => prepareSchema(connection, indexed as unknown as readonly Model<never>[]));

    const fresh = createFreshEffects();
    const clock = createStoreClock(connection);
    const ledgers = createSeatBatches(ledgerModel, createLedgers(ledgerModel, organizations));
    const leaveToSweep = <Value>(step: Promise<Value>): Promise<Value | undefined> =>
      step.catch((error: unknown) => {
        reportTrouble('a seat movement was left to the sweep', toStorageError(error));
        return undefined;
      });
    const movement = createSeatMovement(users, ledgers, leaveToSweep);
    const byName = new Map(carriers.map((model) => [model.modelName, model])) as unknown as EffectCarriers['all'];
    const userStore = createUserStore(users, createUserCommit(users, ledgers, movement, leaveToSweep));
    const organizationStore = createOrganizationStore(organizations, (id, licensed) =>
      insertLedger(ledgerModel, id, licensed),
    );
    const openRecords = <Value>(kind: RecordKind<Value>): RecordStore<Value> => {
      const model = records.get(kind.name);
      if (model === undefined)
        throw new StorageError('incompatible', `The record kind ${kind.name} was not announced.`);
      const store = createRecordStore(model, kind);
      if (kind.carriesEffects !== true) return store;
      const brings = (_record: unknown, effects: readonly unknown[] = []): boolean => effects.length > 0;
      return {
        ...store,
        insert: fresh.watched(model.modelName, store.insert, brings),
        insertOnce: fresh.watched(model.modelName, store.insertOnce, brings),
        replace: fresh.watched(model.modelName, store.replace, brings),
      };
    };
    const groupStore = createGroupStore(groups, members, userStore.known, reportTrouble);
    const seats = createSeatLedgerStore(ledgerModel, users, ledgers, movement, reportTrouble);
    const budgets = createSeatBudgetStore(ledgerModel, ledgers, movement);
    const commits = ({ effects }: { readonly effects: readonly unknown[] }): boolean => effects.length > 0;
    return {
      kind: 'mongodb',
      organizations: {
        ...organizationStore,
        insert: fresh.watched(organizations.modelName, organizationStore.insert, () => true),
        replace: fresh.watched(organizations.modelName, organizationStore.replace, () => true),
      },
      users: { ...userStore, commit: fresh.watched(users.modelName, userStore.commit, commits) },
      groups: { ...groupStore, commit: fresh.watched(groups.modelName, groupStore.commit, commits) },
      seats: {
        ...seats,
        changeContract: fresh.watched(ledgerModel.modelName, seats.changeContract, () => true),
        recount: fresh.watched(ledgerModel.modelName, seats.recount, () => true),
      },
      seatEvents: createSeatEventStore(createRecordStore(seatEvents, seatEventRecords)),
      budgets: { ...budgets, set: fresh.watched(ledgerModel.modelName, budgets.set, () => true) },
      effects: createEffectOutbox({ all: byName, users: users.modelName, fresh }, clock),
      audit: createAuditStore(audit),
      leases: createLeaseStore(leases, clock),
      doors: createDoorStore({ records: openRecords, users: userStore, organizations: organizationStore }),
      records: openRecords,
      takeOver: () => Promise.resolve(),
      // Reads show what a majority has, and that stays.
      settled: () => Promise.resolve(),
      ping: () =>
        guard(async () => {
          await connection.db?.command({ ping: 1 }, { readPreference: 'primary' });
        }),
      isEmpty: () => guard(async () => (await organizations.exists({})) === null),
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}
