// One connection to the database file: typed statements, reads, and write transactions that wait for other processes without
// stopping the event loop. The driver is synchronous, so within this process transactions never overlap.

import { createBreath } from '#breath.ts';
import { DatabaseSync } from '@photostructure/sqlite';
import { StorageError } from '../storage-error.ts';
import { isBusy, toStorageError } from './sqlite-errors.ts';
import { createGroupCommit, type Database, pause } from './sqlite-group-commit.ts';
import { createLogFlush, type LogFlush } from './sqlite-log-flush.ts';

/** After so much work without a pause the event loop gets its turn: the driver is synchronous, and a loop of awaits alone would starve it. */
const breathAfterMs = 10;

/** How long a lock of another process is waited for before the store counts as unavailable. */
const patienceMs = 5_000;

export type SqlValue = string | number | null;

/** A statement prepared once. */
export interface SqliteStatement<Row> {
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): readonly Row[];
  /** How many rows were changed. */
  run(...values: readonly SqlValue[]): number;
}

/** Every method that touches the file throws `StorageError('unavailable')` when the file cannot be used now. */
export interface SqliteConnection {
  prepare<Row = never>(sql: string): SqliteStatement<Row>;
  exec(sql: string): void;
  /** Runs `work`, again while another process is in the way. */
  read<Value>(work: () => Value): Promise<Value>;
  /**
   * Runs `work` in one transaction that is written wholly or not at all. `work` is synchronous and may run more than once;
   * when it throws, nothing was written.
   */
  write<Value>(work: () => Value): Promise<Value>;
  /** Resolves when all that can be read now is on the disk. */
  settled(): Promise<void>;
  close(): void;
}

/** The connection over the file at `path`, or over a database that `openDatabase` gave, or a log, at which someone looks on. */
export function openConnection(
  path: string,
  database: Database = openDatabase(path),
  log: LogFlush = createLogFlush(path),
): SqliteConnection {
  const breathe = createBreath(breathAfterMs);
  const commit = createGroupCommit(database, { groupMs: breathAfterMs, patienceMs, flush: () => log.flush() });
  return {
    prepare: (sql) => new PreparedStatement(database, sql),
    exec: (sql) => database.exec(sql),
    async read(work) {
      const turn = breathe();
      if (turn !== undefined) await turn;
      try {
        return work();
      } catch (error) {
        if (!isBusy(error)) throw toStorageError(error);
      }
      return retryWhileBusy(work, patienceMs);
    },
    write: (work) => commit.write(work),
    settled: () => commit.settled(),
    close() {
      closeDatabase(database);
      log.close();
    },
  };
}

/** Tries until nobody is in the way, at most for `forMs`; between tries the event loop is free. */
export async function retryWhileBusy<Value>(attempt: () => Value, forMs: number): Promise<Value> {
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw toStorageError(error);
      if (performance.now() >= until) {
        throw new StorageError('unavailable', 'The database is locked by another process.', error);
      }
    }
    await pause();
  }
}

/** It holds its database: a collected database would be closed under a statement that still lives. */
class PreparedStatement<Row> implements SqliteStatement<Row> {
  readonly database: Database;
  readonly #statement: ReturnType<Database['prepare']>;

  constructor(database: Database, sql: string) {
    this.database = database;
    this.#statement = database.prepare(sql);
  }

  get(...values: readonly SqlValue[]): Row | undefined {
    return this.#statement.get(...values) as Row | undefined;
  }

  all(...values: readonly SqlValue[]): readonly Row[] {
    return this.#statement.all(...values) as Row[];
  }

  run(...values: readonly SqlValue[]): number {
    return this.#statement.run(...values).changes;
  }
}

/** Opens the file, creating it when it is missing. `timeout 0`: waiting inside SQLite would stop the event loop. */
export function openDatabase(path: string): Database {
  try {
    return new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true });
  } catch (error) {
    throw toStorageError(error);
  }
}

/**
 * The driver keeps the file open until the statements are collected too, so SQLite does not tidy up as after a last close:
 * the log is written back here, and whoever copies the file has everything.
 */
function closeDatabase(database: Database): void {
  if (!database.isOpen) return;
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // Locked or full: the log stays beside the file and is read at the next start.
  }
  database.close();
}
