// `active` by every verb (scim.md 5): one path, one meaning; the answer says what is stored, the extension says why.

import type { UserId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byTest, CORE, FURLOUGH, startScimWorld, type ScimWorld, type WorldOptions } from './scim-world.ts';

const off = { op: 'replace', path: 'active', value: false };
const on = { op: 'replace', path: 'active', value: true };

describeAtDoors('SCIM active', (open) => {
  let world: ScimWorld;
  const start = async (options: WorldOptions = {}) => {
    world = await startScimWorld(await open(), options);
  };
  afterEach(() => world.stop());
  const why = async (id: string) => (await world.get(`/Users/${id}`)).json[FURLOUGH];
  const kinds = async (id: string) => ((await why(id)).holds ?? []).map((hold: { kind: string }) => hold.kind);

  test.each([
    ['PATCH with a path', (id: string) => world.patch(id, [off])],
    ['PATCH without a path', (id: string) => world.patch(id, [{ op: 'replace', value: { active: false } }])],
    ['PATCH as Entra sends it', (id: string) => world.patch(id, [{ op: 'Replace', path: 'active', value: 'False' }])],
    ['PATCH by full URN', (id: string) => world.patch(id, [{ op: 'add', path: `${CORE}:ACTIVE`, value: false }])],
    [
      'PUT',
      (id: string) => world.put(`/Users/${id}`, { schemas: [CORE], userName: 'leaver@acme.test', active: false }),
    ],
    [
      'PUT with text',
      (id: string) => world.put(`/Users/${id}`, { schemas: [CORE], userName: 'leaver@acme.test', active: 'false' }),
    ],
  ])('%s deactivates: access, seat and epoch in one answer, once', async (_name, deactivate) => {
    await start({ licensed: 5 });
    const { id } = await world.create('leaver@acme.test');
    const epoch = await world.epochOf(id);
    const answer = await deactivate(id);
    expect([answer.status, answer.json.active, answer.json[FURLOUGH].status]).toEqual([200, false, 'inactive']);
    expect(await world.seatsUsed()).toBe(0);
    expect(await world.epochOf(id)).toBe(epoch + 1);
    const again = await deactivate(id);
    expect(again.status).toBe(200);
    expect(again.headers['etag']).toBe(answer.headers['etag']);
    expect(again.json.meta).toEqual(answer.json.meta);
    expect([await world.epochOf(id), await world.seatsUsed()]).toEqual([epoch + 1, 0]);
    const back = await world.patch(id, [on]);
    expect([back.status, back.json.active, back.json.id, await world.seatsUsed()]).toEqual([200, true, id, 1]);
    expect(await world.epochOf(id)).toBe(epoch + 1);
  });

  test.each([
    ['PATCH remove', [{ op: 'remove', path: 'active' }]],
    ['PATCH null', [{ op: 'replace', path: 'active', value: null }]],
    ['PATCH ""', [{ op: 'replace', path: 'active', value: '' }]],
    ['PATCH without a path, null', [{ op: 'replace', value: { active: null, title: 'x' } }]],
    ['PATCH yes', [{ op: 'replace', path: 'active', value: 'yes' }]],
    ['PATCH 0', [{ op: 'replace', path: 'active', value: 0 }]],
    [
      'PATCH with a change before it',
      [
        { op: 'replace', path: 'title', value: 'x' },
        { op: 'remove', path: 'active' },
      ],
    ],
  ])('%s is refused with invalidValue and stores nothing', async (_name, operations) => {
    await start();
    const created = await world.create('kept@acme.test');
    const answer = await world.patch(created.id, operations);
    expect([answer.status, answer.json.scimType]).toEqual([400, 'invalidValue']);
    expect((await world.get(`/Users/${created.id}`)).json).toEqual(created);
  });

  test('PUT without active, or with null, keeps the status either way; with "" it is refused', async () => {
    await start();
    const { id } = await world.create('kept@acme.test', { title: 'cleared by PUT' });
    const put = (parts: object) => world.put(`/Users/${id}`, { schemas: [CORE], userName: 'kept@acme.test', ...parts });
    expect((await put({})).json).toMatchObject({ active: true });
    expect((await put({ active: null })).json.active).toBe(true);
    await world.patch(id, [off]);
    expect((await put({ displayName: 'x' })).json).toMatchObject({ active: false, displayName: 'x' });
    expect((await put({ active: null })).json.active).toBe(false);
    expect((await put({ active: '' })).json.scimType).toBe('invalidValue');
    expect((await world.get(`/Users/${id}`)).json.title).toBeUndefined();
  });

  test('active:true during another hold answers 200 and false, and names the hold; a written false adds its own', async () => {
    await start();
    const { id } = await world.create('away@acme.test');
    await world.provisioning.deactivateUser(acme, id as UserId, { note: 'laptop missing' }, byTest);
    const answer = await world.patch(id, [on]);
    expect([answer.status, answer.json.active]).toEqual([200, false]);
    expect(answer.json[FURLOUGH].holds).toEqual([
      { kind: 'admin', since: expect.any(String), by: 'administrator:test', note: 'laptop missing' },
    ]);
    await world.patch(id, [off]);
    expect(await kinds(id)).toEqual(['admin', 'idp']);
    await world.provisioning.reactivateUser(acme, id as UserId, { lift: ['admin'] }, byTest);
    expect((await world.get(`/Users/${id}`)).json.active).toBe(false);
    expect((await world.patch(id, [on])).json.active).toBe(true);
  });

  test('two identity providers never undo each other', async () => {
    await start();
    const { id } = await world.create('both@acme.test');
    await world.patch(id, [off], world.secrets.okta);
    expect((await world.patch(id, [on])).json.active).toBe(false);
    expect((await why(id)).holds).toMatchObject([{ kind: 'idp', source: 'okta' }]);
    expect((await world.patch(id, [on], world.secrets.okta)).json.active).toBe(true);
  });

  test('an echo sent back with another change still deactivates, unless the connection ignores echoes', async () => {
    await start();
    const echoing = await world.addConnection('echoing', { ignoreEchoedInactive: true });
    for (const [secret, expected] of [
      [world.secrets.okta, ['admin', 'idp']],
      [echoing, ['admin']],
    ] as const) {
      const { id } = await world.create(`echo-${expected.length}@acme.test`);
      await world.provisioning.deactivateUser(acme, id as UserId, {}, byTest);
      const read = (await world.get(`/Users/${id}`, secret)).json;
      expect((await world.put(`/Users/${id}`, { ...read, title: 'Baker' }, secret)).json.title).toBe('Baker');
      expect(await kinds(id)).toEqual(expected);
      const same = (await world.get(`/Users/${id}`, secret)).json;
      await world.put(`/Users/${id}`, same, secret);
      expect(await kinds(id)).toEqual(['admin', 'idp']);
    }
    expect(world.lines.join('')).toContain('scim.echo');
  });

  test('POST with active:false takes no seat; the hold is this connection’s', async () => {
    await start({ licensed: 1 });
    const created = await world.create('later@acme.test', { active: false });
    expect([created.active, await world.seatsUsed()]).toEqual([false, 0]);
    expect(created[FURLOUGH]).toMatchObject({
      status: 'inactive',
      seat: 'none',
      holds: [{ kind: 'idp', source: 'default' }],
    });
    expect((await world.create('null@acme.test', { active: null })).active).toBe(true);
  });

  test('at the limit, policy refuse: 403 without scimType, the limit named, nothing stored by any verb', async () => {
    await start({ licensed: 1, seatPolicy: 'refuse' });
    await world.create('first@acme.test');
    const { id } = await world.create('second@acme.test', { active: false });
    const body = { schemas: [CORE], userName: 'second@acme.test', title: 'x', active: true };
    const refusals = [
      await world.post('/Users', { schemas: [CORE], userName: 'third@acme.test' }),
      await world.post('/Users', body),
      await world.put(`/Users/${id}`, body),
      await world.patch(id, [{ op: 'replace', path: 'title', value: 'x' }, on]),
    ];
    for (const { status, json } of refusals) {
      expect([status, json.status, json.scimType, json.detail]).toEqual([
        403,
        '403',
        undefined,
        'All 1 seats are in use.',
      ]);
    }
    expect((await world.get(`/Users/${id}`)).json.title).toBeUndefined();
    expect((await world.get('/Users')).json.totalResults).toBe(2);
    expect(await world.seatsUsed()).toBe(1);
  });

  test('at the limit, policy wait: 201 and truthfully inactive, promoted when a seat is free; a written false ends the waiting', async () => {
    await start({ licensed: 1 });
    const first = await world.create('first@acme.test');
    const second = await world.create('second@acme.test');
    const third = await world.create('third@acme.test');
    expect([second.active, second[FURLOUGH].status, second[FURLOUGH].holds[0].kind]).toEqual([
      false,
      'waiting',
      'seat',
    ]);
    expect((await world.patch(second.id, [on])).json.active).toBe(false);
    expect((await world.patch(second.id, [off])).json[FURLOUGH].status).toBe('inactive');
    await world.patch(first.id, [off]);
    expect((await world.get(`/Users/${third.id}`)).json.active).toBe(true);
    expect((await world.get(`/Users/${second.id}`)).json.active).toBe(false);
    expect(await world.seatsUsed()).toBe(1);
  });

  test('the version and lastModified change with content only: not when a seat is handed back, not for the same value again', async () => {
    await start({ licensed: 2 });
    const { id } = await world.create('same@acme.test', { emails: [{ value: 'a@x.io', type: 'work' }] });
    const before = await world.patch(id, [off]);
    await world.storage.seats.settle(world.clock.now + 60_000);
    const same = await world.patch(id, [
      { op: 'add', path: 'emails', value: [{ value: 'a@x.io', type: 'work' }] },
      { op: 'replace', value: { userName: 'same@acme.test', active: false } },
    ]);
    const read = await world.get(`/Users/${id}`);
    const put = await world.put(`/Users/${id}`, read.json);
    for (const answer of [same, read, put]) expect(answer.json.meta).toEqual(before.json.meta);
    const other = await world.patch(id, [{ op: 'replace', path: 'title', value: 'x' }]);
    expect(other.json.meta.version).not.toBe(before.json.meta.version);
    expect(other.json.meta.lastModified > before.json.meta.lastModified).toBe(true);
  });
});
