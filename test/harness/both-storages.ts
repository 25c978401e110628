// Runs a suite on both storages: SQLite in memory, and the run's MongoDB-compatible server. What a storage must do is asked of both in every run, by
// the contract suites and by whatever decides by its guards; what only a door says of a request, of both in the long run and on a real mongod
// (docs/decisions/0016).

import type { Storage } from '#storage/storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { recordKinds } from '#record-kinds.ts';
import { describeWithMongo } from './mongo-for-tests.ts';
import { createMongoStores } from './mongo-stores.ts';
import { isFull } from './test-scale.ts';

export type OpenStorage = () => Promise<Storage>;

type Suite = (open: OpenStorage, kind: Storage['kind']) => void;

/** Declares `suite` once per storage. `open` gives an empty store; whatever it opened is closed, or kept for the next test, after each test. */
export function describeOnBothStorages(name: string, suite: Suite): void {
  describeOnSqlite(name, suite);
  describeOnMongo(name, suite);
}

/** The same for what a door says of a request: in the short run without a real mongod, on SQLite only. */
export function describeAtDoors(name: string, suite: Suite): void {
  describeOnSqlite(name, suite);
  if (asksMongoAtDoors) describeOnMongo(name, suite);
}

/** For a suite that opens its stores itself. */
export function describeDoorsWithMongo(name: string, suite: () => void): void {
  if (asksMongoAtDoors) describeWithMongo(name, suite);
}

const asksMongoAtDoors = isFull || process.env['MONGODB_URI'] !== undefined;

function describeOnSqlite(name: string, suite: Suite): void {
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
}

function describeOnMongo(name: string, suite: Suite): void {
  describeWithMongo(`${name} on MongoDB`, () => {
    const stores = createMongoStores();
    afterEach(() => stores.takeBack());
    // What beforeAll has opened is nobody's any more.
    afterAll(() => stores.takeBack());
    suite(() => stores.open(), 'mongodb');
  });
}
