import { mongo } from 'mongoose';
import { isUnavailable, toStorageError } from '#storage/mongo/mongo-errors.ts';

class ClassOfTomorrow extends mongo.MongoNetworkError {}

const away: readonly (readonly [string, unknown])[] = [
  ['a network error', new mongo.MongoNetworkError('cut')],
  ['a class derived from it', new ClassOfTomorrow('cut')],
  [
    'a pool cleared while a command was in flight',
    Object.assign(new Error('cleared'), { name: 'PoolClearedOnNetworkError' }),
  ],
  ...[43, 46, 24, 112, 246, 11601, 91, 10107].map(
    (code) => [`server code ${code}`, new mongo.MongoServerError({ message: 'x', code })] as const,
  ),
];

test.each(away)('%s is an outage, never a fault of the request', (_name, error) => {
  expect(isUnavailable(toStorageError(error))).toBe(true);
});

test('a duplicate key and a plain error are none', () => {
  for (const error of [new mongo.MongoServerError({ message: 'dup', code: 11000 }), new Error('ours')]) {
    expect(toStorageError(error)).toBe(error);
  }
});
