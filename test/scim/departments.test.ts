// The resource type Department on both stores: every verb, filters, order, pages by index and by cursor, versions, Bulk, search on the root.

import { describeAtDoors } from '../harness/both-storages.ts';
import { DEPARTMENT, PATCH_OP, startScimWorld, type Json, type ScimWorld, type WireAnswer } from './scim-world.ts';

const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

describeAtDoors('SCIM departments', (open) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
  });
  afterEach(() => world.stop());

  const body = (name: string, parts: object = {}) => ({ schemas: [DEPARTMENT], name, ...parts });
  const add = async (name: string, parts: object = {}): Promise<Json> => {
    const { status, json } = await world.post('/Departments', body(name, parts));
    expect([status, json]).toEqual([201, expect.anything()]);
    return json;
  };
  const read = async (id: string): Promise<Json> => (await world.get(`/Departments/${id}`)).json;
  const send = (method: string, id: string, sent?: object, headers: Record<string, string> = {}): Promise<WireAnswer> =>
    world.send({ method, path: `/Departments/${id}`, headers, ...(sent === undefined ? {} : { body: sent }) });
  const patch = (id: string, operations: readonly object[], headers: Record<string, string> = {}) =>
    send('PATCH', id, { schemas: [PATCH_OP], Operations: operations }, headers);
  const names = (answer: WireAnswer): readonly string[] => {
    expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
    return answer.json.Resources.map((one: Json) => one.name);
  };
  const list = (query: string) => world.get(`/Departments?${query}`);
  const find = async (filter: string) => names(await list(`filter=${encodeURIComponent(filter)}`));
  const refused = (answer: WireAnswer) => [answer.status, answer.json?.scimType];

  test('what is created is answered with its place, version and the name of its parent, and reads back the same', async () => {
    const top = await add('本社', { code: 'HQ' });
    const answer = await world.post(
      '/Departments',
      body('営業部', { code: 'S1', displayOrder: 2, externalId: 'x-1', parent: { value: top.id } }),
    );
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      schemas: [DEPARTMENT],
      id: expect.any(String),
      externalId: 'x-1',
      name: '営業部',
      code: 'S1',
      displayOrder: 2,
      parent: { value: top.id, $ref: `${world.base}/Departments/${top.id}`, display: '本社' },
      meta: {
        resourceType: 'Department',
        created: expect.any(String),
        lastModified: answer.json.meta.created,
        location: `${world.base}/Departments/${answer.json.id}`,
        version: answer.headers['etag'],
      },
    });
    expect(answer.headers['location']).toBe(answer.json.meta.location);
    const again = await world.get(`/Departments/${answer.json.id}`);
    expect(again.json).toEqual(answer.json);
    const unchanged = await send('GET', answer.json.id, undefined, { 'If-None-Match': answer.json.meta.version });
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
    const part = await world.get(`/Departments/${answer.json.id}?attributes=parent.display`);
    expect(part.json).toEqual({ schemas: [DEPARTMENT], id: answer.json.id, parent: { display: '本社' } });
  });

  test.each([
    ['without a name', { code: 'A' }, 400, 'invalidValue'],
    ['with a blank name', { name: ' ' }, 400, 'invalidValue'],
    ['with a long name', { name: 'n'.repeat(201) }, 400, 'invalidValue'],
    ['with a name that is no text', { name: 5 }, 400, 'invalidValue'],
    ['with an order that is no number', { name: 'A', displayOrder: 'first' }, 400, 'invalidValue'],
    ['with half an order', { name: 'A', displayOrder: 1.5 }, 400, 'invalidValue'],
    ['below nobody', { name: 'A', parent: { value: 'nobody' } }, 400, 'invalidValue'],
    ['below a number', { name: 'A', parent: 5 }, 400, 'invalidValue'],
    ['with a code that is taken', { name: 'A', code: 'hq' }, 409, 'uniqueness'],
    ['without schemas', { name: 'A', schemas: [] }, 400, 'invalidSyntax'],
  ])('one %s is refused and not stored', async (_name, parts, status, scimType) => {
    await add('Head office', { code: 'HQ' });
    const answer = await world.post('/Departments', { schemas: [DEPARTMENT], ...parts });
    expect(refused(answer)).toEqual([status, scimType]);
    expect((await list('')).json.totalResults).toBe(1);
  });

  test('PUT clears what it leaves out; PATCH changes what it names; the same again is no new version', async () => {
    const [top, other] = [await add('Top'), await add('Other')];
    const made = await add('A', { code: 'A1', displayOrder: 1, parent: { value: top.id } });
    const put = await send('PUT', made.id, body('B', { code: 'A1' }));
    expect(put.json).toEqual({
      ...made,
      name: 'B',
      displayOrder: undefined,
      parent: undefined,
      meta: expect.anything(),
    });
    const moved = await patch(made.id, [
      { op: 'Add', path: 'parent', value: other.id },
      { op: 'replace', value: { displayOrder: 7 } },
      { op: 'remove', path: 'code' },
    ]);
    expect(moved.status).toBe(200);
    expect(moved.json).toMatchObject({ name: 'B', displayOrder: 7, parent: { value: other.id, display: 'Other' } });
    expect(moved.json.code).toBeUndefined();
    const same = await patch(made.id, [{ op: 'replace', path: 'parent.value', value: other.id }]);
    expect(same.json.meta).toEqual(moved.json.meta);
    const up = await patch(made.id, [{ op: 'remove', path: 'parent' }]);
    expect(up.json.parent).toBeUndefined();
    expect(await read(made.id)).toEqual(up.json);
  });

  test('a department whose parent is renamed shows the new name and keeps its version', async () => {
    const top = await add('Top');
    const child = await add('Child', { parent: { value: top.id } });
    expect((await patch(top.id, [{ op: 'replace', path: 'name', value: 'Head' }])).status).toBe(200);
    const now = await read(child.id);
    expect([now.parent.display, now.meta.version]).toEqual(['Head', child.meta.version]);
  });

  test('circles, missing parents and a name that goes are refused, and nothing of the request is kept', async () => {
    const top = await add('Top');
    const child = await add('Child', { parent: { value: top.id } });
    const rename = { op: 'replace', path: 'name', value: 'Changed' };
    for (const value of [top.id, child.id, 'nobody'])
      expect(refused(await patch(top.id, [rename, { op: 'replace', path: 'parent', value: { value } }]))).toEqual([
        400,
        'invalidValue',
      ]);
    expect((await patch(top.id, [rename, { op: 'remove', path: 'name' }])).status).toBe(400);
    expect(refused(await patch(top.id, [rename, { op: 'add', path: 'colour', value: 'red' }]))).toEqual([
      400,
      'invalidPath',
    ]);
    expect(await read(top.id)).toEqual(top);
  });

  test('If-Match lets only the version it names be changed or deleted', async () => {
    const made = await add('A');
    const changed = await patch(made.id, [{ op: 'replace', path: 'name', value: 'B' }], {
      'If-Match': made.meta.version,
    });
    expect(changed.status).toBe(200);
    const stale = { 'If-Match': made.meta.version };
    expect((await patch(made.id, [{ op: 'replace', path: 'name', value: 'C' }], stale)).status).toBe(412);
    expect((await send('PUT', made.id, body('C'), stale)).status).toBe(412);
    expect((await send('DELETE', made.id, undefined, stale)).status).toBe(412);
    expect((await send('DELETE', made.id, undefined, { 'If-Match': changed.json.meta.version })).status).toBe(204);
  });

  test('a deleted department is gone for every verb; one with departments below it is kept', async () => {
    const top = await add('Top', { code: 'T' });
    const child = await add('Child', { parent: { value: top.id } });
    const kept = await send('DELETE', top.id);
    expect([kept.status, kept.json.detail]).toEqual([409, expect.stringContaining('below it')]);
    for (const { id } of [child, top]) expect((await send('DELETE', id)).status).toBe(204);
    const verbs = [
      await send('GET', top.id),
      await send('PUT', top.id, body('Again')),
      await patch(top.id, [{ op: 'replace', path: 'name', value: 'Again' }]),
      await send('DELETE', top.id),
      await send('GET', 'no/such'),
    ];
    expect(verbs.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect((await list('')).json).toMatchObject({ totalResults: 0, Resources: [] });
    await add('Again', { code: 'T' });
  });

  test('filters on every attribute, by index or not, and orders', async () => {
    const hq = await add('Head office', { code: 'HQ', displayOrder: 3 });
    const sales = await add('Sales', { code: 'S', displayOrder: 1, parent: { value: hq.id }, externalId: 'E' });
    await add('sales', { parent: { value: sales.id } });
    expect(await find('code eq "hq"')).toEqual(['Head office']);
    expect(await find('name eq "SALES"')).toEqual(['Sales', 'sales']);
    expect(await find('externalId eq "E"')).toEqual(['Sales']);
    expect(await find('externalId eq "e"')).toEqual([]);
    expect(await find(`id eq "${sales.id}"`)).toEqual(['Sales']);
    expect(await find(`parent.value eq "${hq.id}"`)).toEqual(['Sales']);
    expect(await find(`parent[value eq "${sales.id}"]`)).toEqual(['sales']);
    expect(await find(`name eq "Sales" and parent.value eq "${hq.id}"`)).toEqual(['Sales']);
    expect(await find('parent.display co "HEAD"')).toEqual(['Sales']);
    expect(await find('not (parent pr)')).toEqual(['Head office']);
    expect(await find('displayOrder ge 1 and displayOrder lt 3')).toEqual(['Sales']);
    expect(await find(`${DEPARTMENT}:code sw "s" or name co "office"`)).toEqual(['Head office', 'Sales']);
    expect(await find('meta.resourceType eq "Department" and code pr')).toEqual(['Head office', 'Sales']);
    expect(refused(await list('filter=userName%20eq%20%22a%22'))).toEqual([400, 'invalidFilter']);
    expect(names(await list('sortBy=displayOrder'))).toEqual(['Sales', 'Head office', 'sales']);
    expect(names(await list('sortBy=parent.display&sortOrder=descending'))).toEqual(['Head office', 'sales', 'Sales']);
    expect(refused(await list('sortBy=colour'))).toEqual([400, 'invalidValue']);
    const search = await world.post('/Departments/.search', {
      filter: 'code pr',
      attributes: ['code'],
      sortBy: 'code',
    });
    expect(search.json.Resources.map((one: Json) => [Object.keys(one), one.code])).toEqual([
      [['schemas', 'id', 'code'], 'HQ'],
      [['schemas', 'id', 'code'], 'S'],
    ]);
  });

  test('pages by index and by cursor, over all and over children', async () => {
    const top = await add('Top');
    const all = ['Top'];
    for (let n = 0; n < 7; n += 1) all.push((await add(`${n}`, { parent: { value: top.id } })).name);
    const page = await list('startIndex=3&count=2');
    expect([names(page), page.json.totalResults, page.json.startIndex]).toEqual([['1', '2'], 8, 3]);
    expect(names(await list('startIndex=9'))).toEqual([]);
    expect((await list('count=0')).json).toMatchObject({ totalResults: 8, Resources: [] });
    const filter = encodeURIComponent(`parent.value eq "${top.id}"`);
    for (const [query, expected] of [
      ['', all],
      [`&filter=${filter}`, all.slice(1)],
      ['&sortBy=name&sortOrder=descending', all.toSorted().reverse()],
    ] as const) {
      const seen: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const answer: WireAnswer = await list(`count=3&cursor=${encodeURIComponent(cursor)}${query}`);
        seen.push(...names(answer));
        cursor = answer.json.nextCursor;
      }
      expect(seen).toEqual(expected);
    }
  });

  test('in Bulk a child may stand before its parent; a circle is refused; who names a department by its code finds it', async () => {
    const post = (bulkId: string, name: string, parts: object = {}) => ({
      method: 'POST',
      path: '/Departments',
      bulkId,
      data: body(name, parts),
    });
    const bulk = async (operations: readonly object[]): Promise<readonly string[]> => {
      const { json } = await world.post('/Bulk', { schemas: [BULK], Operations: operations });
      return json.Operations.map(({ status }: Json) => status);
    };
    expect(
      await bulk([
        post('child', 'Child', { parent: { value: 'bulkId:top' } }),
        post('top', 'Top', { code: 'T' }),
        post('twin', 'Twin', { code: 't' }),
      ]),
    ).toEqual(['201', '201', '409']);
    expect(await find('parent.display eq "Top"')).toEqual(['Child']);
    const circle = await bulk([
      post('one', 'One', { parent: { value: 'bulkId:other' } }),
      post('other', 'Other', { parent: { value: 'bulkId:one' } }),
    ]);
    expect(circle.toSorted()).toEqual(['201', '400']);
  });

  test('the search on the root has departments after groups', async () => {
    await add('Z');
    await world.create('a@acme.test', { displayName: 'A' });
    const { json } = await world.post('/.search', { filter: 'meta.created pr' });
    expect(json.Resources.map((one: Json) => one.meta.resourceType)).toEqual(['User', 'Department']);
    const sorted = await world.post('/.search', {
      filter: 'name eq "z" or displayName eq "a"',
      sortBy: 'meta.created',
    });
    expect(sorted.json.Resources.map((one: Json) => one.meta.resourceType)).toEqual(['Department', 'User']);
    // `name` is a text here and has parts there.
    for (const [filter, total] of [
      ['name eq "z"', 1],
      ['name[familyName pr]', 0],
      ['name.familyName eq "z"', 0],
      ['not (name eq "z")', 1],
    ] as const)
      expect([filter, (await world.post('/.search', { filter })).json.totalResults]).toEqual([filter, total]);
    const byName = await world.post('/.search', { sortBy: 'name' });
    expect(byName.json.Resources.map((one: Json) => one.meta.resourceType)).toEqual(['Department', 'User']);
  });

  test('another organisation neither finds nor changes it; a credential that reads only does not write', async () => {
    const made = await add('A', { code: 'A' });
    const foreign = { Authorization: `Bearer ${world.secrets.globex}` };
    for (const [method, sent] of [['GET'], ['PUT', body('B')], ['DELETE']] as const)
      expect((await send(method, made.id, sent, foreign)).status).toBe(404);
    const theirs = await world.post('/Departments', body('B', { parent: { value: made.id } }), world.secrets.globex);
    expect(refused(theirs)).toEqual([400, 'invalidValue']);
    expect((await world.post('/Departments', body('B', { code: 'A' }), world.secrets.globex)).status).toBe(201);
    expect((await world.get('/Departments', world.secrets.globex)).json.totalResults).toBe(1);
    expect((await world.post('/Departments', body('C'), world.secrets.readonly)).status).toBe(403);
    expect((await world.get(`/Departments/${made.id}`, world.secrets.readonly)).status).toBe(200);
  });
});
