// Random histories of a directory: every operation of the write side's mouths, some of which die on the way.

import fc from 'fast-check';
import { runs } from '../harness/test-scale.ts';
import type { Step } from './directory-history.ts';
import type { Operation } from './directory-model.ts';

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
  {
    weight: 4,
    arbitrary: fc.record({
      ...of('leave'),
      who,
      inDays: fc.nat(3),
      days: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 8 }),
      keep: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...of('endLeave'), who }) },
  { weight: 2, arbitrary: fc.record({ ...of('reserve'), days: fc.nat(4) }) },
  {
    weight: 2,
    arbitrary: fc.record({ ...of('row'), inDays: fc.nat(4), licensed: fc.option(fc.nat(5), { freq: 25 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...of('hr'), who, status: fc.constantFrom('terminated' as const, 'active' as const) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...of('hrLeave'),
      who,
      inDays: fc.nat(3),
      days: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 8 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ ...of('pass'), hours: fc.constantFrom(1, 11, 24, 24, 49, 120, -1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('recount', 'queue', 'relay', 'sweep') }) },
);

/** One operation in `oneIn` dies on the way. */
export const histories = (length: number, oneIn: number): fc.Arbitrary<Step[]> => {
  const dies = fc.oneof(
    { arbitrary: fc.constant(null), weight: oneIn - 1 },
    { arbitrary: fc.integer({ min: 1, max: 24 }), weight: 1 },
  );
  return fc.array(fc.record({ operation, dies }), { minLength: length, maxLength: length });
};
/** How many operations a history has in this run. */
export const length = runs(40, 200);
