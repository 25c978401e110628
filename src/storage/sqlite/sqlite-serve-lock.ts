// One serving process per database file. The lock is a transaction held open on a file beside it: the operating system ends it with
// the process, however that dies, and commands can still open the database itself.

import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { StorageError } from '../storage-error.ts';
import { isBusy, toStorageError } from './sqlite-errors.ts';
import { retryWhileBusy } from './sqlite-transaction.ts';

/** Two processes that start together can refuse each other once; after this long the other one stays. */
const patienceMs = 300;

export interface ServeLock {
  release(): void;
}

/** Takes the lock of the database at `path`. Throws `StorageError('unavailable')` while another process (or this one) holds it. */
export async function acquireServeLock(path: string): Promise<ServeLock> {
  if (path === ':memory:') return { release: () => undefined };
  // Whoever serves it through a link serves the same file.
  const file = `${existsSync(path) ? realpathSync(path) : path}.serve`;
  refuseReadOnly(file);
  const database = open(file);
  try {
    await retryWhileBusy(() => database.exec('BEGIN EXCLUSIVE'), patienceMs);
  } catch (error) {
    database.close();
    const cause: unknown = error instanceof StorageError ? error.cause : error;
    if (!isBusy(cause)) throw error;
    throw new StorageError('unavailable', `Another process already serves ${path}.`, cause);
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** Of a file that it may only read, SQLite takes a shared lock for an exclusive one: two processes would serve one database. */
function refuseReadOnly(file: string): void {
  try {
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new StorageError('unavailable', `${file} cannot be written, so it cannot keep a second server away.`, error);
  }
}

function open(path: string): InstanceType<typeof DatabaseSync> {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw toStorageError(error);
  }
}
