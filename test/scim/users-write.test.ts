// POST, PUT, PATCH and DELETE by outcome: create, restore (scim.md 5.4), replace, conditions, conflicts, removal (5.5).

import { describeAtDoors } from '../harness/both-storages.ts';
import { CORE, ENTERPRISE, FURLOUGH, startScimWorld, type ScimWorld } from './scim-world.ts';

const off = [{ op: 'replace', path: 'active', value: false }];

describeAtDoors('SCIM writing of users', (open) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
  });
  afterEach(() => world.stop());
  const post = (userName: string, parts: object = {}, secret?: string) =>
    world.post('/Users', { schemas: [CORE], userName, ...parts }, secret);
  const remove = (id: string, headers: Record<string, string> = {}) =>
    world.send({ method: 'DELETE', path: `/Users/${id}`, headers });

  test('POST answers 201 with the whole resource, Location and ETag', async () => {
    const answer = await post('Ann@acme.test', {
      id: 'mine',
      meta: { created: '1999-01-01T00:00:00Z' },
      externalId: '00uAnn',
      name: { givenName: 'Ann', familyName: 'Lee', middleName: null },
      emails: [{ value: 'ann@acme.test', type: 'work', primary: 'True' }],
      password: 'S3cret-password',
      groups: [],
      shoeSize: 9,
      [ENTERPRISE]: { department: 'Bakery', manager: '' },
    });
    expect(answer.status).toBe(201);
    const { id, meta } = answer.json;
    expect(answer.json).toEqual({
      schemas: [CORE, ENTERPRISE, FURLOUGH],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      externalId: '00uAnn',
      userName: 'Ann@acme.test',
      name: { givenName: 'Ann', familyName: 'Lee' },
      active: true,
      emails: [{ value: 'ann@acme.test', type: 'work', primary: true }],
      [ENTERPRISE]: { department: 'Bakery' },
      [FURLOUGH]: { status: 'active', seat: 'held' },
      meta: {
        resourceType: 'User',
        created: meta.lastModified,
        lastModified: meta.lastModified,
        location: `${world.base}/Users/${id}`,
        version: answer.headers['etag'],
      },
    });
    expect(answer.headers['location']).toBe(meta.location);
    expect((await world.get(`/Users/${id}`)).json).toEqual(answer.json);
    expect(world.lines.join('')).not.toContain('S3cret');
  });

  test('a userName is taken in any letter case, by POST, PUT and PATCH; nothing changes', async () => {
    const { id } = await world.create('Taken@acme.test');
    const other = await world.create('other@acme.test');
    for (const answer of [
      await post('tAKEN@acme.test'),
      await world.put(`/Users/${other.id}`, { schemas: [CORE], userName: 'taken@acme.test' }),
      await world.patch(other.id, [{ op: 'replace', value: { userName: 'TAKEN@acme.test', title: 'x' } }]),
    ]) {
      expect([answer.status, answer.json.scimType, answer.json.status]).toEqual([409, 'uniqueness', '409']);
    }
    expect((await world.get(`/Users/${other.id}`)).json).toEqual(other);
    const recased = await world.patch(id, [{ op: 'replace', path: 'userName', value: 'TAKEN@acme.test' }]);
    expect([recased.status, recased.json.userName]).toEqual([200, 'TAKEN@acme.test']);
  });

  test('a POST that Entra repeats because the answer was slow is 409: never a twin, never wiped fields', async () => {
    const created = await world.create('slow@acme.test', { title: 'Baker' });
    expect((await post('slow@acme.test')).status).toBe(409);
    expect((await world.get(`/Users/${created.id}`)).json).toEqual(created);
  });

  test('a POST restores an inactive user: same id and created, profile as PUT, only this connection’s hold lifted', async () => {
    const created = await world.create('back@acme.test', { externalId: '00u1', title: 'gone after this' });
    await world.patch(created.id, off);
    const answer = await post('BACK@acme.test', { externalId: '00u1', displayName: 'Back' });
    expect([answer.status, answer.json.id, answer.json.active]).toEqual([201, created.id, true]);
    expect(answer.json).toMatchObject({ userName: 'BACK@acme.test', displayName: 'Back' });
    expect(answer.json.title).toBeUndefined();
    expect(answer.json.meta.created).toBe(created.meta.created);
    expect(answer.headers['location']).toBe(created.meta.location);
    await world.patch(created.id, off, world.secrets.okta);
    expect((await post('back@acme.test')).json).toMatchObject({ id: created.id, active: false });
    expect((await post('back@acme.test', { active: false })).json).toMatchObject({ id: created.id, active: false });
  });

  test('a POST with another externalId for an inactive name is another person: 409', async () => {
    const { id } = await world.create('reused@acme.test', { externalId: 'first' });
    await world.patch(id, off);
    const answer = await post('reused@acme.test', { externalId: 'second' });
    expect([answer.status, answer.json.scimType]).toEqual([409, 'uniqueness']);
    expect(answer.json.detail).toContain('Another person had the userName');
  });

  test('a POST with a known externalId restores and renames, if this connection wrote it last; else it creates', async () => {
    const { id } = await world.create('old@acme.test', { externalId: '00u7' });
    await world.patch(id, off);
    const foreign = await post('foreign@acme.test', { externalId: '00u7' }, world.secrets.okta);
    expect(foreign.json.id).not.toBe(id);
    await remove(foreign.json.id);
    const renamed = await post('new@acme.test', { externalId: '00u7' });
    expect([renamed.status, renamed.json.id, renamed.json.userName]).toEqual([201, id, 'new@acme.test']);
  });

  test('a strict connection without restoreOnPost refuses the second POST', async () => {
    const { strict } = world.secrets;
    const created = await post('strict@acme.test', {}, strict);
    await world.patch(created.json.id, off, strict);
    expect((await post('strict@acme.test', {}, strict)).status).toBe(409);
  });

  test('PUT clears what it leaves out, ignores readOnly, and never creates', async () => {
    const created = await world.create('put@acme.test', { title: 'x', nickName: 'y', [ENTERPRISE]: { division: 'z' } });
    const answer = await world.put(`/Users/${created.id}`, {
      ...created,
      id: 'other',
      title: undefined,
      nickName: '',
      [ENTERPRISE]: {},
      [FURLOUGH]: { status: 'inactive', seat: 'none' },
      groups: [{ value: 'g1' }],
    });
    expect(answer.status).toBe(200);
    expect(answer.json.schemas).toEqual([CORE, FURLOUGH]);
    expect(answer.json).toMatchObject({ id: created.id, active: true, [FURLOUGH]: { status: 'active' } });
    for (const name of ['title', 'nickName', ENTERPRISE, 'groups']) expect(answer.json[name]).toBeUndefined();
    const unknown = '019a0000-0000-7000-8000-000000000000';
    expect((await world.put(`/Users/${unknown}`, { schemas: [CORE], userName: 'no@acme.test' })).status).toBe(404);
    expect((await world.get('/Users')).json.totalResults).toBe(1);
  });

  test('PATCH is all or nothing, and answers the whole user; groups and id cannot be written', async () => {
    const created = await world.create('patch@acme.test', { title: 'A' });
    const refused = await world.patch(created.id, [{ op: 'replace', path: 'title', value: 'B' }, { op: 'remove' }]);
    expect([refused.status, refused.json.scimType]).toEqual([400, 'noTarget']);
    for (const operation of [
      { op: 'replace', path: 'id', value: 'x' },
      { op: 'add', path: 'groups', value: [{ value: 'g' }] },
      { op: 'remove', path: 'userName' },
      { op: 'replace', path: `${FURLOUGH}:status`, value: 'inactive' },
    ]) {
      const answer = await world.patch(created.id, [operation]);
      expect([operation.path, answer.status, answer.json.scimType]).toEqual([operation.path, 400, 'mutability']);
    }
    expect((await world.get(`/Users/${created.id}`)).json).toEqual(created);
    const done = await world.patch(created.id, [{ op: 'add', path: 'title', value: 'C' }]);
    expect([done.status, done.json.title, done.headers['etag']]).toEqual([200, 'C', done.json.meta.version]);
  });

  test.each(['', '   ', null, 7, ['x'], { $gt: '' }])(
    'userName %j is refused with invalidValue by every verb',
    async (userName) => {
      const { id } = await world.create('named@acme.test');
      const body = { schemas: [CORE], userName };
      for (const answer of [
        await world.post('/Users', body),
        await world.put(`/Users/${id}`, body),
        await world.patch(id, [{ op: 'replace', path: 'userName', value: userName }]),
      ]) {
        expect([answer.status, answer.json.scimType]).toEqual([400, 'invalidValue']);
      }
    },
  );

  test('If-Match: a stale version is 412 for PUT, PATCH and DELETE, the present one and * pass', async () => {
    const { id, meta } = await world.create('etag@acme.test');
    await world.patch(id, [{ op: 'replace', path: 'title', value: 'new' }]);
    const body = { schemas: [CORE], userName: 'etag@acme.test' };
    const operations = { Operations: [{ op: 'replace', path: 'title', value: 'newer' }] };
    const ask = async (version: string) => {
      const headers = { 'If-Match': version };
      return [
        await world.send({ method: 'PATCH', path: `/Users/${id}`, headers, body: operations }),
        await world.send({ method: 'PUT', path: `/Users/${id}`, headers, body }),
        await remove(id, headers),
      ].map(({ status }) => status);
    };
    expect(await ask(meta.version)).toEqual([412, 412, 412]);
    expect((await world.get(`/Users/${id}`)).json.title).toBe('new');
    expect(await ask('*')).toEqual([200, 200, 204]);
  });

  test('DELETE frees name and seat; from then on the user is nowhere, and a POST makes somebody new', async () => {
    const { id } = await world.create('gone@acme.test', { externalId: '00u9' });
    const answer = await remove(id);
    expect([answer.status, answer.text, await world.seatsUsed()]).toEqual([204, '', 0]);
    expect((await remove(id)).status).toBe(404);
    expect((await world.get(`/Users/${id}`)).status).toBe(404);
    expect((await world.patch(id, [{ op: 'replace', path: 'active', value: true }])).status).toBe(404);
    expect((await world.put(`/Users/${id}`, { schemas: [CORE], userName: 'gone@acme.test' })).status).toBe(404);
    expect((await world.get('/Users?filter=externalId%20eq%20%2200u9%22')).json.totalResults).toBe(0);
    const again = await post('gone@acme.test', { externalId: '00u9' });
    expect([again.status, again.json.id === id]).toEqual([201, false]);
  });

  test('20 parallel PATCHes of different attributes without If-Match all land', async () => {
    const { id } = await world.create('busy@acme.test');
    const names = ['title', 'nickName', 'displayName', 'locale', 'timezone', 'userType', 'preferredLanguage'];
    const paths = [
      ...names,
      ...['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix'].map(
        (n) => `name.${n}`,
      ),
      ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map((n) => `${ENTERPRISE}:${n}`),
      'emails[type eq "work"].value',
      'phoneNumbers[type eq "mobile"].value',
    ];
    expect(paths).toHaveLength(20);
    const answers = await Promise.all(
      paths.map((path) => world.patch(id, [{ op: 'replace', path, value: `v ${path}` }])),
    );
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
    const user = JSON.stringify((await world.get(`/Users/${id}`)).json);
    for (const path of paths) expect(user).toContain(JSON.stringify(`v ${path}`));
  });

  test('of parallel POSTs of one userName exactly one creates; of parallel deactivations each succeeds and one seat comes back', async () => {
    const posts = await Promise.all(Array.from({ length: 8 }, () => post('race@acme.test')));
    expect(posts.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 409, 409, 409, 409, 409, 409, 409,
    ]);
    const id = posts.find(({ status }) => status === 201)?.json.id;
    const offs = await Promise.all(Array.from({ length: 8 }, () => world.patch(id, off)));
    expect(offs.every(({ status, json }) => status === 200 && json.active === false)).toBe(true);
    expect([await world.seatsUsed(), await world.epochOf(id)]).toEqual([0, 2]);
  });
});
