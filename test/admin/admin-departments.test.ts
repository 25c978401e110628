// Departments through the admin API, on both storages.

import type { ConnectionId, DepartmentId } from '#directory/identifiers.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, type AdminHouse } from './admin-house.ts';

/** JSON of an answer: what is in it is what the tests ask. */
type Json = any; // oxlint-disable-line no-explicit-any

describeAtDoors('departments', (open) => {
  const at = '/organizations/acme/departments';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open());
  });
  afterEach(() => house.stop());

  const add = async (name: string, parts: object = {}): Promise<Json> => {
    house.clock.now += 1;
    const { body } = await house.call('post', at, { name, ...parts }).expect(201);
    return body.department;
  };
  const put = (id: string, body: object) => house.call('put', `${at}/${id}`, body);
  const names = async (query: string): Promise<readonly string[]> => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await house.call('get', `${at}?${query}${cursor}`).expect(200);
      seen.push(...body.items.map(({ name }: Json) => name));
      if (body.next === null) return seen;
      cursor = `&cursor=${body.next}`;
    }
  };

  test('a department is created, shown, changed and deleted, each with its change in the audit trail', async () => {
    const top = await add('Head office', { code: 'HQ' });
    const { body, headers } = await house
      .call('post', at, { name: ' 営業部 ', code: 'S1', parent: top.id, displayOrder: 2, externalId: 'x' })
      .expect(201);
    const made = body.department;
    expect(body).toEqual({ department: expect.anything(), change: expect.any(String) });
    expect(made).toEqual({
      id: expect.any(String),
      name: '営業部',
      code: 'S1',
      parent: top.id,
      displayOrder: 2,
      externalId: 'x',
      hasChildren: false,
      createdAt: expect.any(String),
      modifiedAt: made.createdAt,
    });
    const read = await house.call('get', `${at}/${made.id}`).expect(200);
    expect([read.body, read.headers['etag']]).toEqual([made, headers['etag']]);
    expect((await house.call('get', `${at}/${top.id}`)).body.hasChildren).toBe(true);

    const changed = await put(made.id, { name: 'Sales', code: null, parent: null }).expect(200);
    expect(changed.body.department).toMatchObject({ name: 'Sales', code: null, parent: null, displayOrder: 2 });
    expect((await house.call('get', `${at}/${top.id}`)).body.hasChildren).toBe(false);
    const same = await put(made.id, { name: 'Sales' }).expect(200);
    expect(same.body).toEqual({ department: changed.body.department, change: null });

    const gone = await house.call('delete', `${at}/${made.id}`).expect(200);
    expect(gone.body.change).toEqual(expect.any(String));
    for (const method of ['get', 'put', 'delete'] as const) {
      const { body: problem } = await house
        .call(method, `${at}/${made.id}`, method === 'put' ? {} : undefined)
        .expect(404);
      expect(problem.code).toBe('departmentNotFound');
    }
    const { body: audit } = await house.call('get', '/organizations/acme/audit').expect(200);
    const own = audit.items.filter(({ target }: Json) => target.id === made.id);
    expect(own.map(({ action, before, after }: Json) => [action, before, after])).toEqual([
      ['department.deleted', { name: 'Sales', displayOrder: 2, externalId: 'x' }, undefined],
      ['department.updated', { name: '営業部', code: 'S1', parent: top.id }, { name: 'Sales' }],
      ['department.created', undefined, expect.objectContaining({ name: '営業部', parent: top.id })],
    ]);
  });

  test('If-Match lets only what was read be changed or deleted', async () => {
    const { id } = await add('A');
    const tag = (await house.call('get', `${at}/${id}`)).headers['etag'] ?? '';
    await put(id, { name: 'B' }).set('if-match', tag).expect(200);
    const stale = await put(id, { name: 'C' }).set('if-match', tag).expect(412);
    expect(stale.body.code).toBe('revisionMismatch');
    await house.call('delete', `${at}/${id}`).set('if-match', tag).expect(412);
    await house.call('delete', `${at}/${id}`).set('if-match', '*').expect(200);
  });

  test('what the tree does not take is refused with its own code, and nothing is changed', async () => {
    const top = await add('Top', { code: 'T' });
    const child = await add('Child', { parent: top.id });
    const before = await names('');
    for (const [method, path, body, status, code] of [
      ['put', `${at}/${top.id}`, { name: 'X', parent: child.id }, 409, 'departmentCycle'],
      ['put', `${at}/${top.id}`, { name: 'X', parent: top.id }, 409, 'departmentCycle'],
      ['put', `${at}/${child.id}`, { name: 'X', code: 't' }, 409, 'departmentCodeTaken'],
      ['put', `${at}/${child.id}`, { name: 'X', parent: 'nobody' }, 400, 'invalidValue'],
      ['put', `${at}/${child.id}`, { name: ' ' }, 400, 'invalidInput'],
      ['put', `${at}/${child.id}`, { name: null }, 400, 'invalidInput'],
      ['put', `${at}/${child.id}`, { displayOrder: 1.5 }, 400, 'invalidInput'],
      ['put', `${at}/${child.id}`, { colour: 'red' }, 400, 'invalidInput'],
      ['post', at, { name: 'X', code: 'T ' }, 409, 'departmentCodeTaken'],
      ['post', at, { code: 'X' }, 400, 'invalidInput'],
      ['delete', `${at}/${top.id}`, undefined, 409, 'departmentNotEmpty'],
    ] as const) {
      const answer = await house.call(method, path, body);
      expect([path, body, answer.status, answer.body.code]).toEqual([path, body, status, code]);
    }
    expect(await names('')).toEqual(before);
  });

  test('lists: the tree level by level in display order, all, by code, by name, in pages', async () => {
    const top = await add('Top', { code: 'T' });
    for (const [name, displayOrder] of [['e'], ['d', 7], ['c', 7], ['b', -1], ['a', 10]] as const)
      await add(name, { parent: top.id, ...(displayOrder === undefined ? {} : { displayOrder }) });
    await add('a', { code: 'second' });
    for (const limit of ['', '&limit=1', '&limit=2']) {
      expect(await names(`parent=${top.id}${limit}`)).toEqual(['b', 'd', 'c', 'a', 'e']);
      expect(await names(`parent=top${limit}`)).toEqual(['Top', 'a']);
      expect(await names(`${limit}`)).toEqual(['Top', 'e', 'd', 'c', 'b', 'a', 'a']);
      expect(await names(`name=A${limit}`)).toEqual(['a', 'a']);
      expect(await names(`name=A&parent=${top.id}${limit}`)).toEqual(['a']);
      expect(await names(`code=t${limit}`)).toEqual(['Top']);
      expect(await names(`code=t&name=a${limit}`)).toEqual([]);
    }
    expect(await names('parent=nobody')).toEqual([]);
    for (const cursor of ['x', Buffer.from('1:7').toString('base64url'), Buffer.from('1:-:x').toString('base64url')])
      await house.call('get', `${at}?parent=${top.id}&cursor=${cursor}`).expect(400);
  });

  test('the people of a department in pages, inactive ones too; it stays while they are in it', async () => {
    const { id } = await add('Sales');
    const people: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      const user = await house.add(name);
      if (name === 'b') continue;
      const person = { departments: [{ value: id as DepartmentId, primary: true }] };
      await house.context.provisioning.changeUser(
        acme,
        user.id,
        ({ profile }) => ({ profile: { ...profile, person } }),
        { actor: { kind: 'cli' }, mouth: 'cli' },
      );
      people.push(user.id);
    }
    await house.call('post', `/organizations/acme/users/${people[0]}/deactivate`, {}).expect(200);
    const first = await house.call('get', `${at}/${id}/users?limit=2`).expect(200);
    const rest = await house.call('get', `${at}/${id}/users?limit=2&cursor=${first.body.next}`).expect(200);
    expect([...first.body.items, ...rest.body.items].map((user: Json) => user.id)).toEqual(people);
    expect(rest.body.next).toBeNull();
    expect(first.body.items[0].profile.person.departments).toEqual([{ value: id, primary: true }]);
    await house.call('delete', `${at}/${id}`).expect(409);
    await house.call('get', `${at}/nobody/users`).expect(404);
  });

  test('a connection makes departments only when it is told to', async () => {
    const connection = async (body: object): Promise<unknown> => {
      const { body: answer } = await house.call('post', '/organizations/acme/connections', body).expect(201);
      const id = connectionRecordId(acme, answer.connection.id as ConnectionId);
      return (await house.context.storage.records(connectionRecords).get(id, 0))?.value.provisioning;
    };
    expect(await connection({ kind: 'scim', name: 'Quiet' })).toMatchObject({ createDepartments: false });
    expect(await connection({ kind: 'scim', name: 'Making', createDepartments: true })).toMatchObject({
      createDepartments: true,
    });
    await house
      .call('post', '/organizations/acme/connections', { kind: 'scim', name: 'No', createDepartments: 'yes' })
      .expect(400);
  });

  test('only an administrator of the organisation who may write writes', async () => {
    const { id } = await add('A');
    for (const [key, reading, writing] of [
      [null, 401, 401],
      [house.keys.other, 404, 404],
      [house.keys.acmeRead, 200, 403],
      [house.keys.instance, 200, 200],
    ] as const) {
      await house.call('get', `${at}/${id}`, undefined, key).expect(reading);
      await house.call('put', `${at}/${id}`, { displayOrder: 1 }, key).expect(writing);
    }
    const { body } = await house.call('get', '/openapi.json').expect(200);
    expect(Object.keys(body.paths['/organizations/{org}/departments/{id}'])).toEqual(['get', 'put', 'delete']);
  });
});
