// Reading users: one, lists, filters by look-up and by walk, sorting, paging, projection, conditions (RFC 7644 §3.4, §3.9, §3.14).

import type { ConnectionId } from '#directory/identifiers.ts';
import { recordKinds } from '#record-kinds.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byTest, CORE, ENTERPRISE, FURLOUGH, startScimWorld, type ScimWorld } from './scim-world.ts';

describeOnBothStorages('SCIM reading of users', (open) => {
  let world: ScimWorld;
  const ids: Record<string, string> = {};
  beforeEach(async () => {
    world = await startScimWorld(await open());
    for (const [name, parts] of [
      ['ann', { title: 'Baker', externalId: 'X1', emails: [{ value: 'ann@x.io', type: 'work' }] }],
      ['Ben', { title: 'admin', displayName: 'Big Ben', emails: [{ value: 'BEN@x.io', type: 'home', primary: true }] }],
      ['cat', { externalId: 'x1', [ENTERPRISE]: { department: 'R+D "1"', manager: { value: 'm1' } } }],
      ['Dee', { title: 'baker', active: false, name: { familyName: 'É' } }],
    ] as const) {
      ids[name] = (await world.create(name, parts)).id;
    }
  });
  afterEach(() => world.stop());
  const names = async (query: string) => {
    const answer = await world.get(`/Users?${query}`);
    if (answer.status !== 200) return `${answer.status} ${answer.json.scimType}`;
    expect(answer.json.totalResults).toBeGreaterThanOrEqual(answer.json.Resources.length);
    return answer.json.Resources.map((user: { userName: string }) => user.userName).join();
  };
  const filtered = (filter: string) => names(`filter=${encodeURIComponent(filter)}`);

  test.each([
    ['userName eq "ANN"', 'ann'],
    ['userName eq "an"', ''],
    ['externalId eq "X1"', 'ann'],
    ['externalId eq "x1"', 'cat'],
    ['displayName eq "big ben"', 'Ben'],
    ['emails eq "ann@X.io"', 'ann'],
    ['emails.value eq "ben@x.io"', 'Ben'],
    ['emails[type eq "work"].value eq "ann@x.io"', 'ann'],
    ['emails[type eq "work" and value eq "ben@x.io"]', ''],
    ['emails[value eq "ben@x.io" and primary eq true]', 'Ben'],
    ['emails[primary eq "True"].value eq "ben@x.io"', 'Ben'],
    ['title eq "baker"', 'ann,Dee'],
    ['title eq "baker" and active eq true', 'ann'],
    ['title pr and not (title co "adm")', 'ann,Dee'],
    ['userName eq "ann" or userName eq "BEN"', 'ann,Ben'],
    [`${ENTERPRISE}:department eq "R+D \\"1\\""`, 'cat'],
    ['manager eq "m1"', 'cat'],
    ['name.familyName eq "é"', 'Dee'],
    [`${FURLOUGH}:status eq "inactive"`, 'Dee'],
    ['meta.resourceType eq "User"', 'ann,Ben,cat,Dee'],
    ['meta.created lt "2000-01-01T00:00:00Z"', ''],
    ['password eq "x"', '400 invalidFilter'],
    ['shoeSize eq 9', '400 invalidFilter'],
    ['active gt true', '400 invalidFilter'],
    ['userName', '400 invalidFilter'],
    ['', '400 invalidFilter'],
    ['userName eq "a\u0000"', '400 invalidFilter'],
  ])('filter %s', async (filter, expected) => {
    expect(await filtered(filter)).toBe(expected);
  });

  test('a filter by id, with another term, and by version finds one user', async () => {
    const { id, meta } = (await world.get(`/Users/${ids['cat']}`)).json;
    expect(await filtered(`id eq "${id}" and manager eq "m1"`)).toBe('cat');
    expect(await filtered(`id eq "${id}" and manager eq "m2"`)).toBe('');
    expect(await filtered(`meta.version eq ${JSON.stringify(meta.version)}`)).toBe('cat');
    expect(await names(`filter=${encodeURIComponent('id pr')}&sortBy=meta.version`)).toMatch(/^\w+,\w+,\w+,\w+$/);
  });

  test('a blank may be a plus, an ampersand may dangle, a filter may come once', async () => {
    expect(await names('filter=userName+eq+%22ann%22&')).toBe('ann');
    expect(await names('filter=userName%20eq%20%22ann%22')).toBe('ann');
    expect(await names('aadOptscim062020&filter=userName+eq+%22ann%22&foo=bar')).toBe('ann');
    expect(await names('filter=userName+pr&filter=userName+eq+%22ann%22')).toBe('400 invalidFilter');
    expect(await names('filter=%ZZ')).toBe('400 invalidFilter');
    expect((await world.get(`/Users/${ids['ann']}?`)).json.userName).toBe('ann');
    expect((await world.get(`/Users/${ids['ann']}/`)).json.userName).toBe('ann');
  });

  test('order is that of creation, or as asked: case ignored, no value last ascending and first descending', async () => {
    expect(await names('')).toBe('ann,Ben,cat,Dee');
    expect(await names('sortBy=userName&sortOrder=descending')).toBe('Dee,cat,Ben,ann');
    expect(await names('sortBy=title')).toBe('Ben,ann,Dee,cat');
    expect(await names('sortBy=TITLE&sortOrder=descending')).toBe('cat,ann,Dee,Ben');
    expect(await names('sortBy=emails')).toBe('ann,Ben,cat,Dee');
    expect(await names(`sortBy=${ENTERPRISE}:department&filter=title+pr&count=2`)).toBe('ann,Ben');
    for (const by of ['shoeSize', 'password', 'name', '__proto__', ENTERPRISE]) {
      expect(await names(`sortBy=${by}`)).toBe('400 invalidValue');
    }
    expect(await names('sortBy=userName&sortOrder=sideways')).toBe('400 invalidValue');
  });

  test.each([
    ['startIndex=1&count=2', [4, 1, 2], 'ann,Ben'],
    ['startIndex=2&count=2', [4, 2, 2], 'Ben,cat'],
    ['startIndex=4&count=2&sortBy=userName', [4, 4, 1], 'Dee'],
    ['startIndex=-5&count=1', [4, 1, 1], 'ann'],
    ['startIndex=99', [4, 99, 0], ''],
    ['count=0', [4, 1, 0], ''],
    ['count=-1&filter=title+pr', [3, 1, 0], ''],
    ['count=1000000000', [4, 1, 4], 'ann,Ben,cat,Dee'],
    ['count=99999999999999999999999', [4, 1, 4], 'ann,Ben,cat,Dee'],
    ['count=&startIndex=', [4, 1, 4], 'ann,Ben,cat,Dee'],
  ])('page %s', async (query, [total, startIndex, itemsPerPage], expected) => {
    const { json } = await world.get(`/Users?${query}`);
    expect(json).toMatchObject({ totalResults: total, startIndex, itemsPerPage });
    expect(json.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:ListResponse']);
    expect(json.Resources.map((user: { userName: string }) => user.userName).join()).toBe(expected);
  });

  test.each(['count=ten', 'count=1.5', 'startIndex=0x10', 'startIndex=%00'])('page %s is refused', async (query) => {
    expect(await names(query)).toBe('400 invalidValue');
  });

  test('attributes and excludedAttributes shape every answer with a body; id and schemas always stay', async () => {
    const target = `/Users/${ids['cat']}`;
    const only = (await world.get(`${target}?attributes=USERNAME,${ENTERPRISE}:manager.value`)).json;
    expect(only).toEqual({
      schemas: [CORE, ENTERPRISE],
      id: ids['cat'],
      userName: 'cat',
      [ENTERPRISE]: { manager: { value: 'm1' } },
    });
    const without = (await world.get(`${target}?excludedAttributes=id,meta,userName,${ENTERPRISE},${FURLOUGH}`)).json;
    expect(without).toEqual({ schemas: [CORE], id: ids['cat'], externalId: 'x1', active: true });
    const created = await world.post('/Users?attributes=id', { schemas: [CORE], userName: 'new' });
    expect([created.status, created.json]).toEqual([201, { schemas: [CORE], id: expect.any(String) }]);
    const headers = { 'Content-Type': 'application/json' };
    const body = { Operations: [{ op: 'add', path: 'title', value: 'x' }] };
    const patched = await world.send({ method: 'PATCH', path: `${target}?attributes=title`, headers, body });
    expect(patched.json).toEqual({ schemas: [CORE], id: ids['cat'], title: 'x' });
    const listed = (await world.get('/Users?attributes=userName&count=1')).json.Resources;
    expect(listed).toEqual([{ schemas: [CORE], id: ids['ann'], userName: 'ann' }]);
    expect((await world.get(`${target}?attributes=password,nothing`)).json).toEqual({
      schemas: [CORE],
      id: ids['cat'],
    });
  });

  test('If-None-Match answers 304 without a body while nothing changed; HEAD has the headers alone', async () => {
    const path = `/Users/${ids['ann']}`;
    const first = await world.get(path);
    const etag = String(first.headers['etag']);
    expect(etag).toBe(first.json.meta.version);
    const again = await world.send({ method: 'GET', path, headers: { 'If-None-Match': `"other", ${etag}` } });
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
    await world.patch(ids['ann'] ?? '', [{ op: 'replace', path: 'title', value: 'new' }]);
    expect((await world.send({ method: 'GET', path, headers: { 'If-None-Match': etag } })).status).toBe(200);
    const head = await world.send({ method: 'HEAD', path });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
  });

  test('POST .search asks the same in a body, and keeps the filter out of addresses', async () => {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'];
    const { json } = await world.post('/Users/.search', {
      schemas,
      filter: 'title pr',
      sortBy: 'userName',
      sortOrder: 'descending',
      startIndex: 2,
      count: 1,
      attributes: ['userName'],
    });
    expect(json).toMatchObject({ totalResults: 3, startIndex: 2, itemsPerPage: 1 });
    expect(json.Resources).toEqual([{ schemas: [CORE], id: ids['Ben'], userName: 'Ben' }]);
    for (const body of [{ filter: 7 }, { filter: ['a'] }, { filter: '' }, []]) {
      expect((await world.post('/Users/.search', body)).status).toBe(400);
    }
    expect((await world.post('/Users/.search', {}, world.secrets.strict)).json.scimType).toBe('invalidSyntax');
    expect((await world.post('/Users/.search', { schemas }, world.secrets.strict)).status).toBe(200);
  });
});

test('a key that more than 1,000 users share is answered with the true total', async () => {
  const storage = await openSqliteStorage({ path: ':memory:', recordKinds });
  const world = await startScimWorld(storage);
  const connection = 'default' as ConnectionId;
  for (let made = 0; made < 1_005; made += 1) {
    const profile = { userName: `u${made}`, displayName: 'Same' };
    await world.provisioning.provisionUser(acme, { profile, active: true, connection, restore: false }, byTest);
  }
  const { json } = await world.get('/Users?filter=displayName+eq+%22same%22&startIndex=1004');
  expect([json.totalResults, json.itemsPerPage]).toEqual([1_005, 2]);
  expect((await world.get('/Users?count=1000')).json.itemsPerPage).toBe(200);
  expect((await world.get('/Users')).json.itemsPerPage).toBe(100);
  await world.stop();
  await storage.close();
});
