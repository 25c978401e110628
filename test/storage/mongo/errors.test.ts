/** What the driver throws when the server is away, by any name, label or code, is an outage; what it throws about our request is none. */
import { isDuplicateKey, isUnavailable, toStorageError } from '#storage/mongo/mongo-errors.ts';
import { mongo } from 'mongoose';
import { createRequire } from 'node:module';

class ClassOfTomorrow extends mongo.MongoNetworkError {
  override get name(): string {
    return 'ClassOfTomorrow';
  }
}

/** The driver's own lists of codes that it retries or takes for a change of state; it exports them to nobody. */
const driver = createRequire(import.meta.url)('mongodb/lib/error.js') as {
  readonly MONGODB_ERROR_CODES: Readonly<Record<string, number>>;
};
/** Of those two are about our request. */
const { NamespaceNotFound: _noSuchPlace, IllegalOperation: _notAllowed, ...passing } = driver.MONGODB_ERROR_CODES;
const interrupted = {
  LockTimeout: 24,
  LockBusy: 46,
  WriteConflict: 112,
  QueryPlanKilled: 175,
  ElectionInProgress: 216,
  CursorKilled: 237,
  SnapshotUnavailable: 246,
  Interrupted: 11601,
  OutOfDiskSpace: 14031,
};

const serverError = (fields: Readonly<Record<string, unknown>>): Error =>
  new mongo.MongoServerError({ message: 'x', ...fields });
const labelled = (label: string): Error => {
  const error = new mongo.MongoServerError({ message: 'x', code: 8 });
  error.addErrorLabel(label);
  return error;
};

const away: readonly (readonly [string, unknown])[] = [
  ['a network error', new mongo.MongoNetworkError('cut')],
  ['a class derived from it', new ClassOfTomorrow('cut')],
  ['a pool cleared under a command', Object.assign(new Error('cleared'), { name: 'PoolClearedOnNetworkError' })],
  [
    'a write concern that is not met',
    new mongo.MongoWriteConcernError({ writeConcernError: { code: 64, errmsg: 'timed out' }, ok: 1 }),
  ],
  // As seen when a server cuts its connections: it once became an internal error at the doors.
  [
    "a command to a socket that is being closed, in Node's own words",
    Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' }),
  ],
  ['a connection that was reset', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['an answer that is none', new mongo.MongoUnexpectedServerResponseError('what')],
  ['words of an old server', serverError({ message: 'not master and slaveOk=false' })],
  ...['RetryableWriteError', 'SystemOverloadedError', 'ResetPool'].map((at) => [`label ${at}`, labelled(at)] as const),
  ...Object.entries({ ...passing, ...interrupted }).map(
    ([name, code]) => [`server code ${code} (${name})`, serverError({ code })] as const,
  ),
];

test.each(away)('%s is an outage, never a fault of the request', (_name, error) => {
  expect(isUnavailable(toStorageError(error))).toBe(true);
});

test('a duplicate key, a bad command and plain errors are none', () => {
  const coded = Object.assign(new Error('ours'), { code: 'ERR_INVALID_ARG_TYPE' });
  const ours = [11000, 2, 9, 20, 26].map((code) => serverError({ code }));
  for (const error of [
    ...ours,
    serverError({}),
    new Error('ours'),
    new TypeError('ours'),
    'ours',
    null,
    undefined,
    coded,
  ]) {
    expect(toStorageError(error)).toBe(error);
  }
});

test('a duplicate key is known by its code, and by the words of FerretDB', () => {
  expect(isDuplicateKey(serverError({ code: 11000 }))).toBe(true);
  expect(isDuplicateKey(serverError({ message: 'UNIQUE constraint failed: users' }))).toBe(true);
  expect(isDuplicateKey(new Error('UNIQUE constraint failed: users'))).toBe(false);
});
