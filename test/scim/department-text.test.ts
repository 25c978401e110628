// What the enterprise attribute `department` does (docs/decisions/0005): it places the person, by code, by name, or in a new department; the text
// is answered as it was sent, whatever it means.

import { acme, CORE, DEPARTMENT, ENTERPRISE, PERSON, startScimWorld, type Json, type ScimWorld } from './scim-world.ts';
import { describeAtDoors } from '../harness/both-storages.ts';

describeAtDoors('the text department', (open) => {
  let world: ScimWorld;
  let creating: string;
  const begin = async (options: Parameters<typeof startScimWorld>[1] = {}) => {
    world = await startScimWorld(await open(), options);
    creating = await world.addConnection('creating', { createDepartments: true });
  };
  afterEach(() => world.stop());

  const department = async (name: string, code?: string): Promise<string> => {
    const sent = { schemas: [DEPARTMENT], name, ...(code === undefined ? {} : { code }) };
    return (await world.post('/Departments', sent)).json.id;
  };
  const body = (text: string | undefined, parts: object = {}) => ({
    schemas: [CORE, ENTERPRISE],
    userName: 'aoki@acme.test',
    ...(text === undefined ? {} : { [ENTERPRISE]: { department: text } }),
    ...parts,
  });
  const create = async (text: string | undefined, secret?: string, parts: object = {}): Promise<Json> => {
    const { status, json } = await world.post('/Users', body(text, parts), secret);
    expect([status, json.detail]).toEqual([201, undefined]);
    return json;
  };
  const write = (id: string, text: string, secret?: string) =>
    world.patch(id, [{ op: 'replace', path: `${ENTERPRISE}:department`, value: text }], secret);
  const places = (user: Json): readonly unknown[] =>
    (user[PERSON]?.departments ?? []).map(({ value, primary }: Json) =>
      primary === true ? [value, 'primary'] : value,
    );
  const textOf = (user: Json): unknown => user[ENTERPRISE]?.department;
  const departments = async (): Promise<readonly Json[]> => (await world.get('/Departments')).json.Resources;

  test('a code counts before a name, letter case and blanks around do not, and the text is answered as it was sent', async () => {
    await begin();
    const [named, coded] = [await department('Sales', 'X'), await department('Other', 'sales')];
    const user = await create('  SALES ');
    expect([textOf(user), places(user)]).toEqual(['  SALES ', [[coded, 'primary']]]);
    const other = await write(user.id, 'x');
    expect([textOf(other.json), places(other.json)]).toEqual(['x', [[named, 'primary']]]);
  });

  test('a name that two have, or nobody, places nobody; the text stays', async () => {
    await begin();
    await department('Sales');
    await department('sales');
    const user = await create('Sales');
    expect([textOf(user), places(user)]).toEqual(['Sales', []]);
    const nobody = await write(user.id, 'Nowhere');
    expect([textOf(nobody.json), places(nobody.json)]).toEqual(['Nowhere', []]);
    expect((await write(user.id, 'Sales', creating)).json[PERSON]).toBeUndefined();
    expect(await departments()).toHaveLength(2);
  });

  test('a connection that makes departments makes one, once, with the text as code and name; no other does', async () => {
    await begin();
    expect(places(await create('Sales'))).toEqual([]);
    const one = await create(' Sales', creating, { userName: 'one@acme.test' });
    const [made, ...more] = await departments();
    expect([made.name, made.code, more, places(one)]).toEqual(['Sales', 'Sales', [], [[made.id, 'primary']]]);
    // Renamed by people, it is found by its code.
    const renamed = { schemas: [DEPARTMENT], name: '営業部', code: 'Sales' };
    await world.put(`/Departments/${made.id}`, renamed);
    const two = await create('sales', creating, { userName: 'two@acme.test' });
    expect(places(two)).toEqual([[made.id, 'primary']]);
    expect(await departments()).toHaveLength(1);
    const long = 'n'.repeat(201);
    const kept = await write(two.id, long, creating);
    expect([textOf(kept.json), places(kept.json)]).toEqual([long, []]);
  });

  test('another text moves the membership, none takes it away; those that others made stay', async () => {
    await begin();
    const [sales, support, board] = [await department('Sales'), await department('Support'), await department('Board')];
    const user = await create('Sales');
    const path = `${PERSON}:departments`;
    await world.patch(
      user.id,
      [{ op: 'add', path, value: [{ value: board, jobTitle: 'Member' }] }],
      world.secrets.okta,
    );
    const moved = (await write(user.id, 'Support')).json;
    expect(places(moved)).toEqual([board, [support, 'primary']]);
    // The same again is no change.
    expect((await write(user.id, 'Support')).json.meta).toEqual(moved.meta);
    const toOthers = (await write(user.id, 'Board')).json;
    expect(places(toOthers)).toEqual([[board, 'primary']]);
    expect(toOthers[PERSON].departments[0].jobTitle).toBe('Member');
    await write(user.id, 'Sales');
    for (const clear of [
      () => write(user.id, ''),
      () => world.patch(user.id, [{ op: 'remove', path: `${ENTERPRISE}:department` }]),
      () => world.put(`/Users/${user.id}`, body(undefined)),
    ]) {
      expect(places((await write(user.id, 'Sales')).json)).toEqual([board, [sales, 'primary']]);
      const cleared = (await clear()).json;
      expect([textOf(cleared), places(cleared)]).toEqual([undefined, [board]]);
    }
  });

  test('whoever writes the membership of the text keeps it the text’s; a primary one named beside the text stays', async () => {
    await begin();
    const [sales, support] = [await department('Sales'), await department('Support')];
    const user = await create('Sales');
    const [own] = user[PERSON].departments;
    const titled = { [PERSON]: { departments: [{ value: own.value, primary: true, jobTitle: 'Head' }] } };
    const put = await world.put(`/Users/${user.id}`, body('Sales', titled), world.secrets.okta);
    expect(put.json[PERSON].departments[0].jobTitle).toBe('Head');
    expect(places((await write(user.id, 'Support')).json)).toEqual([[support, 'primary']]);
    const both = body('Support', {
      userName: 'b@acme.test',
      [PERSON]: { departments: [{ value: sales, primary: true }] },
    });
    expect(places((await world.post('/Users', both)).json)).toEqual([[sales, 'primary'], support]);
  });

  test('two connections write one text: the last word places the person, each by its own settings', async () => {
    await begin();
    const sales = await department('Sales');
    const user = await create('Sales', world.secrets.okta);
    const made = (await write(user.id, 'New', creating)).json;
    const [, fresh] = await departments();
    expect(places(made)).toEqual([[fresh.id, 'primary']]);
    const back = (await write(user.id, 'Sales', world.secrets.okta)).json;
    expect(places(back)).toEqual([[sales, 'primary']]);
    const unknown = (await write(user.id, 'Newer', world.secrets.okta)).json;
    expect([textOf(unknown), places(unknown)]).toEqual(['Newer', []]);
    expect(await departments()).toHaveLength(2);
  });

  test('a department that comes later is found by the next whole write of the same text, and a membership that was taken away comes back', async () => {
    await begin();
    const user = await create('Sales');
    expect(places(user)).toEqual([]);
    const sales = await department('Sales');
    expect(places((await world.patch(user.id, [{ op: 'replace', path: 'title', value: 'x' }])).json)).toEqual([]);
    const put = await world.put(`/Users/${user.id}`, body('Sales'));
    expect(places(put.json)).toEqual([[sales, 'primary']]);
    expect((await world.put(`/Users/${user.id}`, body('Sales'))).json.meta).toEqual(put.json.meta);
    await world.patch(user.id, [{ op: 'remove', path: `${PERSON}:departments` }]);
    expect(places((await world.put(`/Users/${user.id}`, body('Sales'))).json)).toEqual([[sales, 'primary']]);
  });

  test('a whole write of the same text leaves the primary one that people chose', async () => {
    await begin();
    const [sales, board] = [await department('Sales'), await department('Board')];
    const user = await create('Sales');
    const path = `${PERSON}:departments`;
    await world.patch(user.id, [{ op: 'add', path, value: [{ value: board, primary: true }] }], world.secrets.okta);
    expect(places((await world.put(`/Users/${user.id}`, body('Sales'))).json)).toEqual([sales, [board, 'primary']]);
  });

  test('twenty people of one new department at once make one department', async () => {
    await begin();
    const users = await Promise.all(
      Array.from({ length: 20 }, (_, n) => create('Sales', creating, { userName: `u${n}@acme.test` })),
    );
    const all = await departments();
    expect(all).toHaveLength(1);
    expect(users.map(places)).toEqual(users.map(() => [[all[0].id, 'primary']]));
  });

  test('what is refused leaves no department: a taken name, no free seat, an unreadable value, a stale version', async () => {
    await begin({ licensed: 1, seatPolicy: 'refuse' });
    const first = await create('Sales', creating);
    const stale = { 'If-Match': 'W/"old"', Authorization: `Bearer ${creating}` };
    const statuses = [
      await world.post('/Users', body('New 1'), creating),
      await world.post('/Users', body('New 2', { userName: 'second@acme.test' }), creating),
      await world.post('/Users', body('New 3', { userName: 5 }), creating),
      await world.send({ method: 'PUT', path: `/Users/${first.id}`, headers: stale, body: body('New 4') }),
      await world.put(
        `/Users/${first.id}`,
        body('New 5', { [PERSON]: { departments: [{ value: 'none' }] } }),
        creating,
      ),
    ].map(({ status }) => status);
    expect(statuses).toEqual([409, 403, 400, 412, 400]);
    expect((await departments()).map(({ name }) => name)).toEqual(['Sales']);
  });

  test('in Bulk a department that stands before is there for who stands after', async () => {
    await begin();
    const urn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
    const Operations = [
      { method: 'POST', path: '/Departments', bulkId: 'd', data: { schemas: [DEPARTMENT], name: 'Sales' } },
      { method: 'POST', path: '/Users', bulkId: 'u', data: body('Sales') },
      {
        method: 'POST',
        path: '/Users',
        bulkId: 'v',
        data: { schemas: [CORE], userName: 'v', [PERSON]: { departments: [{ value: 'bulkId:d' }] } },
      },
    ];
    const { json } = await world.post('/Bulk', { schemas: [urn], Operations });
    expect(json.Operations.map(({ status }: Json) => status)).toEqual(['201', '201', '201']);
    const [sales] = await departments();
    const users = await world.storage.users.findByKey(acme, { kind: 'department', value: sales.id });
    expect(users.map(({ profile }) => profile.userName).toSorted()).toEqual(['aoki@acme.test', 'v']);
  });
});
