// The provisioning log through the admin API: what a client did, a moment later; by person, connection and outcome; one with its body.

import request from 'supertest';
import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

type Json = any; // oxlint-disable-line no-explicit-any

describeAtDoors('provisioning log', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  let secret: string;
  beforeEach(async () => {
    house = await openAdminHouse(await open());
    await house.call('post', `${at}/connections`, { kind: 'scim', id: 'entra' }).expect(201);
    const credential = { kind: 'scim', name: 'Entra', connection: 'entra' };
    secret = (await house.call('post', `${at}/credentials`, credential).expect(201)).body.secret;
  });
  afterEach(() => house.stop());

  const post = (body: object) => {
    house.clock.now += 1;
    return request(house.app)
      .post('/scim/v2/Users')
      .set('Authorization', `Bearer ${secret}`)
      .set('Content-Type', 'application/scim+json')
      .send(JSON.stringify({ schemas: [USER], ...body }));
  };
  const list = async (query = '') => (await house.call('get', `${at}/provisioning-log${query}`).expect(200)).body;

  test('each call at once, newest first; the body only of one, without its password', async () => {
    const { body: made } = await post({ userName: 'aoki', password: 'hunter2', title: 'Lead' }).expect(201);
    await post({ userName: 'AOKI' }).expect(409);
    const { items, next } = await list();
    expect(next).toBeNull();
    expect(items).toEqual([
      expect.objectContaining({ outcome: 'failure', status: 409, code: 'uniqueness', connection: 'entra' }),
      {
        id: expect.any(String),
        at: expect.stringMatching(/Z$/),
        outcome: 'success',
        connection: 'entra',
        credential: expect.any(String),
        requestId: expect.any(String),
        method: 'POST',
        path: '/Users',
        status: 201,
        resource: { type: 'User', id: made.id, name: 'aoki' },
        why: [],
        after: expect.objectContaining({ userName: 'aoki', title: 'Lead' }),
      },
    ]);
    const one = await house.call('get', `${at}/provisioning-log/${items[1].id}`).expect(200);
    expect(one.body).toEqual({
      ...items[1],
      body: { schemas: [USER], userName: 'aoki', password: '[redacted]', title: 'Lead' },
    });
    expect(one.text).not.toContain('hunter2');
  });

  test('by person, by connection, by outcome, in pages', async () => {
    const ids: string[] = [];
    for (const userName of ['a', 'b', 'c']) ids.push((await post({ userName }).expect(201)).body.id);
    await post({ userName: 'a' }).expect(409);
    const names = async (query: string) =>
      (await list(query)).items.map(({ status, resource }: Json) => `${status} ${resource.name}`);
    expect(await names(`?user=${ids[0]}`)).toEqual(['409 a', '201 a']);
    expect(await names(`?resource=${ids[0]}&outcome=success`)).toEqual(['201 a']);
    expect(await names('?outcome=failure')).toEqual(['409 a']);
    expect(await names('?connection=entra')).toHaveLength(4);
    expect(await names('?connection=default')).toEqual([]);
    expect(await names('?user=nobody')).toEqual([]);
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ resource }: Json) => resource.name)).toEqual(['a', 'c', 'b', 'a']);
    expect(second.next).toBeNull();
  });

  test('of another organisation, of nobody, or with a cursor of another list it is refused', async () => {
    await post({ userName: 'aoki' }).expect(201);
    const [{ id }] = (await list()).items;
    for (const [path, key] of [
      [`/organizations/other/provisioning-log/${id}`, house.keys.other],
      [`${at}/provisioning-log/${id.replace(/.$/, '9')}`, house.keys.acme],
      [`${at}/provisioning-log/__proto__`, house.keys.acme],
    ] as const)
      expect((await house.call('get', path, undefined, key).expect(404)).body.code).toBe('entryNotFound');
    const other = await house.call('get', '/organizations/other/provisioning-log', undefined, house.keys.other);
    expect(other.body).toEqual({ items: [], next: null });
    const cursor = Buffer.from('1:17').toString('base64url');
    expect((await house.call('get', `${at}/provisioning-log?cursor=${cursor}`).expect(400)).body.code).toBe(
      'invalidCursor',
    );
    await house.call('get', `${at}/provisioning-log?outcome=great`).expect(400);
    await house.call('get', `${at}/provisioning-log`, undefined, house.keys.acmeRead).expect(200);
  });
});
