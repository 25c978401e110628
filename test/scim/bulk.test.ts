// Bulk (RFC 7644 §3.7): each operation as its own request would be, references in any order and in circles, limits that are named, a credential
// that is revoked meanwhile (A02), seats that do not go over.

import { createCredentials } from '#secrets/credentials.ts';
import { randomBytes } from 'node:crypto';
import { describeAtDoors } from '../harness/both-storages.ts';
import { observeStorage } from '../gate/observed-storage.ts';
import { acme, CORE, startScimWorld, type Json, type ScimWorld, type WorldOptions } from './scim-world.ts';

const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describeAtDoors('SCIM Bulk', (open) => {
  let world: ScimWorld;
  const begin = async (options: WorldOptions = {}) => {
    world = await startScimWorld(await open(), options);
  };
  afterEach(() => world.stop());

  const bulk = (operations: readonly unknown[], parts: object = {}, secret?: string) =>
    world.post('/Bulk', { schemas: [BULK], Operations: operations, ...parts }, secret);
  const user = (bulkId: string, userName: string, parts: object = {}) => ({
    method: 'POST',
    path: '/Users',
    bulkId,
    data: { schemas: [CORE], userName, ...parts },
  });
  const group = (bulkId: string, displayName: string, members: readonly string[]) => ({
    method: 'POST',
    path: '/Groups',
    bulkId,
    data: { schemas: [GROUP], displayName, members: members.map((value) => ({ value })) },
  });
  const statuses = (answer: Json): readonly string[] =>
    answer.json.Operations.map((operation: Json) => operation.status);
  const idOf = (operation: Json): string => operation.location.slice(operation.location.lastIndexOf('/') + 1);

  test('every method, in order; each answers as its own request would', async () => {
    await begin();
    const old = await world.create('old@acme.test');
    const gone = await world.create('gone@acme.test');
    const patch = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: 'False' }] };
    const answer = await bulk([
      user('a', 'new@acme.test'),
      { method: 'PATCH', path: `/Users/${old.id}`, version: old.meta.version, data: patch },
      { method: 'put', path: `/Users/${old.id}`, data: { schemas: [CORE], userName: 'renamed@acme.test' } },
      { method: 'DELETE', path: `Users/${gone.id}` },
      { method: 'PATCH', path: `/Users/${old.id}`, version: old.meta.version, data: patch },
      { method: 'DELETE', path: '/Users/nobody' },
      user('b', 'NEW@acme.test'),
      { method: 'DELETE', path: '/ServiceProviderConfig' },
    ]);
    expect(answer.status).toBe(200);
    expect(answer.json.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:BulkResponse']);
    expect(statuses(answer)).toEqual(['201', '200', '200', '204', '412', '404', '409', '404']);
    const [made, patched, , deleted, stale, unknown, taken] = answer.json.Operations;
    expect(made).toMatchObject({ method: 'POST', bulkId: 'a', version: expect.stringMatching(/^W\//) });
    expect((await world.get(`/Users/${idOf(made)}`)).headers['etag']).toBe(made.version);
    expect(patched).toMatchObject({ method: 'PATCH', location: `${world.base}/Users/${old.id}` });
    expect(deleted).toEqual({ method: 'DELETE', location: `${world.base}/Users/${gone.id}`, status: '204' });
    for (const failed of [stale, unknown, taken]) {
      expect(failed.response).toMatchObject({ status: failed.status, detail: expect.any(String) });
    }
    expect(taken.response.scimType).toBe('uniqueness');
    expect((await world.get(`/Users/${old.id}`)).json).toMatchObject({ active: false, userName: 'renamed@acme.test' });
  });

  test('references are resolved whichever comes first, in data, in filters and in paths', async () => {
    await begin();
    const answer = await bulk([
      group('g', 'Early', ['bulkId:u1', 'bulkId:u2']),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: { schemas: [PATCH_OP], Operations: [{ op: 'remove', path: 'members[value eq "bulkId:u1"]' }] },
      },
      user('u1', 'u1@acme.test'),
      user('u2', 'u2@acme.test', {
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { manager: { value: 'bulkId:u1' } },
      }),
    ]);
    expect(statuses(answer)).toEqual(['201', '204', '201', '201']);
    const [made, , u1, u2] = answer.json.Operations;
    const shown = (await world.get(`/Groups/${idOf(made)}`)).json;
    expect(shown.members.map((member: Json) => member.value)).toEqual([idOf(u2)]);
    const enterprise = (await world.get(`/Users/${idOf(u2)}`)).json[
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    ];
    expect(enterprise.manager.value).toBe(idOf(u1));
  });

  test('a circle is closed (§3.7.1)', async () => {
    await begin();
    const answer = await bulk([
      group('a', 'A', ['bulkId:b']),
      group('b', 'B', ['bulkId:c']),
      group('c', 'C', ['bulkId:a']),
    ]);
    expect(statuses(answer)).toEqual(['201', '201', '201']);
    const ids = answer.json.Operations.map(idOf);
    const members = await Promise.all(ids.map(async (id: string) => (await world.get(`/Groups/${id}`)).json.members));
    expect(members.map((list: Json) => list.map((member: Json) => member.value))).toEqual([
      [ids[1]],
      [ids[2]],
      [ids[0]],
    ]);
  });

  test('whoever refers to what was not made is refused, alone', async () => {
    await begin();
    const answer = await bulk([
      user('bad', ''),
      group('g', 'G', ['bulkId:bad']),
      group('h', 'H', ['bulkId:never']),
      user('good', 'good@acme.test'),
    ]);
    expect(statuses(answer)).toEqual(['400', '409', '409', '201']);
    expect((await world.get('/Groups')).json.totalResults).toBe(0);
  });

  test('failOnErrors ends it after so many; without it everything is tried', async () => {
    await begin();
    const operations = [user('1', ''), user('2', 'two@acme.test'), user('3', ''), user('4', 'four@acme.test')];
    expect(statuses(await bulk(operations, { failOnErrors: 1 }))).toEqual(['400']);
    expect(statuses(await bulk(operations, { failOnErrors: 2 }))).toEqual(['400', '201', '400']);
    expect(statuses(await bulk(operations))).toEqual(['400', '409', '400', '201']);
  });

  test('what cannot be understood as a whole is refused as a whole, with nothing stored', async () => {
    await begin();
    for (const [operations, parts, status, scimType] of [
      [[], {}, 400, 'invalidSyntax'],
      [[{ method: 'GET', path: '/Users' }], {}, 400, 'invalidSyntax'],
      [[{ ...user('x', 'x@acme.test'), bulkId: undefined }], {}, 400, 'invalidSyntax'],
      [[user('x', 'x@acme.test'), user('x', 'y@acme.test')], {}, 400, 'invalidValue'],
      [[user('x', 'x@acme.test')], { failOnErrors: -1 }, 400, 'invalidValue'],
      [['x'], {}, 400, 'invalidSyntax'],
    ] as const) {
      const answer = await bulk(operations, parts);
      expect([answer.status, answer.json.scimType]).toEqual([status, scimType]);
    }
    const many = Array.from({ length: 1_001 }, (_, n) => ({ method: 'DELETE', path: `/Users/${n}` }));
    const tooMany = await bulk(many);
    expect([tooMany.status, tooMany.json.detail]).toEqual([413, expect.stringContaining('1000')]);
    const config = (await world.get('/ServiceProviderConfig')).json.bulk;
    expect(config).toEqual({ supported: true, maxOperations: 1_000, maxPayloadSize: 1_048_576 });
    expect((await world.get('/Users')).json.totalResults).toBe(0);
    const readOnly = await bulk([user('x', 'x@acme.test')], {}, world.secrets.readonly);
    expect(readOnly.status).toBe(403);
  });

  test('F04 ten thousand operations are refused with 413, for their number or for their size, with nothing stored', async () => {
    await begin();
    const kept = await world.create('kept@acme.test');
    const removal = { method: 'DELETE', path: `/Users/${kept.id}` };
    const creations = Array.from({ length: 10_000 }, (_, n) => user(`u${n}`, `u${n}@acme.test`));
    const removals = Array.from({ length: 9_990 }, () => removal);
    const [many, large] = [await bulk([...creations.slice(0, 10), ...removals]), await bulk(creations)];
    expect([many.status, many.json]).toEqual([
      413,
      expect.objectContaining({ status: '413', detail: expect.stringContaining('at most 1000 operations') }),
    ]);
    expect([large.status, large.json]).toEqual([
      413,
      expect.objectContaining({ status: '413', detail: expect.stringContaining('1048576') }),
    ]);
    const { Resources } = (await world.get('/Users')).json;
    expect(Resources.map(({ id }: Json) => id)).toEqual([kept.id]);
  });

  test('seats: as many as there are, in the order of the request; the others wait', async () => {
    await begin({ licensed: 3 });
    const answer = await bulk(Array.from({ length: 60 }, (_, n) => user(`u${n}`, `u${n}@acme.test`)));
    expect(new Set(statuses(answer))).toEqual(new Set(['201']));
    expect(await world.seatsUsed()).toBe(3);
    const active = await world.get('/Users?filter=active%20eq%20true');
    expect(active.json.totalResults).toBe(3);
  });

  test('policy refuse: 403 for those without a seat, nothing of them stored', async () => {
    await begin({ licensed: 2, seatPolicy: 'refuse' });
    const answer = await bulk([1, 2, 3, 4].map((n) => user(`u${n}`, `u${n}@acme.test`)));
    expect(statuses(answer).toSorted()).toEqual(['201', '201', '403', '403']);
    expect((await world.get('/Users')).json.totalResults).toBe(2);
  });

  test('of two with one userName the first is created', async () => {
    await begin();
    const twice = [user('a', 'Same@acme.test', { title: 'first' }), user('b', 'same@acme.test', { title: 'second' })];
    expect(statuses(await bulk(twice))).toEqual(['201', '409']);
    expect((await world.get('/Users')).json.Resources[0].title).toBe('first');
  });

  test('A02 revoked during a long Bulk: the rest is refused', async () => {
    const storage = await open();
    let commits = 0;
    let revoke = async (): Promise<unknown> => undefined;
    world = await startScimWorld(
      observeStorage(storage, async (moment) => {
        if (moment === 'after users.commit') commits += 1;
        if (moment === 'after users.commit' && commits === 3) await revoke();
      }),
    );
    revoke = async () => {
      const now = () => world.clock.now;
      const credentials = createCredentials({
        storage,
        now,
        randomBytes,
        wakeRelay: () => undefined,
        seal: (text) => text,
      });
      const all = await storage.records({ name: 'credential', keysOf: () => [] } as never).list(acme, { limit: 50 }, 0);
      const mine = all.find(({ value }) => (value as Json).connection === 'okta') as Json;
      return credentials.revoke(acme, mine.value.id, { actor: { kind: 'cli' }, mouth: 'cli' });
    };
    const patchOff = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'title', value: 'x' }] };
    const made = (await world.post('/Users', { schemas: [CORE], userName: 'a@acme.test' }, world.secrets.okta)).json;
    const patches = Array.from({ length: 6 }, (_, n) => ({
      method: 'PATCH',
      path: `/Users/${made.id}`,
      data: { ...patchOff, Operations: [{ op: 'replace', path: 'title', value: `t${n}` }] },
    }));
    const answer = await bulk(patches, {}, world.secrets.okta);
    expect(answer.status).toBe(200);
    expect(statuses(answer)).toEqual(['200', '200', '401', '401', '401', '401']);
    expect((await world.get(`/Users/${made.id}`)).json.title).toBe('t1');
  });
});
