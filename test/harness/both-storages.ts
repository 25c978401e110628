// Runs a suite on both storages: SQLite in memory, and the run's MongoDB-compatible server.

import type { Storage } from '#storage/storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { recordKinds } from '#record-kinds.ts';
import { describeWithMongo } from './mongo-for-tests.ts';
import { createMongoStores } from './mongo-stores.ts';

export type OpenStorage = () => Promise<Storage>;

/** Declares `suite` once per storage. `open` gives an empty store; whatever it opened is closed, or kept for the next test, after each test. */
export function describeOnBothStorages(name: string, suite: (open: OpenStorage, kind: Storage['kind']) => void): void {
  describe(`${name} on SQLite`, () => {
    const opened: Storage[] = [];
    afterEach(async () => {
      for (const storage of opened.splice(0)) await storage.close();
    });
    suite(async () => {
      const storage = await openSqliteStorage({ path: ':memory:', recordKinds });
      opened.push(storage);
      return storage;
    }, 'sqlite');
  });
  describeWithMongo(`${name} on MongoDB`, () => {
    const stores = createMongoStores();
    afterEach(() => stores.takeBack());
    afterAll(() => stores.close());
    suite(() => stores.open(), 'mongodb');
  });
}
