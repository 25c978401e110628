// A walk by startIndex (RFC 7644 §3.4.2.4) in the default order: the page after the one just answered is found by its last row, so it costs what
// the first did, and rows that go away meanwhile make it skip nobody. Whoever did not walk gets what the index says.

import type { UserPage } from '#storage/user-store.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

describeOnBothStorages('SCIM walks by index', (open) => {
  let world: ScimWorld;
  /** The pages that were asked of the store. */
  let asked: UserPage[];
  let ids: readonly string[];
  beforeEach(async () => {
    const storage = await open();
    asked = [];
    const users = new Proxy(storage.users, {
      get(target, property, receiver) {
        const member: unknown = Reflect.get(target, property, receiver);
        if (property !== 'list' || typeof member !== 'function') return member;
        return (organization: unknown, page: UserPage): unknown => {
          asked.push(page);
          return Reflect.apply(member, target, [organization, page]);
        };
      },
    });
    world = await startScimWorld({ ...storage, users });
    const made: string[] = [];
    for (let n = 0; n < 12; n += 1) made.push((await world.create(`w${n}@acme.test`)).id);
    ids = made;
  });
  afterEach(() => world.stop());

  const page = async (startIndex: number, more = '', secret?: string): Promise<readonly string[]> => {
    const { status, json }: Json = await world.get(`/Users?startIndex=${startIndex}&count=3${more}`, secret);
    expect([status, json.startIndex]).toEqual([200, startIndex]);
    return json.Resources.map(({ id }: Json) => id);
  };
  const remove = (id = '') => world.send({ method: 'DELETE', path: `/Users/${id}` });

  test('no page but the first passes rows over, up to the end', async () => {
    const seen: string[] = [];
    for (let start = 1; start <= 12; start += 3) seen.push(...(await page(start)));
    expect(seen).toEqual(ids);
    expect(asked.map(({ offset = 0 }) => offset)).toEqual([0, 0, 0, 0]);
    expect(asked.map(({ after }) => after)).toEqual([undefined, ids[2], ids[5], ids[8]]);
  });

  test('people who are deleted behind a walk take nobody out of it', async () => {
    const seen = [...(await page(1))];
    for (let start = 4; start <= 12; start += 3) {
      await remove(seen[0]);
      seen.shift();
      seen.push(...(await page(start)));
    }
    expect(seen).toEqual(ids.slice(3));
  });

  test('a page that does not follow one of the last minute, or follows another client’s, is the one of its index', async () => {
    await page(1);
    await remove(ids[0]);
    expect(await page(4, '', world.secrets.okta)).toEqual(ids.slice(4, 7));
    world.clock.now += 61_000;
    expect(await page(4)).toEqual(ids.slice(4, 7));
    expect(asked.at(-1)?.offset).toBe(3);
  });

  test('another list of the same client, filtered or sorted or of groups, is not where this walk stands', async () => {
    await page(1);
    await remove(ids[0]);
    expect(await page(4, '&filter=userName+pr')).toEqual(ids.slice(4, 7));
    expect(await page(4, '&sortBy=id')).toEqual(ids.slice(4, 7));
    expect((await world.get('/Groups?startIndex=4&count=3')).json).toMatchObject({ totalResults: 0, Resources: [] });
    expect(await page(4)).toEqual(ids.slice(3, 6));
  });
});
