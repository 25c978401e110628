// What the provisioning log says of each call: outcome, what changed, why, and never a secret.

import type { ProvisioningLogQuery } from '#provisioning/provisioning-log.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byTest, CORE, globex, PATCH_OP, startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

describeAtDoors('SCIM provisioning log', (open) => {
  let world: ScimWorld;
  const begin = async (options: Parameters<typeof startScimWorld>[1] = {}, storage?: Storage) => {
    world = await startScimWorld(storage ?? (await open()), options);
  };
  afterEach(() => world.stop());

  /** Newest first, with what is stored as text read. */
  const log = async (query: Partial<ProvisioningLogQuery> = {}, organization = acme): Promise<Json[]> => {
    await world.provisioningLog.flush();
    const { items } = await world.provisioningLog.list(organization, { limit: 100, ...query });
    return items.map(({ changes, body, ...entry }) => ({
      ...entry,
      ...(changes === undefined ? {} : (JSON.parse(changes) as object)),
      ...(body === undefined ? {} : { body: JSON.parse(body) }),
    }));
  };
  const last = async (): Promise<Json> => (await log())[0];
  const newGroup = async (displayName: string, members: readonly string[] = []) =>
    (await world.post('/Groups', { schemas: [GROUP], displayName, members: members.map((value) => ({ value })) })).json;

  test('a write is a success with what changed, before and after, and the body', async () => {
    await begin();
    const { id } = await world.create('aoki@acme.test', { title: 'Engineer' });
    expect(await last()).toMatchObject({
      outcome: 'success',
      method: 'POST',
      path: '/Users',
      status: 201,
      connection: 'default',
      requestId: expect.stringMatching(/^made-/),
      resource: { type: 'User', id, name: 'aoki@acme.test' },
      after: { userName: 'aoki@acme.test', title: 'Engineer', status: 'active' },
      why: [],
      body: { userName: 'aoki@acme.test', title: 'Engineer' },
    });
    const operations = [{ op: 'replace', path: 'title', value: 'Lead' }];
    await world.patch(id, operations);
    expect(await last()).toMatchObject({
      outcome: 'success',
      method: 'PATCH',
      path: `/Users/${id}`,
      before: { title: 'Engineer' },
      after: { title: 'Lead' },
      body: { Operations: operations },
    });
    await world.patch(id, operations);
    expect(await last()).toMatchObject({ outcome: 'skipped', why: [] });
    expect((await last())['after']).toBeUndefined();
    await world.send({ method: 'DELETE', path: `/Users/${id}` });
    expect(await last()).toMatchObject({ outcome: 'success', after: { status: 'deleted' }, resource: { id } });
    expect((await log({ resource: id })).map(({ outcome }) => outcome)).toEqual([
      'success',
      'skipped',
      'success',
      'success',
    ]);
  });

  test('reads are kept only when they fail; nobody is told of by a wrong credential', async () => {
    await begin();
    const { id } = await world.create('aoki@acme.test');
    const before = (await log()).length;
    await world.get('/Users');
    await world.get(`/Users/${id}`);
    await world.post('/.search', {});
    await world.get('/Schemas');
    await world.get('/Users', 'wrong-credential');
    expect(await log()).toHaveLength(before);
    await world.get('/Users?filter=userName%20eqq%20%22x%22&count=1');
    await world.get('/Users/nobody');
    await world.get('/NoSuchThing');
    await world.send({ method: 'DELETE', path: '/Users' });
    expect((await log()).slice(0, 4).map(({ path, status, outcome, code }) => [path, status, outcome, code])).toEqual([
      ['/Users', 405, 'failure', undefined],
      ['/NoSuchThing', 404, 'failure', undefined],
      ['/Users/nobody', 404, 'failure', undefined],
      ['/Users?filter=userName eqq "x"&count=1', 400, 'failure', 'invalidFilter'],
    ]);
  });

  test('a refusal says why, and stands in the log of the person it is about', async () => {
    await begin();
    const { id } = await world.create('aoki@acme.test', { externalId: '1' });
    const refused = await world.patch(id, [{ op: 'replace', path: 'active', value: 'yes' }]);
    expect(refused.status).toBe(400);
    expect((await log({ resource: id, outcome: 'failure' }))[0]).toMatchObject({
      status: 400,
      code: 'invalidValue',
      why: [refused.json.detail],
    });
    await world.post('/Users', { schemas: [CORE], userName: 'AOKI@acme.test' });
    expect((await log({ resource: id, outcome: 'failure' }))[0]).toMatchObject({ status: 409, code: 'uniqueness' });
    await world.patch(id, [{ op: 'replace', path: 'active', value: false }]);
    await world.post('/Users', { schemas: [CORE], userName: 'aoki@acme.test', externalId: '2' });
    expect((await log({ resource: id, outcome: 'failure' }))[0]).toMatchObject({
      resource: { id, name: 'aoki@acme.test' },
      why: ['Another person had the userName "aoki@acme.test" and is inactive. Link them, or rename the old one.'],
    });
    const stale = { method: 'PUT', path: `/Users/${id}`, headers: { 'If-Match': 'W/"old"' } };
    await world.send({ ...stale, body: { schemas: [CORE], userName: 'aoki@acme.test' } });
    expect((await log({ resource: id, outcome: 'failure' }))[0]).toMatchObject({ status: 412 });
  });

  test('what was not done as asked is a warning', async () => {
    await begin({ licensed: 1 });
    const first = await world.create('first@acme.test');
    const { id } = await world.create('waits@acme.test');
    expect(await last()).toMatchObject({
      outcome: 'warning',
      why: ['No seat is free: the person waits for one, active stays false.'],
    });
    await world.provisioning.deactivateUser(acme, first.id, { reason: 'security' }, byTest);
    await world.patch(first.id, [{ op: 'replace', path: 'active', value: true }]);
    expect(await last()).toMatchObject({ outcome: 'warning', why: ['Held by security: active stays false.'] });
    const group = await newGroup('some', [id, 'nobody-1', 'nobody-2']);
    expect(await last()).toMatchObject({
      outcome: 'warning',
      resource: { type: 'Group', id: group.id, name: 'some' },
      why: ['Unknown member ids were left out (2): nobody-1, nobody-2'],
      after: { displayName: 'some', membersAdded: [id] },
    });
    const secret = await world.addConnection('echo', { ignoreEchoedInactive: true });
    const put = { schemas: [CORE], userName: 'first@acme.test', title: 'new', active: false };
    await world.put(`/Users/${first.id}`, put, secret);
    expect(await last()).toMatchObject({
      outcome: 'warning',
      connection: 'echo',
      after: { title: 'new' },
      why: ['active:false repeats what was shown before: taken for an echo and ignored.'],
    });
    expect((await log({ outcome: 'warning' })).length).toBe(4);
    expect((await log({ connection: 'echo' })).length).toBe(1);
  });

  test('of a group: who came and went; the same again is skipped', async () => {
    await begin();
    const { id } = await world.create('aoki@acme.test');
    const group = await newGroup('some');
    const patch = (op: string) =>
      world.send({
        method: 'PATCH',
        path: `/Groups/${group.id}`,
        body: { schemas: [PATCH_OP], Operations: [{ op, path: 'members', value: [{ value: id }] }] },
      });
    await patch('add');
    expect(await last()).toMatchObject({ outcome: 'success', after: { membersAdded: [id] }, status: 204 });
    await patch('add');
    expect(await last()).toMatchObject({ outcome: 'skipped' });
    await patch('remove');
    expect(await last()).toMatchObject({ outcome: 'success', before: { membersRemoved: [id] } });
    await world.send({ method: 'DELETE', path: `/Groups/${group.id}` });
    expect(await last()).toMatchObject({ outcome: 'success', method: 'DELETE', resource: { name: 'some' } });
    expect((await log({ resource: group.id })).length).toBe(5);
  });

  test('of a Bulk: an entry for each operation; one that is refused as a whole has one', async () => {
    await begin();
    const Operations = [
      { method: 'POST', path: '/Users', bulkId: 'u', data: { schemas: [CORE], userName: 'bulk@acme.test' } },
      { method: 'PATCH', path: '/Users/nobody', data: { schemas: [PATCH_OP], Operations: [] } },
    ];
    const answer = await world.post('/Bulk', { schemas: [BULK], Operations });
    expect(answer.status).toBe(200);
    const entries = (await log()).toSorted((a, b) => a.operation - b.operation);
    expect(entries).toMatchObject([
      { operation: 0, method: 'POST', path: '/Users', outcome: 'success', body: { userName: 'bulk@acme.test' } },
      { operation: 1, method: 'PATCH', path: '/Users/nobody', outcome: 'failure', status: 400 },
    ]);
    expect(new Set(entries.map(({ requestId }) => requestId)).size).toBe(1);
    await world.post('/Bulk', { schemas: [BULK], Operations: [] });
    expect(await last()).toMatchObject({ path: '/Bulk', outcome: 'failure', code: 'invalidSyntax' });
  });

  test('no password and no secret is kept, however it is sent', async () => {
    await begin();
    const hidden = 'hunter2-hunter2';
    const { id } = await world.create('aoki@acme.test', { password: hidden, note: world.secrets.okta });
    await world.patch(id, [{ op: 'replace', path: 'password', value: hidden }]);
    await world.patch(id, [{ op: 'replace', value: { password: hidden } }]);
    await world.patch(id, [{ op: 'add', path: `${CORE}:PassWord`, value: hidden }]);
    await world.patch(id, [{ op: 'replace', path: `password[value eq "${hidden}"]`, value: 'x' }]);
    await world.patch(id, [{ op: 'replace', path: 'roles', value: [{ value: `{"password":"${hidden}"}` }] }]);
    await world.put(`/Users/${id}`, { schemas: [CORE], userName: 'aoki@acme.test', PASSWORD: { deep: hidden } });
    const escaped = `{"schemas":["${CORE}"],"userName":"c@acme.test","pass\\u0077ord":"${hidden}"}`;
    await world.send({ method: 'POST', path: '/Users', body: escaped });
    const Operations = [{ method: 'POST', path: '/Users', bulkId: 'a', data: { userName: 'b', password: hidden } }];
    await world.post('/Bulk', { schemas: [BULK], Operations });
    await world.get(`/Users/nobody?access_token=${world.secrets.bearer}&filter=password%20eq%20%22${hidden}%22`);
    await world.get(`/Users/${world.secrets.bearer}`);
    await world.get(`/Users/${world.secrets.bearer.replaceAll('_', '%5F')}`);
    const text = JSON.stringify(await log());
    expect(await log()).toHaveLength(12);
    for (const secret of [hidden, ...Object.values(world.secrets)]) expect(text).not.toContain(secret);
    expect(text).toContain('[redacted]');
    // The control: what is beside a secret is kept.
    expect(text).toContain('aoki@acme.test');
  });

  test('a large body is kept up to a bound, as JSON', async () => {
    await begin();
    const members = Array.from({ length: 5_000 }, (_, n) => ({ value: `nobody-${n}`, display: '漢"\\' }));
    await world.post('/Groups', { schemas: [GROUP], displayName: 'x'.repeat(3_000), members });
    await world.provisioningLog.flush();
    const { items } = await world.provisioningLog.list(acme, { limit: 1 });
    const { body = '' } = items[0] ?? {};
    expect(body.length).toBeGreaterThan(10_000);
    expect(body.length).toBeLessThan(20_000);
    expect(JSON.parse(body).members.at(-1)).toBe('…');
  });

  test('who is slowed down is in the log once, not with each request', async () => {
    await begin({ perSecond: 2 });
    for (let n = 0; n < 10; n += 1) await world.get('/Users/nobody');
    expect((await log()).filter(({ status }) => status === 429)).toHaveLength(1);
  });

  test('a credential that has ended is in the log once a minute, with the reason that its client is not told', async () => {
    await begin();
    const before = (await log()).length;
    const [okta] = (await world.credentials.list(acme)).filter(({ connection }) => connection === 'okta');
    await world.credentials.revoke(acme, okta?.id as never, byTest);
    for (let n = 0; n < 5; n += 1) {
      const refused = await world.post('/Users', { schemas: [CORE], userName: 'x' }, world.secrets.okta);
      expect([refused.status, refused.json.detail]).toEqual([401, 'This credential is not accepted.']);
    }
    const strict = await world.send({
      method: 'GET',
      path: '/Users',
      headers: { Authorization: world.secrets.strict },
    });
    expect(strict.status).toBe(401);
    const entries = await log();
    expect(entries).toHaveLength(before + 2);
    expect(entries.slice(0, 2)).toMatchObject([
      { connection: 'strict', why: ['The connection is strict: the credential must come with the word Bearer.'] },
      {
        connection: 'okta',
        credential: okta?.id,
        outcome: 'failure',
        status: 401,
        why: ['The credential is revoked.'],
      },
    ]);
    expect(entries[1]['body']).toBeUndefined();
  });

  test('an organisation has its own log; an entry ends with its time', async () => {
    await begin();
    await world.create('aoki@acme.test');
    const [entry] = await log();
    expect(await log({}, globex)).toEqual([]);
    expect(await log({ resource: entry.resource.id }, globex)).toEqual([]);
    expect(await world.provisioningLog.get(globex, entry.id)).toBeNull();
    expect(await world.provisioningLog.get(acme, entry.id)).toMatchObject({ id: entry.id });
    world.clock.now += 30 * 86_400_000;
    expect(await log()).toEqual([]);
  });

  test('in pages, newest first, each entry once, also where most do not fit', async () => {
    await begin();
    for (let n = 0; n < 7; n += 1) await world.create(`p${n}@acme.test`);
    await world.get('/Users/nobody');
    await world.provisioningLog.flush();
    const walk = async (query: Partial<ProvisioningLogQuery>) => {
      const names: unknown[] = [];
      for (let after: string | undefined; ; ) {
        const page = await world.provisioningLog.list(acme, {
          limit: 2,
          ...query,
          ...(after === undefined ? {} : { after }),
        });
        expect(page.items.length).toBeLessThanOrEqual(2);
        names.push(...page.items.map(({ resource }) => resource?.name));
        if (page.next === null) return names;
        after = page.next;
      }
    };
    const created = [6, 5, 4, 3, 2, 1, 0].map((n) => `p${n}@acme.test`);
    expect(await walk({})).toEqual([undefined, ...created]);
    expect(await walk({ outcome: 'success' })).toEqual(created);
    expect(await walk({ outcome: 'failure', connection: 'default' })).toEqual([undefined]);
    expect(await walk({ outcome: 'failure', connection: 'okta' })).toEqual([]);
  });

  test('with its records away or broken every answer is the same; what waits is written once, what has no place is counted', async () => {
    const storage = await open();
    let fault: Error | undefined = new StorageError('unavailable', 'away');
    const faulty: Storage = {
      ...storage,
      records: (kind) => {
        const store = storage.records(kind);
        if (kind.name !== 'provisioningLog') return store;
        return {
          ...store,
          async insertOnce(record) {
            if (fault === undefined) return store.insertOnce(record);
            // Unclear: written, and told that it is not.
            if (fault instanceof StorageError) await store.insertOnce(record);
            throw fault;
          },
        };
      },
    };
    await begin({}, faulty);
    await world.create('a@acme.test');
    await world.create('b@acme.test');
    await world.provisioningLog.flush();
    fault = undefined;
    expect((await log()).map(({ resource }) => resource.name)).toEqual(['b@acme.test', 'a@acme.test']);
    fault = new Error('broken');
    await world.create('c@acme.test');
    await world.provisioningLog.flush();
    fault = undefined;
    await world.create('d@acme.test');
    expect((await log()).map(({ resource }) => resource.name)).toEqual(['d@acme.test', 'b@acme.test', 'a@acme.test']);
    expect(await world.metricsPage()).toContain('furlough_provisioning_log_dropped_total 1');
    expect(world.lines.filter((line) => line.includes('provisioningLog.dropped'))).toHaveLength(1);
    expect((await world.get('/Users')).json.totalResults).toBe(4);
  });
});
