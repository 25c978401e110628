// Runs a suite on both storages: SQLite in memory, and a fresh database of the run's MongoDB-compatible server.

import type { Storage } from '#storage/storage.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { recordKinds } from '#record-kinds.ts';
import { describeWithMongo, requireTestMongo } from './mongo-for-tests.ts';

export type OpenStorage = () => Promise<Storage>;

/** Declares `suite` once per storage. `open` gives an empty store; whatever it opened is closed after each test. */
export function describeOnBothStorages(name: string, suite: (open: OpenStorage, kind: Storage['kind']) => void): void {
  describe(`${name} on SQLite`, () => {
    suite(
      closedAfterEach(() => openSqliteStorage({ path: ':memory:', recordKinds })),
      'sqlite',
    );
  });
  describeWithMongo(`${name} on MongoDB`, () => {
    suite(
      closedAfterEach(() =>
        openMongoStorage(requireTestMongo().freshDatabaseUri(), { recordKinds, withoutRecordIndexes: true }),
      ),
      'mongodb',
    );
  });
}

function closedAfterEach(open: OpenStorage): OpenStorage {
  const opened: Storage[] = [];
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
  });
  return async () => {
    const storage = await open();
    opened.push(storage);
    return storage;
  };
}
