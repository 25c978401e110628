// A store whose process dies, or whose network breaks, at a chosen step: SQLite at a statement or right after a commit, MongoDB at a command.

import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { migrateSchema } from '#storage/sqlite/sqlite-schema.ts';
import { createSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { openConnection, type SqliteConnection, type SqliteStatement } from '#storage/sqlite/sqlite-transaction.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import type { AnnouncedKind } from '#storage/record-store.ts';
import { startMongoProxy } from '../harness/mongo-proxy.ts';

export interface MortalStore {
  storage(): Storage;
  /** From now on the `nth` step fails. */
  failAt(nth: number): void;
  /** Whether it has failed since; whatever was broken is whole again and ready to recover. */
  mend(): Promise<boolean>;
  close(): Promise<void>;
}

/** Once it has failed nothing reaches the file any more, until it is opened again: what a process that died leaves. */
export async function openMortalSqlite(path: string, recordKinds: readonly AnnouncedKind[]): Promise<MortalStore> {
  let step = 0;
  let fatal = Number.POSITIVE_INFINITY;
  const live = (): void => {
    step += 1;
    if (step >= fatal) throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
  };
  const wrap = (connection: SqliteConnection): SqliteConnection => ({
    ...connection,
    prepare<Row>(sql: string): SqliteStatement<Row> {
      const statement = connection.prepare<Row>(sql);
      const mortal =
        <Values extends readonly never[], Value>(run: (...values: Values) => Value) =>
        (...values: Values): Value => {
          live();
          return run(...values);
        };
      return {
        get: mortal((...values) => statement.get(...values)),
        all: mortal((...values) => statement.all(...values)),
        run: mortal((...values) => statement.run(...values)),
      };
    },
    async write(work) {
      const value = await connection.write(work);
      step += 1;
      if (step >= fatal) throw new StorageError('unavailable', 'The answer is lost: the process is dead.');
      return value;
    },
  });
  const open = async (): Promise<Storage> => {
    const connection = openConnection(path);
    await migrateSchema(connection);
    return createSqliteStorage(wrap(connection), { recordKinds });
  };
  let storage = await open();
  return {
    storage: () => storage,
    failAt(nth) {
      step = 0;
      fatal = nth;
    },
    async mend() {
      const died = step >= fatal;
      fatal = Number.POSITIVE_INFINITY;
      if (!died) return false;
      await storage.close();
      storage = await open();
      return true;
    },
    close: () => storage.close(),
  };
}

/** The connection is cut before or after the command; the same storage finds its way back. */
export async function openMortalMongo(uri: string, recordKinds: readonly AnnouncedKind[]): Promise<MortalStore> {
  const proxy = await startMongoProxy(uri);
  const storage = await openMongoStorage(proxy.uri(), { recordKinds });
  let fault: ReturnType<typeof proxy.cutBefore> | undefined;
  return {
    storage: () => storage,
    failAt(nth) {
      const match = { nth: Math.ceil(nth / 2) };
      fault = nth % 2 === 0 ? proxy.cutBefore(match) : proxy.cutAfter(match);
    },
    async mend() {
      const struck = (fault?.hits ?? 0) > 0;
      fault?.cancel();
      fault = undefined;
      if (struck) await storage.ping().catch(() => storage.ping());
      return struck;
    },
    async close() {
      await storage.close();
      await proxy.close();
    },
  };
}
