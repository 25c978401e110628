// What the driver fails with, in storage's words: away, too slow or not writable is `unavailable`; a taken key is told apart by its code.
// Errors are known by name and code, never by class: the driver may be loaded more than once.

import { StorageError } from '../storage-error.ts';

/** Names of the driver's and mongoose's errors that say nothing about our command, only about reaching the server. */
const unreachable = new Set([
  'PoolClearedOnNetworkError',
  'MongoPoolClearedOnNetworkError',
  'MongoRuntimeError',
  'MongoUnexpectedServerResponseError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
  'MongoClientClosedError',
  'MongoConnectionPoolClearedError',
  'MongoOperationTimeoutError',
  'MongoWriteConcernError',
  'MongoExpiredSessionError',
]);

/** Server codes that mean "not now": stepping down, shutting down, time limits, full disks, refused log-ins, unmet write concern. */
const notNow = new Set([
  6, 7, 13, 18, 24, 43, 46, 50, 63, 64, 79, 89, 91, 100, 112, 133, 134, 189, 202, 246, 262, 317, 9001, 10058, 10107,
  11600, 11601, 11602, 13388, 13435, 13436, 14031,
]);

/** Carries out `work`; whatever the server's absence makes it throw becomes `StorageError('unavailable')`. */
export async function guard<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error);
  }
}

/** The storage error for what the driver threw; anything that is not about availability comes back as it is. */
export function toStorageError(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  const { name, code } = readError(error);
  const isAway =
    isUnreachable(error, name) || (name === 'MongoServerError' && typeof code === 'number' && notNow.has(code));
  return isAway ? new StorageError('unavailable', 'MongoDB does not answer.', error) : error;
}

/** A class the driver made of a network error is one too, whatever it is called, and so is what it labels as one. */
function isUnreachable(error: unknown, name: string): boolean {
  if (unreachable.has(name)) return true;
  if (typeof error !== 'object' || error === null) return false;
  for (let kind: unknown = Object.getPrototypeOf(error); typeof kind === 'object' && kind !== null; ) {
    if (unreachable.has(String(kind.constructor?.name))) return true;
    kind = Object.getPrototypeOf(kind);
  }
  const labels: unknown = Reflect.get(error, 'errorLabelSet');
  return labels instanceof Set && (labels.has('RetryableWriteError') || labels.has('ResetPool'));
}

/** Whether a unique index, or the id itself, refused a write. FerretDB lets its SQLite say so when it happens in a findAndModify. */
export function isDuplicateKey(error: unknown): boolean {
  const { name, code, message } = readError(error);
  return code === 11000 || (name === 'MongoServerError' && message.includes('UNIQUE constraint failed'));
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'unavailable';
}

function readError(error: unknown): { readonly name: string; readonly code: unknown; readonly message: string } {
  const read = (key: string): unknown => (typeof error === 'object' && error !== null ? Reflect.get(error, key) : null);
  const [name, message] = [read('name'), read('message')];
  return {
    name: typeof name === 'string' ? name : '',
    code: read('code'),
    message: typeof message === 'string' ? message : '',
  };
}
