// The first rows of many in an order: what sorting everything would give, equal rows in the order they came, and the loop turns meanwhile.

import fc from 'fast-check';
import { createSortedRows } from '#storage/sorted-rows.ts';
import { watchLoopStall, withoutStall } from '../harness/loop-stall.ts';

interface Row {
  readonly size: number;
  readonly came: number;
}

const bySize = (a: Row, b: Row): number => a.size - b.size;

async function firstOf(rows: readonly Row[], most: number, piece: number): Promise<readonly Row[]> {
  const sorted = createSortedRows(bySize, most);
  for (let at = 0; at < rows.length; at += piece) await sorted.add(rows.slice(at, at + piece));
  return sorted.first();
}

test('whatever came in whatever pieces: the first of all, equal ones as they came', async () => {
  const sizes = fc.array(fc.nat(50), { minLength: 0, maxLength: 6_000, size: 'max' });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(2_500), fc.integer({ min: 1, max: 1_500 }), async (given, most, piece) => {
      const rows = given.map((size, came) => ({ size, came }));
      expect(await firstOf(rows, most, piece)).toEqual(rows.toSorted(bySize).slice(0, most));
    }),
    { numRuns: 60 },
  );
});

test('a page deep in sixty thousand does not hold the loop', async () => {
  const rows = Array.from({ length: 60_000 }, (_, came) => ({ size: (came * 7_919) % 60_000, came }));
  const stall = watchLoopStall();
  try {
    await withoutStall(stall, async () => {
      const first = await firstOf(rows, 50_000, 100);
      expect(first.at(-1)?.size).toBe(49_999);
    });
  } finally {
    stall.stop();
  }
});
