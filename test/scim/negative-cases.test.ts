// The negative cases of SCIM by their ids: A02 a credential that ends during a Bulk, A03 one that may only read, A04 floods of bad ones, C04 two
// changes at once. A02's revocation is in bulk.test.ts, A01 in scim-authentication.test.ts.

import type { ConnectionId, UserId } from '#directory/identifiers.ts';
import { allowedMethods, scimRoutes } from '#scim/scim-routes.ts';
import { observeStorage } from '../gate/observed-storage.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import {
  acme,
  byTest,
  CORE,
  PATCH_OP,
  startScimWorld,
  type Json,
  type ScimWorld,
  type WireAnswer,
} from './scim-world.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

describeAtDoors('SCIM negative cases', (open) => {
  let world: ScimWorld;
  afterEach(() => world.stop());
  const patchOf = (path: string, value: unknown, op = 'replace') => ({
    schemas: [PATCH_OP],
    Operations: [{ op, path, value }],
  });
  const patch = (target: string, body: object, headers: Record<string, string> = {}): Promise<WireAnswer> =>
    world.send({ method: 'PATCH', path: target, body, headers });
  const tokenFor = async (id: string, secret: string): Promise<string> => {
    const basic = Buffer.from(`${id}:${secret}`).toString('base64');
    const headers = { Authorization: `Basic ${basic}`, 'Content-Type': 'application/x-www-form-urlencoded' };
    const body = 'grant_type=client_credentials';
    return (await world.send({ method: 'POST', path: '/oauth/token', headers, body })).json.access_token;
  };

  test.each(['its owner deactivated', 'revoked, seen by its access token'])(
    'A02 %s during a long Bulk: the rest is refused',
    async (how) => {
      let commits = 0;
      let end = async (): Promise<unknown> => undefined;
      world = await startScimWorld(
        observeStorage(await open(), async (moment) => {
          if (moment !== 'after users.commit') return;
          commits += 1;
          if (commits === 4) await end();
        }),
      );
      const owner = await world.create('owner@acme.test');
      const { id } = await world.create('target@acme.test');
      const request = {
        kind: 'scim',
        name: 'x',
        connection: 'okta' as ConnectionId,
        owner: owner.id as UserId,
      } as const;
      const { credential, secret } = await world.credentials.issue(acme, request, byTest);
      const presented = how.startsWith('its') ? secret : await tokenFor(credential.id, secret);
      end = () =>
        how.startsWith('its')
          ? world.provisioning.deactivateUser(acme, owner.id as UserId, {}, byTest)
          : world.credentials.revoke(acme, credential.id, byTest);
      const Operations = Array.from({ length: 6 }, (_, n) => ({
        method: 'PATCH',
        path: `/Users/${id}`,
        data: patchOf('title', `t${n}`),
      }));
      const answer = await world.post('/Bulk', { schemas: [BULK], Operations }, presented);
      expect(answer.status).toBe(200);
      const statuses = answer.json.Operations.map(({ status }: Json) => status);
      expect(statuses).toEqual(['200', '200', '401', '401', '401', '401']);
      expect((await world.get(`/Users/${id}`)).json.title).toBe('t1');
      expect((await world.get('/Users', presented)).status).toBe(401);
    },
  );

  test('A03 one that may only read is refused every write with 403, its access token too; neither is told to anybody', async () => {
    world = await startScimWorld(await open());
    const request = { kind: 'scim', name: 'auditor', connection: 'default' as ConnectionId, scopes: ['read'] } as const;
    const { credential, secret } = await world.credentials.issue(acme, request, byTest);
    const token = await tokenFor(credential.id, secret);
    const user = await world.create('kept@acme.test');
    const group = (await world.post('/Groups', { schemas: [GROUP], displayName: 'kept' })).json;
    const before = [(await world.get('/Users')).text, (await world.get('/Groups')).text];
    const told: string[] = [];
    let writes = 0;
    for (const presented of [secret, token]) {
      for (const route of scimRoutes) {
        for (const method of route.discover === undefined ? allowedMethods(route).split(', ') : []) {
          const target = `/${route.path.join('/')}`.replace('*', route.area === 'groups' ? group.id : user.id);
          const headers = { Authorization: `Bearer ${presented}` };
          // What it may not do is refused before anybody looks at the body, here even its own secret.
          const answer = await world.send({ method, path: target, headers, body: { password: presented } });
          told.push(answer.text);
          if (route.operations[method]?.changes !== true) continue;
          writes += 1;
          expect([method, target, answer.status]).toEqual([method, target, 403]);
        }
      }
      expect((await world.get('/Users', presented)).status).toBe(200);
    }
    expect(writes).toBeGreaterThanOrEqual(18);
    expect([(await world.get('/Users')).text, (await world.get('/Groups')).text]).toEqual(before);
    await world.provisioningLog.flush();
    const { items } = await world.provisioningLog.list(acme, { limit: 200 });
    expect(items.filter(({ status }) => status === 403)).toHaveLength(writes);
    told.push(JSON.stringify(items), world.lines.join(''), await world.metricsPage());
    told.push(JSON.stringify(await world.storage.audit.list(acme, { limit: 1_000 })));
    told.push(JSON.stringify(await world.storage.effects.claimDue(1_000, 60_000)));
    for (const hidden of [secret, token]) for (const text of told) expect(text).not.toContain(hidden);
    expect(told.join('')).toContain(credential.id);
  });

  test('A04 a thousand bad credentials at once: 429 with whole seconds; good ones of every organisation go on meanwhile', async () => {
    world = await startScimWorld(await open(), { badCredentialsPerSecond: 10 });
    const bad = Array.from({ length: 1_000 }, (_, n) => world.get('/Users', `furl_scim_wrong-${n}`));
    const good: Promise<WireAnswer>[] = [];
    for (let n = 0; n < 20; n += 1) good.push(world.get('/Users'), world.get('/Users', world.secrets.globex));
    const answers = await Promise.all(bad);
    const refused = answers.filter(({ status }) => status === 401);
    const slowed = answers.filter(({ status }) => status === 429);
    expect(refused.length + slowed.length).toBe(1_000);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(slowed.length).toBeGreaterThan(500);
    for (const { headers, json } of slowed) {
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
      expect(json).toMatchObject({ status: '429', detail: expect.any(String) });
    }
    expect(new Set((await Promise.all(good)).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('C04 of changes with the same ETag exactly one is made, the others are 412', async () => {
    world = await startScimWorld(await open());
    const user = await world.create('aoki@acme.test', { title: 'before' });
    const group = (await world.post('/Groups', { schemas: [GROUP], displayName: 'before' })).json;
    for (const [target, attribute, { version }] of [
      [`/Users/${user.id}`, 'title', user.meta],
      [`/Groups/${group.id}`, 'displayName', group.meta],
    ] as const) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => patch(target, patchOf(attribute, `n${n}`), { 'If-Match': version })),
      );
      const made = answers.flatMap(({ status }, n) => (status < 300 ? [n] : []));
      expect(made).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 412)).toHaveLength(7);
      expect((await world.get(target)).json[attribute]).toBe(`n${made[0]}`);
    }
  });

  test('C04 members added and removed at once: no change is lost', async () => {
    world = await startScimWorld(await open());
    const people: string[] = [];
    for (let n = 0; n < 20; n += 1) people.push((await world.create(`p${n}@acme.test`)).id);
    const [leaving, coming] = [people.slice(0, 10), people.slice(10)];
    const members = leaving.map((value) => ({ value }));
    const { id } = (await world.post('/Groups', { schemas: [GROUP], displayName: 'g', members })).json;
    const answers = await Promise.all([
      ...coming.map((value) => patch(`/Groups/${id}`, patchOf('members', [{ value }], 'add'))),
      ...leaving.map((value) => patch(`/Groups/${id}`, patchOf('members', [{ value }], 'remove'))),
      ...Array.from({ length: 5 }, (_, n) => patch(`/Groups/${id}`, patchOf('displayName', `name ${n}`))),
      ...coming.map((value) => patch(`/Users/${value}`, patchOf('title', 'x'))),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 204]));
    const group = (await world.get(`/Groups/${id}`)).json;
    expect(group.members.map(({ value }: Json) => value).toSorted()).toEqual(coming.toSorted());
    expect(group.displayName).toMatch(/^name \d$/);
    expect((await world.get(`/Users?filter=${encodeURIComponent('title eq "x"')}`)).json.totalResults).toBe(10);
    expect((await world.get(`/Users/${coming[0]}`)).json.schemas).toContain(CORE);
  });
});
