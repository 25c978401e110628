// The embedded store as a whole: opens one database file, brings its schema up to date, assembles the ports, closes.
// For one serving process per file, with commands beside it; several nodes need MongoDB.

import { closeSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RecordKind, RecordStore } from '../record-store.ts';
import { StorageError } from '../storage-error.ts';
import type { Storage, StorageOptions } from '../storage.ts';
import { createSqliteAuditStore } from './sqlite-audit-store.ts';
import { createSqliteDoorStore } from './sqlite-door-store.ts';
import { createAddEffects, createSqliteEffectOutbox } from './sqlite-effect-outbox.ts';
import { createSqliteGroupStore } from './sqlite-group-store.ts';
import { createSqliteLeaseStore } from './sqlite-lease-store.ts';
import { createSqliteOrganizationStore } from './sqlite-organization-store.ts';
import { createRecentRecords } from './sqlite-recent-records.ts';
import { createSqliteRecordStore, prepareRecordStatements } from './sqlite-record-store.ts';
import { migrateSchema } from './sqlite-schema.ts';
import { createSqliteSeatEventStore } from './sqlite-seat-event-store.ts';
import { createSqliteSeatBudgetStore } from './sqlite-seat-budget-store.ts';
import { createSqliteLedger, createSqliteSeatLedgerStore } from './sqlite-seat-ledger-store.ts';
import { acquireServeLock, type ServeLock } from './sqlite-serve-lock.ts';
import { openConnection, type SqliteConnection } from './sqlite-transaction.ts';
import { createSqliteUserCommit } from './sqlite-user-commit.ts';
import { createSqliteUserStore } from './sqlite-user-store.ts';

export interface SqliteStorageOptions extends StorageOptions {
  /** The database file, or `:memory:`. The file and its folder are made when missing, for this account only. */
  readonly path: string;
  /** Hold the lock of the one serving process for as long as the storage is open; commands leave it out. */
  readonly exclusiveServe?: boolean;
}

/**
 * Opens the embedded store. Throws `StorageError`: `unavailable` when the file cannot be used or another process serves it,
 * `incompatible` when it belongs to another program or a newer version.
 */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<Storage> {
  const path = createFile(options.path);
  const lock = options.exclusiveServe === true ? await acquireServeLock(path) : undefined;
  let connection: SqliteConnection | undefined;
  try {
    connection = openConnection(path);
    await migrateSchema(connection);
    return createSqliteStorage(connection, options, lock);
  } catch (error) {
    connection?.close();
    lock?.release();
    throw error;
  }
}

/** The ports over a connection whose schema is up to date. Closing them closes the connection and releases the lock. */
export function createSqliteStorage(connection: SqliteConnection, options: StorageOptions, lock?: ServeLock): Storage {
  const addEffects = createAddEffects(connection);
  const ledgers = createSqliteLedger(connection);
  const statements = prepareRecordStatements(connection);
  const recent = createRecentRecords(connection);
  const recordKinds = new Set(options.recordKinds.map(({ name }) => name));
  const anyOrganization = connection.prepare<{ id: string }>('SELECT id FROM organization LIMIT 1');

  // A command beside that still carries out what it claimed does no harm: carrying out twice is as good as once.
  const freeClaims = connection.prepare('UPDATE outbox SET leased = 0, due_at = 0 WHERE leased = 1');
  const freeLeases = connection.prepare('UPDATE lease SET until = 0 WHERE until > 0');

  return {
    kind: 'sqlite',
    organizations: createSqliteOrganizationStore(connection, ledgers, addEffects),
    users: createSqliteUserStore(connection, createSqliteUserCommit(connection, ledgers, addEffects)),
    groups: createSqliteGroupStore(connection, addEffects),
    seats: createSqliteSeatLedgerStore(connection, ledgers, addEffects),
    seatEvents: createSqliteSeatEventStore(connection),
    budgets: createSqliteSeatBudgetStore(connection, ledgers, addEffects),
    effects: createSqliteEffectOutbox(connection),
    audit: createSqliteAuditStore(connection),
    leases: createSqliteLeaseStore(connection),
    doors: createSqliteDoorStore(connection),
    records<Value>(kind: RecordKind<Value>): RecordStore<Value> {
      if (!recordKinds.has(kind.name)) {
        throw new StorageError(
          'incompatible',
          `Records of kind ${kind.name} were not announced when the store was opened.`,
        );
      }
      return createSqliteRecordStore(connection, statements, addEffects, recent, kind);
    },
    async takeOver() {
      // Whether the predecessor's last flushes succeeded nobody can tell any more: what is written from here on stands on a file that was flushed.
      await connection.read(() => connection.exec('PRAGMA wal_checkpoint(PASSIVE)'));
      await connection.write(() => {
        freeClaims.run();
        freeLeases.run();
      });
    },
    settled: () => connection.settled(),
    async ping() {
      await connection.read(() => anyOrganization.get());
    },
    isEmpty: () => connection.read(() => anyOrganization.get() === undefined),
    close() {
      connection.close();
      lock?.release();
      return Promise.resolve();
    },
  };
}

/**
 * Makes folder and file readable by this account only. An existing file is not even opened: closing it would drop SQLite's locks. Answers where the
 * file is in fact: SQLite keeps its log beside that, and through whatever link it is served, it is served once.
 */
function createFile(path: string): string {
  if (path === ':memory:') return path;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      closeSync(openSync(path, 'wx', 0o600));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return realpathSync(path);
  } catch (error) {
    throw new StorageError('unavailable', `The database file ${path} cannot be made.`, error);
  }
}
