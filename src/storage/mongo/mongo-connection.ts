// Opens the connection with every safety asked for explicitly: majority, journal, primary, retries, limits on waiting (gate.md 8).
// What an address says itself about patience and pool wins over the defaults here; what it says about safety does not.

import mongoose, { type Connection, type ConnectOptions } from 'mongoose';
import { StorageError } from '../storage-error.ts';
import { toStorageError } from './mongo-errors.ts';

const patience: ConnectOptions = {
  serverSelectionTimeoutMS: 3_000,
  connectTimeoutMS: 3_000,
  socketTimeoutMS: 10_000,
  waitQueueTimeoutMS: 5_000,
  maxPoolSize: 20,
};

const safety: ConnectOptions = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 5_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
};

/** Connects. Throws `StorageError`: `unavailable` when nobody answers, `incompatible` when the address cannot be one. */
export async function connectMongo(uri: string): Promise<Connection> {
  // An instance of our own: the settings hold for this store and for nobody else's mongoose in the same process.
  const instance = new mongoose.Mongoose({ sanitizeFilter: true, strictQuery: true, maxTimeMS: 5_000 });
  const own = { ...safety, ...withoutGiven(uri), appName: 'furlough', ignoreUndefined: true };
  try {
    return await instance
      .createConnection(uri, { ...own, autoIndex: false, autoCreate: false, bufferCommands: false })
      .asPromise();
  } catch (error) {
    await instance.disconnect().catch(() => {});
    const failure = toStorageError(error);
    if (failure instanceof StorageError) throw failure;
    throw new StorageError('incompatible', 'This is not an address of a MongoDB that can be used.', error);
  }
}

/** Filter operators of our own making, let through where mongoose takes every other `$` for an intruder's. */
export function operators<Value extends object>(filter: Value): Value {
  return mongoose.trusted(filter);
}

function withoutGiven(uri: string): ConnectOptions {
  const given = new Set([...new URLSearchParams(uri.split('?')[1] ?? '').keys()].map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(patience).filter(([name]) => !given.has(name.toLowerCase())));
}
