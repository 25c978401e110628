// What the driver fails with, in storage's words: away, too slow or not writable is `unavailable`; a taken key is told apart by its code.
// Errors are known by name, label and code, never by class: the driver may be loaded more than once. Whether an unclear write happened
// is never read off an error: mongo-user-commit.ts and mongo-seat-movement.ts settle whatever the error was.

import { StorageError } from '../storage-error.ts';

/** Names of classes that say nothing about our command, only about reaching the server; whoever inherits from them counts too. */
const unreachable = new Set([
  'MongoNetworkError',
  'MongoSystemError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
  'MongoClientClosedError',
  'MongoServerClosedError',
  'MongoOperationTimeoutError',
  'MongoWriteConcernError',
  'MongoExpiredSessionError',
  // Stale primaries, log-ins that broke off, answers nobody understands.
  'MongoRuntimeError',
  'DisconnectedError',
]);

/** Labels by which driver or server say "the same command may succeed in a moment". */
const passing = [
  'RetryableWriteError',
  'RetryableError',
  'PoolRequestedRetry',
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'HandshakeError',
  'ResetPool',
  'InterruptInUseConnections',
  'SystemOverloadedError',
];

/** Server codes that mean "not now" (src/mongo/base/error_codes.yml of the server). */
const notNow = new Set([
  // Hosts, sockets, pools, files, memory.
  6, 7, 89, 202, 264, 279, 314, 317, 365, 384, 402, 462, 9001, 14031,
  // Log-in and rights: someone is changing them, or they were never given; either way no answer to the command.
  11, 13, 18, 391,
  // Locks, conflicts, interruptions, time limits, cursors and plans that were ended from outside.
  24, 43, 46, 50, 112, 117, 136, 175, 237, 244, 262, 290, 11601,
  // Stepping down, elections, shutting down, recovering, starting.
  91, 189, 216, 10054, 10058, 10107, 11600, 11602, 13435, 13436,
  // Read and write concerns that are not met.
  64, 79, 100, 133, 134, 211, 239, 246,
  // Shards, sessions and transactions whose place has changed.
  63, 70, 150, 225, 234, 249, 251, 267, 282, 325, 13388,
]);

/** Node's own words for a connection that broke: a command written to a socket that is just being closed fails with these, unwrapped. */
const brokenSocket = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** What servers without codes say about the same. */
const notNowInWords = /not master|not primary|node is recovering/i;

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
  return isAway(error) ? new StorageError('unavailable', 'MongoDB does not answer.', error) : error;
}

/** Whether a unique index, or the id itself, refused a write. FerretDB lets its SQLite say so when it happens in a findAndModify. */
export function isDuplicateKey(error: unknown): boolean {
  const { code, message } = readError(error);
  return code === 11000 || (namesOf(error).has('MongoServerError') && message.includes('UNIQUE constraint failed'));
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'unavailable';
}

function isAway(error: unknown): boolean {
  const names = namesOf(error);
  for (const name of names) if (unreachable.has(name)) return true;
  const { code, message, labels } = readError(error);
  if (labels.some((label) => passing.includes(label))) return true;
  if (typeof code === 'string' && brokenSocket.has(code)) return true;
  if (!names.has('MongoServerError')) return false;
  return typeof code === 'number' ? notNow.has(code) : notNowInWords.test(message);
}

/** The error's own name and those of all the classes it inherits from: subclasses come with new versions of the driver. */
function namesOf(error: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const made: unknown = Reflect.get(at, 'constructor');
    for (const name of [Reflect.get(at, 'name'), typeof made === 'function' ? made.name : null]) {
      if (typeof name === 'string') names.add(name);
    }
  }
  return names;
}

interface ReadError {
  readonly code: unknown;
  readonly message: string;
  readonly labels: readonly string[];
}

function readError(error: unknown): ReadError {
  const read = (key: string): unknown => (typeof error === 'object' && error !== null ? Reflect.get(error, key) : null);
  const [message, labels] = [read('message'), read('errorLabels')];
  return {
    code: read('code'),
    message: typeof message === 'string' ? message : '',
    labels: Array.isArray(labels) ? labels.filter((label) => typeof label === 'string') : [],
  };
}
