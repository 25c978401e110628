// Cursors (RFC 9865): a walk that misses nobody who was there throughout, whatever comes and goes; a cursor that only we can make, for one query.

import { describeOnBothStorages } from '../harness/both-storages.ts';
import { runsOn } from '../harness/test-scale.ts';
import { startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

describeOnBothStorages('SCIM cursors', (open, kind) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
  });
  afterEach(() => world.stop());

  const walk = async (query: string, between: (page: number) => Promise<unknown> = async () => undefined) => {
    const seen: Json[] = [];
    let pages = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined; pages += 1) {
      const { status, json }: Json = await world.get(`/Users?${query}&cursor=${encodeURIComponent(cursor)}`);
      expect(status).toBe(200);
      expect(json.startIndex).toBeUndefined();
      seen.push(...json.Resources);
      cursor = json.nextCursor;
      await between(pages);
    }
    return { seen, pages };
  };
  const fill = async (count: number): Promise<readonly string[]> => {
    const make = async (n: number): Promise<string> =>
      (await world.create(`c${String(n).padStart(5, '0')}@acme.test`, n % 3 === 0 ? { title: `t${n % 2}` } : {})).id;
    const ids: string[] = [];
    while (ids.length < count) {
      const some = Array.from({ length: Math.min(20, count - ids.length) }, (_, n) => make(ids.length + n));
      ids.push(...(await Promise.all(some)));
    }
    return ids;
  };

  test('a walk while others come and go misses nobody who was there throughout, and shows nobody twice', async () => {
    const count = runsOn(kind, 60, 20_000);
    const size = Math.max(1, Math.floor(count / 60));
    const ids = await fill(count);
    const removed = new Set<string>();
    const { seen, pages } = await walk(`count=${Math.min(size, 200)}`, async (page) => {
      if (page >= 50) return;
      const victim = ids[(page * 13) % count] ?? '';
      if (!removed.has(victim)) await world.send({ method: 'DELETE', path: `/Users/${victim}` });
      removed.add(victim);
      await world.create(`late-${page}@acme.test`);
    });
    const shown = seen.map(({ id }) => id);
    const found = new Set(shown);
    expect(found.size).toBe(shown.length);
    expect(ids.filter((id) => !removed.has(id) && !found.has(id))).toEqual([]);
    expect(pages).toBeGreaterThan(50);
  }, 300_000);

  test.each([
    ['filter', 'filter=title%20pr', 7],
    ['sortBy', 'sortBy=userName&sortOrder=descending', 20],
    ['sortBy where most have no value', 'sortBy=title', 20],
    ['filter by a key', 'filter=userName%20eq%20%22c00003@acme.test%22', 1],
  ])('with %s the pages are what one page would be', async (_name, query, count) => {
    await fill(20);
    const whole = (await world.get(`/Users?${query}&count=100`)).json.Resources.map(({ id }: Json) => id);
    expect(whole).toHaveLength(count);
    const { seen } = await walk(`${query}&count=3`);
    expect(seen.map(({ id }) => id)).toEqual(whole);
  });

  test('the number of items is part of the walk, and totals are true', async () => {
    await fill(5);
    const first = (await world.get('/Users?cursor&count=2')).json;
    expect([first.totalResults, first.itemsPerPage, first.Resources.length]).toEqual([5, 2, 2]);
    const next = (await world.get(`/Users?cursor=${first.nextCursor}`)).json;
    expect(next.Resources).toHaveLength(2);
    const none = (await world.get('/Users?cursor&count=0')).json;
    expect([none.totalResults, none.Resources, none.nextCursor]).toEqual([5, [], undefined]);
    const searched = (await world.post('/Users/.search', { cursor: '', count: 2 })).json;
    expect(searched.nextCursor).toEqual(expect.any(String));
  });

  test('forged, of another query, of another organisation, too old, with another count: each is refused by its code', async () => {
    await fill(3);
    const { nextCursor } = (await world.get('/Users?cursor&count=1')).json;
    const refuse = async (path: string, scimType: string, secret?: string) => {
      const { status, json } = await world.get(path, secret);
      expect([path, status, json.scimType]).toEqual([path, 400, scimType]);
    };
    await refuse('/Users?cursor=forged', 'invalidCursor');
    await refuse(`/Users?cursor=${nextCursor}x`, 'invalidCursor');
    await refuse(`/Users?cursor=${nextCursor}&filter=active%20eq%20true`, 'invalidCursor');
    await refuse(`/Groups?cursor=${nextCursor}`, 'invalidCursor');
    await refuse(`/Users?cursor=${nextCursor}`, 'invalidCursor', world.secrets.globex);
    await refuse(`/Users?cursor=${nextCursor}&count=2`, 'invalidCount');
    expect((await world.get(`/Users?cursor=${nextCursor}&count=1`)).status).toBe(200);
    world.clock.now += 3_600_001;
    await refuse(`/Users?cursor=${nextCursor}`, 'expiredCursor');
    const { pagination } = (await world.get('/ServiceProviderConfig')).json;
    expect(pagination).toMatchObject({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      cursorTimeout: 3_600,
    });
  });
});
