// A walk through many: what it keeps, what it counts, that the loop turns, and that it ends when it takes too long.

import { queryResources, type ResourceSource } from '#storage/resource-query.ts';
import fc from 'fast-check';

interface Item {
  readonly id: string;
  readonly size: number;
}

const itemsOf = (sizes: readonly number[]): readonly Item[] =>
  sizes.map((size, n) => ({ id: String(n).padStart(6, '0'), size }));

function sourceOf(items: readonly Item[], list?: ResourceSource<Item>['list']): ResourceSource<Item> {
  return {
    count: async () => items.length,
    narrowed: undefined,
    list:
      list ??
      (async ({ after = '', offset = 0, limit }) => items.filter(({ id }) => id > after).slice(offset, offset + limit)),
  };
}

test('any page of any filter and order is what sorting everything would give', async () => {
  const page = fc.record({ offset: fc.nat(300), limit: fc.nat(120), least: fc.nat(9), sorted: fc.boolean() });
  const property = fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 450 }), page, async (sizes, asked) => {
    const items = itemsOf(sizes);
    const compare = (a: Item, b: Item): number => a.size - b.size;
    const matches = ({ size }: Item): boolean => size >= asked.least;
    const { offset, limit } = asked;
    const order = asked.sorted ? { compare } : {};
    const whole = items.filter(matches);
    const expected = (asked.sorted ? whole.toSorted(compare) : whole).slice(offset, offset + limit);
    expect(await queryResources(sourceOf(items), { matches, ...order, offset, limit })).toEqual({
      total: whole.length,
      items: expected,
    });
    const [pivot] = whole.slice(Math.floor(whole.length / 2));
    if (pivot === undefined) return;
    const isAfter = (item: Item): boolean => {
      const compared = asked.sorted ? compare(item, pivot) : 0;
      return compared > 0 || (compared === 0 && item.id > pivot.id);
    };
    const after = { id: pivot.id, isAfter };
    const ordered = asked.sorted ? whole.toSorted(compare) : whole;
    const following = ordered.slice(ordered.indexOf(pivot) + 1);
    const got = await queryResources(sourceOf(items), { matches, ...order, after, offset: 0, limit });
    expect(got).toEqual({ total: whole.length, items: following.slice(0, limit) });
  });
  await fc.assert(property, { numRuns: 200 });
});

test('the event loop turns between pieces', async () => {
  const items = itemsOf(Array.from({ length: 1_000 }, (_, n) => n));
  let turns = 0;
  const count = setInterval(() => undefined, 1_000);
  const turn = (): void => {
    turns += 1;
    if (turns < 10_000) next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  await queryResources(sourceOf(items), { matches: () => true, offset: 0, limit: 1 });
  clearImmediate(next);
  clearInterval(count);
  expect(turns).toBeGreaterThanOrEqual(9);
});

test('a walk that takes too long is given up, not the store', async () => {
  let n = 0;
  const endless: ResourceSource<Item>['list'] = async ({ limit }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return Array.from({ length: limit }, () => ({ id: String((n += 1)).padStart(9, '0'), size: 0 }));
  };
  const asked = queryResources(sourceOf([], endless), { matches: () => false, offset: 0, limit: 1 });
  await expect(asked).rejects.toMatchObject({ name: 'StorageError', code: 'tooMuch' });
  expect(n).toBeGreaterThan(100);
});
