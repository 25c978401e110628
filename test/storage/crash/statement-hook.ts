// Looks on at every statement that reaches the SQLite driver, below all of our own code: for tests that kill or copy there.

import { migrateSchema } from '#storage/sqlite/sqlite-schema.ts';
import type { Database } from '#storage/sqlite/sqlite-group-commit.ts';
import { createLogFlush, type LogFlush } from '#storage/sqlite/sqlite-log-flush.ts';
import { createSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { openConnection, openDatabase, type SqliteConnection } from '#storage/sqlite/sqlite-transaction.ts';
import type { Storage } from '#storage/storage.ts';
import { sideRecordKinds } from '../../provisioning/relayed-write-side.ts';

/** Stands for the flush of the log among the statements. */
export const flushed = 'flush of the log';

/** Called right before and right after each statement. */
export type LookOn = (moment: 'before' | 'after', sql: string) => void;

/** The embedded store on a database whose statements are looked on at; `look.on` may be set and taken away at any time. */
export async function openWatchedStorage(
  path: string,
  look: { on?: LookOn | undefined },
): Promise<{ readonly storage: Storage; readonly connection: SqliteConnection }> {
  const connection = openConnection(path, watch(openDatabase(path), look), watchLog(createLogFlush(path), look));
  await migrateSchema(connection);
  return { connection, storage: createSqliteStorage(connection, { recordKinds: sideRecordKinds }) };
}

/** The flush of the log is a place to die at, too. */
function watchLog(log: LogFlush, look: { on?: LookOn | undefined }): LogFlush {
  return {
    async flush() {
      look.on?.('before', flushed);
      await log.flush();
      look.on?.('after', flushed);
    },
    close: () => log.close(),
  };
}

function watch(database: Database, look: { on?: LookOn | undefined }): Database {
  const { prepare } = database;
  wrap(database, 'exec', look, (sql) => String(sql));
  Object.defineProperty(database, 'prepare', {
    value(this: Database, sql: string) {
      const statement = prepare.call(this, sql);
      for (const name of ['get', 'all', 'run']) wrap(statement, name, look, () => sql);
      return statement;
    },
  });
  return database;
}

/** The driver's own methods cannot be replaced on their prototype; one of the object's own stands before them. */
function wrap(on: object, name: string, look: { on?: LookOn | undefined }, sqlOf: (first: unknown) => string): void {
  const original = Reflect.get(on, name) as (this: object, ...values: unknown[]) => unknown;
  Object.defineProperty(on, name, {
    value(this: object, ...values: unknown[]): unknown {
      look.on?.('before', sqlOf(values[0]));
      const answer = original.apply(this, values);
      look.on?.('after', sqlOf(values[0]));
      return answer;
    },
  });
}
