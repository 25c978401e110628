// POST /.search on the root (RFC 7644 §3.4.3): users and groups together, by page, by order, by an attribute that only one of them has.

import { describeAtDoors } from '../harness/both-storages.ts';
import { startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

describeAtDoors('SCIM search on the root', (open) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
    for (const name of ['b', 'd']) await world.create(`${name}@acme.test`, { displayName: name });
    for (const displayName of ['c', 'a']) await world.post('/Groups', { schemas: [GROUP], displayName });
  });
  afterEach(() => world.stop());
  const search = async (parameters: object) => {
    const { status, json } = await world.post('/.search', parameters);
    expect(status).toBe(200);
    const names: readonly string[] = json.Resources.map((one: Json) => one.displayName);
    return { total: json.totalResults as number, names };
  };

  test('users first, then groups, over the border between them', async () => {
    expect(await search({})).toEqual({ total: 4, names: ['b', 'd', 'c', 'a'] });
    expect(await search({ startIndex: 2, count: 2 })).toEqual({ total: 4, names: ['d', 'c'] });
    expect(await search({ startIndex: 4, count: 9 })).toEqual({ total: 4, names: ['a'] });
    expect(await search({ startIndex: 9 })).toEqual({ total: 4, names: [] });
    expect(await search({ count: 0 })).toEqual({ total: 4, names: [] });
  });

  test('sorted together', async () => {
    expect(await search({ sortBy: 'displayName' })).toEqual({ total: 4, names: ['a', 'b', 'c', 'd'] });
    const page = { sortBy: 'displayName', sortOrder: 'descending', startIndex: 2, count: 2 };
    expect(await search(page)).toEqual({ total: 4, names: ['c', 'b'] });
    // Groups have no userName: no value comes last.
    expect((await search({ sortBy: 'userName' })).names.slice(0, 2)).toEqual(['b', 'd']);
  });

  test.each([
    ['displayName ge "c"', ['d', 'c']],
    ['userName eq "B@acme.test"', ['b']],
    ['not (userName pr)', ['c', 'a']],
    ['meta.resourceType eq "Group"', ['c', 'a']],
    ['displayName eq "a" or userName sw "d"', ['d', 'a']],
    ['nobodyHasThis eq "x"', []],
  ])('filter %s', async (filter, names) => {
    expect(await search({ filter })).toEqual({ total: names.length, names });
  });

  test('what no resource knows cannot be sorted by; broken filters and cursors are refused; attributes are chosen', async () => {
    const refuse = async (parameters: object, scimType: string) => {
      const { status, json } = await world.post('/.search', parameters);
      expect([status, json.scimType]).toEqual([400, scimType]);
    };
    await refuse({ sortBy: 'shoeSize' }, 'invalidValue');
    await refuse({ filter: 'displayName eq' }, 'invalidFilter');
    await refuse({ filter: 'active gt true' }, 'invalidFilter');
    await refuse({ cursor: '' }, 'invalidCursor');
    const { json } = await world.post('/.search', { attributes: ['displayName'], count: 1 });
    expect(Object.keys(json.Resources[0])).toEqual(['schemas', 'id', 'displayName']);
    expect((await world.post('/.search', {}, world.secrets.globex)).json.totalResults).toBe(0);
  });
});
