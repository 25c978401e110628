// What comes while a call is under way goes together when it ends; each hears its own outcome, and one that hangs holds nobody up for long.

import { gatherCalls } from '#storage/mongo/gather-calls.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('one alone goes at once; those that come meanwhile go together, and each hears what became of it', async () => {
  const seen: (readonly number[])[] = [];
  const call = gatherCalls(async (items: readonly number[]) => {
    seen.push(items);
    await turn();
    return items.map(async (item) => {
      if (item === 3) throw new Error('three');
      return item * 2;
    });
  });
  const asked = [1, 2, 3, 4].map((item) => call('a', item));
  const other = call('b', 9);
  const outcomes = await Promise.allSettled([...asked, other]);
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message))).toEqual([
    2,
    4,
    'three',
    8,
    18,
  ]);
  expect(seen).toEqual([[1], [9], [2, 3, 4]]);
  await call('a', 5);
  expect(seen.at(-1)).toEqual([5]);
});

test('a step that fails fails for all of it, and not for those behind it', async () => {
  let steps = 0;
  const call = gatherCalls(async (items: readonly number[]) => {
    steps += 1;
    await turn();
    if (steps === 2) throw new Error('lost');
    return items.map((item) => Promise.resolve(item));
  });
  const first = [1, 2, 3].map((item) => call('a', item));
  const outcomes = await Promise.allSettled(first);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  await expect(call('a', 4)).resolves.toBe(4);
});

test('one that never answers holds the others up for a moment only', async () => {
  const call = gatherCalls(async (items: readonly number[]) =>
    items.map((item) => (item === 1 ? new Promise<number>(() => undefined) : Promise.resolve(item))),
  );
  void call('a', 1);
  await expect(call('a', 2)).resolves.toBe(2);
});
