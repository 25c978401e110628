/**
 * Stores on the run's MongoDB-compatible server, empty when they are handed out. Opening one costs more than most tests, since it declares some
 * forty collections; so a process keeps those it opened, and what a test left in one is removed before the next gets it. Emptying forty
 * collections costs more than most tests, too; so the driver is watched, and only those are emptied that somebody has written to.
 */
import mongoose from 'mongoose';
import type { Storage } from '#storage/storage.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { recordKinds } from '#record-kinds.ts';
import { requireTestMongo } from './mongo-for-tests.ts';

interface KeptStore {
  readonly storage: Storage;
  /** Its collections, beside the storage. */
  readonly database: mongoose.mongo.Db;
}

export interface MongoStores {
  /** An empty store. One that is closed is not kept. */
  open(): Promise<Storage>;
  /** No test has any of them now. */
  takeBack(): void;
}

const writes = [
  'insertOne',
  'insertMany',
  'updateOne',
  'updateMany',
  'replaceOne',
  'findOneAndUpdate',
  'findOneAndReplace',
  'findOneAndDelete',
  'bulkWrite',
] as const;

/** Names of collections by database. */
const written = new Map<string, Set<string>>();

/** Every write of this process's driver, whoever makes it, is noted from now on. */
function watchWrites(): void {
  const driver = mongoose.mongo.Collection.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of writes) {
    const write = driver[name];
    if (write === undefined) throw new Error(`the driver has no ${name}`);
    driver[name] = function watched(this: mongoose.mongo.Collection, ...args) {
      const names = written.get(this.dbName) ?? new Set();
      written.set(this.dbName, names.add(this.collectionName));
      return write.apply(this, args);
    };
  }
}
watchWrites();

/** Those that no test has now. A worker's end with it (native-environment.cjs); without workers global-teardown.mjs ends them. */
const spare: KeptStore[] = [];
let client: mongoose.mongo.MongoClient | undefined;
Object.assign(globalThis, {
  async furloughCloseStores() {
    for (const { storage } of spare.splice(0)) await storage.close();
    await client?.close();
  },
});

async function openAnother(): Promise<KeptStore> {
  const uri = requireTestMongo().freshDatabaseUri();
  client ??= await mongoose.mongo.MongoClient.connect(uri);
  const storage = await openMongoStorage(uri, { recordKinds, withoutRecordIndexes: true });
  return { storage, database: client.db(new URL(uri).pathname.slice(1)) };
}

export function createMongoStores(): MongoStores {
  const handedOut = new Set<KeptStore>();
  return {
    async open() {
      const kept = spare.pop();
      if (kept !== undefined) await empty(kept.database);
      const store = kept ?? (await openAnother());
      handedOut.add(store);
      const close = async (): Promise<void> => {
        handedOut.delete(store);
        await store.storage.close();
      };
      // Of its own: a test may put something else in place of a method.
      return { ...ownCopy(store.storage), close };
    },
    takeBack() {
      spare.push(...handedOut);
      handedOut.clear();
    },
  };
}

function ownCopy(storage: Storage): Storage {
  const ports = Object.entries(storage).map(([name, port]) => [name, typeof port === 'object' ? { ...port } : port]);
  return Object.fromEntries(ports) as Storage;
}

/** All but the mark of the schema. */
async function empty(database: mongoose.mongo.Db): Promise<void> {
  const names = [...(written.get(database.databaseName) ?? [])].filter((name) => name !== 'furlough');
  written.delete(database.databaseName);
  await Promise.all(names.map((name) => database.collection(name).deleteMany({})));
}
