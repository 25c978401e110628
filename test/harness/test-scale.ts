// How much a test does: `npm test` reduced, `npm run test:long` the counts that are claimed; on a server that only stands in for mongod a twentieth of them.

export const isFull = process.env['FURLOUGH_TEST_SCALE'] === 'full';

/** The count of this run. */
export function runs(reduced: number, full: number): number {
  return isFull ? full : reduced;
}

/** The count of this run on a store: full counts are for SQLite and a real mongod (`MONGODB_URI`); elsewhere a twentieth, never fewer than reduced. */
export function runsOn(kind: 'sqlite' | 'mongodb', reduced: number, full: number): number {
  const standsIn = kind === 'mongodb' && process.env['MONGODB_URI'] === undefined;
  return isFull ? (standsIn ? Math.max(reduced, Math.ceil(full / 20)) : full) : reduced;
}
