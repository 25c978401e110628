// The Person extension on both stores: what it keeps, what it refuses, who is found by it, and that a client that does not know it clears nothing.

import {
  acme,
  CORE,
  DEPARTMENT,
  ENTERPRISE,
  FURLOUGH,
  PATCH_OP,
  PERSON,
  startScimWorld,
  type Json,
  type ScimWorld,
} from './scim-world.ts';
import { describeAtDoors } from '../harness/both-storages.ts';

describeAtDoors('the Person extension', (open) => {
  let world: ScimWorld;
  let sales: Json;
  let support: Json;
  beforeEach(async () => {
    world = await startScimWorld(await open());
    sales = (await world.post('/Departments', { schemas: [DEPARTMENT], name: '営業部', code: 'S1' })).json;
    support = (await world.post('/Departments', { schemas: [DEPARTMENT], name: 'Support' })).json;
  });
  afterEach(() => world.stop());

  const read = async (id: string): Promise<Json> => (await world.get(`/Users/${id}`)).json;
  const user = (parts: object = {}) => ({ schemas: [CORE], userName: 'aoki@acme.test', ...parts });
  const create = (person: unknown, secret?: string) => world.post('/Users', user({ [PERSON]: person }), secret);
  const found = async (filter: string): Promise<readonly string[]> => {
    const { status, json } = await world.get(`/Users?filter=${encodeURIComponent(filter)}`);
    expect([status, json.Resources]).toEqual([200, expect.anything()]);
    return json.Resources.map(({ userName }: Json) => userName);
  };
  const shown = (department: Json, parts: object = {}) => ({
    value: department.id,
    $ref: `${world.base}/Departments/${department.id}`,
    display: department.name,
    ...(department.code === undefined ? {} : { code: department.code }),
    ...parts,
  });

  test('everything of it is kept and shown, departments with their present name and code', async () => {
    const person = {
      phoneticName: { familyName: 'あおき', givenName: 'はなこ' },
      localizedName: { formatted: 'Hanako Aoki', familyName: 'Aoki', givenName: 'Hanako', locale: 'en' },
      extensionNumber: '1234',
      hireDate: '2020-04-01',
      birthday: '1992-02-29',
      displayOrder: 3,
    };
    const departments = [
      { value: sales.id, primary: true, jobTitle: '部長', jobTitleCode: 'M1', display: 'not ours', code: 'not ours' },
      { value: support.id },
    ];
    const { status, json } = await create({ ...person, departments });
    expect(status).toBe(201);
    expect(json.schemas).toEqual([CORE, PERSON, FURLOUGH]);
    const places = [shown(sales, { primary: true, jobTitle: '部長', jobTitleCode: 'M1' }), shown(support)];
    expect(json[PERSON]).toEqual({ ...person, departments: places });
    expect(await read(json.id)).toEqual(json);
    const list = (await world.get('/Users?sortBy=userName')).json.Resources;
    expect(list).toEqual([json]);
    const { json: part } = await world.get(`/Users/${json.id}?attributes=${PERSON}:departments.code,userName`);
    expect(part).toEqual({
      schemas: [CORE, PERSON],
      id: json.id,
      userName: 'aoki@acme.test',
      [PERSON]: { departments: [{ code: 'S1' }] },
    });
    const renamed = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'name', value: 'Sales' }] };
    await world.send({ method: 'PATCH', path: `/Departments/${sales.id}`, body: renamed });
    const after = await read(json.id);
    expect(after[PERSON].departments[0].display).toBe('Sales');
    expect(after.meta).toEqual(json.meta);
  });

  test.each([
    ['a hire date that there is not', { hireDate: '2026-02-30' }],
    ['a birthday that is an instant', { birthday: '1990-01-01T00:00:00Z' }],
    ['an order that is no number', { displayOrder: 'first' }],
    ['a department that nobody has', { departments: [{ value: 'nobody' }] }],
    ['a department without an id', { departments: [{ value: 5 }] }],
    ['departments that are a number', { departments: 7 }],
    ['itself as a list', []],
  ])('%s is refused by lenient and strict connections alike, by every verb', async (_name, person) => {
    const before = await world.create('other@acme.test');
    for (const secret of [world.secrets.bearer, world.secrets.strict]) {
      const answers = [
        await create(person, secret),
        await world.put(
          `/Users/${before.id}`,
          { schemas: [CORE, PERSON], userName: 'x@acme.test', [PERSON]: person },
          secret,
        ),
        await world.patch(before.id, [{ op: 'add', path: PERSON, value: person }], secret),
      ];
      for (const { status, json } of answers) expect([status, json.scimType]).toEqual([400, 'invalidValue']);
    }
    expect(await read(before.id)).toEqual(before);
    expect((await world.get('/Users')).json.totalResults).toBe(1);
  });

  test('at most one department is primary: two are refused, a new one takes over', async () => {
    const two = [
      { value: sales.id, primary: true },
      { value: support.id, primary: true },
    ];
    expect((await create({ departments: two })).status).toBe(400);
    const { json } = await create({ departments: [{ value: sales.id, primary: true }] });
    const path = `${PERSON}:departments`;
    const added = await world.patch(json.id, [{ op: 'add', path, value: [{ value: support.id, primary: true }] }]);
    expect(added.json[PERSON].departments).toEqual([
      shown(sales, { primary: false }),
      shown(support, { primary: true }),
    ]);
    const twice = await world.patch(json.id, [{ op: 'add', path, value: [{ value: support.id, jobTitle: 'Clerk' }] }]);
    expect(twice.json[PERSON].departments).toHaveLength(2);
  });

  test('PATCH names memberships by id, code or name, changes one, and removes one', async () => {
    const { json } = await create({ departments: [{ value: sales.id }, { value: support.id }] });
    const path = (filter: string, sub = '') => `${PERSON}:departments[${filter}]${sub}`;
    const titled = await world.patch(json.id, [
      { op: 'replace', path: path('code eq "s1"', '.jobTitle'), value: 'Head' },
    ]);
    expect(titled.json[PERSON].departments).toEqual([shown(sales, { jobTitle: 'Head' }), shown(support)]);
    const removed = await world.patch(json.id, [{ op: 'remove', path: path('display eq "SUPPORT"') }]);
    expect(removed.json[PERSON].departments).toEqual([shown(sales, { jobTitle: 'Head' })]);
    const again = await world.patch(json.id, [{ op: 'remove', path: path(`value eq "${sales.id}"`) }]);
    expect([again.status, again.json[PERSON], again.json.schemas]).toEqual([200, undefined, [CORE, FURLOUGH]]);
  });

  test('people are found and sorted by it, those of a department without reading the others', async () => {
    const people: Json[] = [];
    for (const [name, person] of [
      ['a', { departments: [{ value: sales.id, jobTitle: 'Head' }], hireDate: '2020-04-01', displayOrder: 2 }],
      ['b', { departments: [{ value: support.id, primary: true }], hireDate: '2019-04-01', displayOrder: 1 }],
      ['c', { phoneticName: { familyName: 'ちば' } }],
    ] as const)
      people.push(await world.create(name, { [PERSON]: person }));
    expect(await found(`${PERSON}:departments[value eq "${sales.id}"]`)).toEqual(['a']);
    expect(await found(`departments.value eq "${support.id}"`)).toEqual(['b']);
    expect(await found(`${PERSON}:departments[value eq "${sales.id}" and jobTitle eq "head"]`)).toEqual(['a']);
    expect(await found(`${PERSON}:departments[value eq "${sales.id}" and primary eq true]`)).toEqual([]);
    expect(await found('departments.code eq "S1"')).toEqual(['a']);
    expect(await found('departments[display sw "sup" and primary eq true]')).toEqual(['b']);
    expect(await found('not (departments pr)')).toEqual(['c']);
    expect(await found(`${PERSON}:hireDate lt "2020-01-01"`)).toEqual(['b']);
    expect(await found(`${PERSON}:phoneticName.familyName eq "ちば"`)).toEqual(['c']);
    expect(await found(`${PERSON} pr`)).toEqual(['a', 'b', 'c']);
    const order = (await world.get(`/Users?sortBy=${PERSON}:displayOrder`)).json.Resources;
    expect(order.map(({ userName }: Json) => userName)).toEqual(['b', 'a', 'c']);
    const byName = (await world.get(`/Users?sortBy=departments.display`)).json.Resources;
    expect(byName.map(({ userName }: Json) => userName)).toEqual(['b', 'a', 'c']);
    // The index knows who is in a department, also after a move and a deletion.
    const [first] = people;
    const move = { op: 'replace', path: `${PERSON}:departments`, value: [{ value: support.id }] };
    await world.patch(first.id, [move]);
    expect(await found(`departments.value eq "${sales.id}"`)).toEqual([]);
    const keyOf = { kind: 'department', value: support.id } as const;
    expect((await world.storage.users.findByKey(acme, keyOf)).map(({ profile }) => profile.userName)).toEqual([
      'a',
      'b',
    ]);
    await world.send({ method: 'DELETE', path: `/Users/${first.id}` });
    expect((await world.storage.users.findByKey(acme, keyOf)).map(({ profile }) => profile.userName)).toEqual(['b']);
  });

  test('a department with people in it, active or not, is not deleted', async () => {
    const { json } = await create({ departments: [{ value: sales.id }] });
    const remove = () => world.send({ method: 'DELETE', path: `/Departments/${sales.id}` });
    expect((await remove()).status).toBe(409);
    await world.patch(json.id, [{ op: 'replace', path: 'active', value: false }]);
    const refused = await remove();
    expect([refused.status, refused.json.detail]).toEqual([409, expect.stringContaining('people')]);
    await world.send({ method: 'DELETE', path: `/Users/${json.id}` });
    expect((await remove()).status).toBe(204);
  });

  test('a PUT that does not speak of the extension leaves it alone; one that does replaces it whole; a strict one clears it', async () => {
    const { json } = await create({ birthday: '1990-01-01', departments: [{ value: sales.id }] });
    const path = `/Users/${json.id}`;
    for (const schemas of [[CORE], [CORE, ENTERPRISE, PERSON]]) {
      const put = await world.put(path, { ...user({ title: `${schemas.length}` }), schemas });
      expect([put.status, put.json[PERSON]]).toEqual([200, json[PERSON]]);
    }
    // A client that sends back what it read, other parts changed.
    const echoed = await world.put(path, { ...json, title: 'Echo' });
    expect(echoed.json[PERSON]).toEqual(json[PERSON]);
    const part = await world.put(path, user({ [PERSON]: { birthday: '1991-01-01' } }));
    expect(part.json[PERSON]).toEqual({ birthday: '1991-01-01' });
    for (const nothing of [null, {}]) {
      await world.put(path, user({ [PERSON]: { birthday: '1990-01-01' } }));
      expect((await world.put(path, user({ [PERSON]: nothing }))).json[PERSON]).toBeUndefined();
    }
    await world.put(path, user({ [`${PERSON}:birthday`]: '1990-01-01' }));
    expect((await read(json.id))[PERSON]).toEqual({ birthday: '1990-01-01' });
    const strict = await world.put(path, user(), world.secrets.strict);
    expect([strict.status, strict.json[PERSON]]).toEqual([200, undefined]);
  });

  test('a membership of a department that is gone is shown nowhere and hinders no write', async () => {
    const { json } = await create({ departments: [{ value: sales.id }] });
    // As a process leaves it that dies between the person and the department.
    const stored = await world.storage.users.get(acme, json.id);
    if (stored === null) throw new Error('nobody');
    const departments = [{ value: 'gone' as never }, { value: sales.id }];
    const user_ = { ...stored, revision: stored.revision + 1, profile: { ...stored.profile, person: { departments } } };
    await world.storage.users.commit({ user: user_, expectedRevision: stored.revision, seat: 'keep', effects: [] });
    const now = await read(json.id);
    expect(now[PERSON].departments).toEqual([shown(sales)]);
    expect(await found('departments[value eq "gone"]')).toEqual([]);
    expect((await world.put(`/Users/${json.id}`, { ...now, title: 'x' })).json[PERSON].departments).toEqual([
      shown(sales),
    ]);
    const off = await world.patch(json.id, [{ op: 'replace', path: 'active', value: false }]);
    expect([off.status, off.json.active]).toEqual([200, false]);
  });

  test('a restore by POST leaves it alone as a PUT does', async () => {
    const { json } = await create({ birthday: '1990-01-01', departments: [{ value: sales.id }] });
    await world.patch(json.id, [{ op: 'replace', path: 'active', value: false }]);
    const restored = await world.post('/Users', user({ title: 'Back' }));
    expect([restored.status, restored.json.id, restored.json.title]).toEqual([201, json.id, 'Back']);
    expect(restored.json[PERSON]).toEqual(json[PERSON]);
  });

  test('names that are no URN’s mean nothing of it in a body: what another client calls birthday is not ours', async () => {
    const { status, json } = await world.post('/Users', user({ birthday: '1/2/90', departments: ['x'], hireDate: 5 }));
    expect([status, json[PERSON]]).toEqual([201, undefined]);
  });

  test('where inactive is echoed, a PUT that changes nothing else counts, also for a person placed by a text', async () => {
    const echoing = await world.addConnection('echoing', { ignoreEchoedInactive: true });
    const { json } = await world.post('/Users', user({ [ENTERPRISE]: { department: '営業部' } }), echoing);
    expect(json[PERSON].departments).toEqual([shown(sales, { primary: true })]);
    await world.patch(json.id, [{ op: 'replace', path: 'active', value: false }], world.secrets.okta);
    const echo = await world.put(`/Users/${json.id}`, await read(json.id), echoing);
    expect(echo.json[FURLOUGH].holds.map(({ source }: Json) => source)).toEqual(['okta', 'echoing']);
  });
});
