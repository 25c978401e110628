/**
 * Random histories of a directory by every mouth of the write side, with deaths on the way, against a simple model: the same people
 * active, the same seats used, the same order of waiting, no drift. A failure prints the seed and the shortest history found.
 */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { isFull, runs, runsOn } from '../harness/test-scale.ts';
import { sideRecordKinds } from '../provisioning/relayed-write-side.ts';
import { liveThrough, type Step } from './directory-history.ts';
import type { Operation } from './directory-model.ts';
import { openMortalMongo, openMortalSqlite } from './mortal-store.ts';

const who = fc.nat(11);
const connection = fc.constantFrom('okta', 'entra');
const name = fc.constantFrom('abe', 'baba', 'chiba', 'doi', 'endo', 'fujii', 'goto', 'hara');
const active = fc.boolean();
const of = <Kind extends Operation['kind']>(kind: Kind) => ({ kind: fc.constant(kind) });

/** The first is what a failing history shrinks to. */
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: fc.record(of('nothing')) },
  { weight: 6, arbitrary: fc.record({ ...of('post'), name, connection, active: fc.constantFrom(true, true, false) }) },
  { weight: 6, arbitrary: fc.record({ ...of('patch'), who, connection, active }) },
  { weight: 2, arbitrary: fc.record({ ...of('put'), who, connection, name, active }) },
  { weight: 1, arbitrary: fc.record({ ...of('delete'), who }) },
  { weight: 3, arbitrary: fc.record({ ...of('deactivate'), who, security: fc.constantFrom(false, false, true) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...of('reactivate'),
      who,
      lift: fc.constantFrom(null, null, 'security' as const),
      ifNoSeat: fc.constantFrom(null, null, 'wait' as const, 'refuse' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...of('license'), licensed: fc.option(fc.nat(5), { freq: 25 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...of('policy'), policy: fc.constantFrom('wait', 'refuse', 'allowOver'), over: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('recount', 'queue', 'relay', 'sweep') }) },
);

/** One operation in `oneIn` dies on the way. */
const histories = (length: number, oneIn: number): fc.Arbitrary<Step[]> => {
  const dies = fc.oneof(
    { arbitrary: fc.constant(null), weight: oneIn - 1 },
    { arbitrary: fc.integer({ min: 1, max: 24 }), weight: 1 },
  );
  return fc.array(fc.record({ operation, dies }), { minLength: length, maxLength: length });
};
const length = runs(40, 200);

test('the write side on SQLite behaves like the model, whatever dies on the way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-model-'));
  let files = 0;
  const property = fc.asyncProperty(histories(length, isFull ? 10 : 2), fc.nat(3), async (steps, licensed) => {
    const path = join(folder, `${(files += 1)}.db`);
    const store = await openMortalSqlite(path, sideRecordKinds);
    try {
      await liveThrough(store, steps, licensed);
    } finally {
      await store.close();
      for (const part of ['', '-wal', '-shm']) rmSync(`${path}${part}`, { force: true });
    }
  });
  await fc.assert(property, { numRuns: runsOn('sqlite', 15, 1_000) });
  rmSync(folder, { recursive: true });
}, 900_000);

describeWithMongo('on a real network', () => {
  test('the write side on MongoDB behaves like the model, whatever is cut on the way', async () => {
    const store = await openMortalMongo(requireTestMongo().freshDatabaseUri(), sideRecordKinds);
    const property = fc.asyncProperty(histories(length, 15), fc.nat(3), (steps, licensed) =>
      liveThrough(store, steps, licensed),
    );
    await fc.assert(property, { numRuns: runsOn('mongodb', 3, 1_000) }).finally(() => store.close());
  }, 900_000);
});
