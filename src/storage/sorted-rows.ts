// The first rows of many, in an order, without holding the event loop: what comes by is sorted in short runs, and the runs are merged in pieces.
// Equal rows keep the order in which they came.

import { createBreath, type Breath } from '#breath.ts';

/** Sorting so many takes a few milliseconds. */
const runLength = 1_000;
/** Comparisons between two looks at the clock, and how long may be sorted and merged without a pause: all runs together, since each is short. */
const stepsPerLook = 500;
const breathAfterMs = 5;

export interface SortedRows<Item> {
  add(items: readonly Item[]): Promise<void>;
  /** The first `most` of all that came. */
  first(): Promise<readonly Item[]>;
}

/** Keeps about twice `most` rows at a time. */
export function createSortedRows<Item>(compare: (a: Item, b: Item) => number, most: number): SortedRows<Item> {
  let runs: (readonly Item[])[] = [];
  let loose: Item[] = [];
  const breathe = createBreath(breathAfterMs);

  function closeRun(): void {
    if (loose.length === 0) return;
    runs.push(loose.sort(compare).slice(0, most));
    loose = [];
  }

  /** Neighbours are merged, so that whoever came first stays first among equals. */
  async function mergeRuns(): Promise<readonly Item[]> {
    closeRun();
    while (runs.length > 1) {
      const merged: (readonly Item[])[] = [];
      for (let at = 0; at < runs.length; at += 2) {
        const [left = [], right = []] = [runs[at], runs[at + 1]];
        merged.push(right.length === 0 ? left : await merge(left, right, compare, most, breathe));
      }
      runs = merged;
    }
    return runs[0] ?? [];
  }

  return {
    async add(items) {
      for (const item of items) loose.push(item);
      if (loose.length >= runLength) {
        closeRun();
        await breathe();
      }
      const kept = runs.reduce((sum, run) => sum + run.length, 0);
      if (kept > 2 * most + runLength) runs = [await mergeRuns()];
    },
    first: mergeRuns,
  };
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (a: Item, b: Item) => number,
  most: number,
  breathe: Breath,
): Promise<readonly Item[]> {
  const merged: Item[] = [];
  let [l, r] = [0, 0];
  for (const length = Math.min(most, left.length + right.length); merged.length < length; ) {
    if (merged.length % stepsPerLook === 0) await breathe();
    const [a, b] = [left[l], right[r]];
    if (b === undefined || (a !== undefined && compare(a, b) <= 0)) {
      merged.push(a as Item);
      l += 1;
    } else {
      merged.push(b);
      r += 1;
    }
  }
  return merged;
}
