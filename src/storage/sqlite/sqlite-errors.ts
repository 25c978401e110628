// What the SQLite driver throws, in storage's own words. Matched by result code (https://sqlite.org/rescode.html), never by class:
// the driver's errors may come from another realm.

import { StorageError } from '../storage-error.ts';

const resultCode = { busy: 5, locked: 6, notADatabase: 26 } as const;

/** Away, out of memory, read-only, interrupted, broken I/O, corrupt, full, cannot open, protocol, too big, not authorised by the file system. */
const unavailableCodes = new Set([3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 22, 23]);

/** Whether another connection holds the lock: worth another try. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === resultCode.busy || code === resultCode.locked;
}

/** As the driver would say it. */
export function createBusyError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode: resultCode.busy });
}

/** The error as a `StorageError` when the store is to blame; anything else (a refusal, a bug) as it came. */
export function toStorageError(error: unknown): unknown {
  if (isClosed(error)) return new StorageError('unavailable', 'The database is closed.', error);
  const code = resultCodeOf(error);
  if (code === undefined) return error;
  if (code === resultCode.notADatabase) {
    return new StorageError('incompatible', 'The database file is not a SQLite database.', error);
  }
  if (unavailableCodes.has(code))
    return new StorageError('unavailable', `The database cannot be used now: ${messageOf(error)}.`, error);
  return error;
}

function resultCodeOf(error: unknown): number | undefined {
  if (codeOf(error) !== 'ERR_SQLITE_ERROR') return undefined;
  const extended = Reflect.get(error as object, 'errcode') as unknown;
  return typeof extended === 'number' ? extended & 0xff : undefined;
}

function isClosed(error: unknown): boolean {
  return codeOf(error) === 'ERR_INVALID_STATE' && /not open|closed/.test(messageOf(error));
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null ? String(Reflect.get(error, 'message')) : String(error);
}
