// One after the other for one name, side by side for others; whoever fails holds nobody up.

import { createTurns } from '#provisioning/turns.ts';

describe('turns', () => {
  test('of one name come in the order of the calls, also after one that failed', async () => {
    const turns = createTurns();
    const seen: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        seen.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const first = turns('a', work('1'));
    const second = turns('a', work('2', true));
    const third = turns('a', work('3'));
    await expect(first).resolves.toBe('1');
    await expect(second).rejects.toThrow('2');
    await expect(third).resolves.toBe('3');
    expect(seen).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
  });

  test('of other names are not waited for', async () => {
    const turns = createTurns();
    let release = (): void => undefined;
    const slow = turns('a', () => new Promise<void>((resolve) => (release = resolve)));
    await expect(turns('b', async () => 'done')).resolves.toBe('done');
    release();
    await slow;
  });
});
