// A01 and what a credential may reach: nothing in a request but the credential says whose directory is meant.

import { request as httpRequest } from 'node:http';
import type { ConnectionId } from '#directory/identifiers.ts';
import { allowedMethods, scimRoutes } from '#scim/scim-routes.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byTest, CORE, globex, startScimWorld, type ScimWorld, type WireAnswer } from './scim-world.ts';

const hour = 3_600_000;
const behindTheDoor = scimRoutes.filter(({ discover }) => discover === undefined);
const discovery = scimRoutes.filter(({ discover }) => discover !== undefined);
const requests = [
  ...behindTheDoor.flatMap((route) =>
    allowedMethods(route)
      .split(', ')
      .map((method) => ({ method, path: `/${route.path.join('/')}` })),
  ),
  { method: 'GET', path: '/NoSuchThing' },
];

describeAtDoors('SCIM credentials', (open) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
  });
  afterEach(() => world.stop());

  test('A01 every route but discovery refuses every bad credential with 401 in SCIM form; the good one passes', async () => {
    const bad = await badHeaders(world);
    const { id } = await world.create('a01@acme.test');
    for (const { method, path } of requests) {
      const target = path.replace('*', id);
      for (const [name, { header, query = '' }] of Object.entries(bad)) {
        const answer = await world.send({ method, path: target + query, headers: { Authorization: header } });
        const where = `${method} ${path}, ${name}`;
        expect([where, answer.status]).toEqual([where, 401]);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="furlough"/);
        expect(answer.headers['content-type']).toBe('application/scim+json; charset=utf-8');
        if (method !== 'HEAD') expect(answer.json).toEqual(errorBody('401', expect.any(String)));
      }
      const passed = await world.send({ method: method === 'DELETE' ? 'GET' : method, path: target, body: {} });
      expect(passed.status).not.toBe(401);
    }
    expect((await world.get(`/Users/${id}`)).json.userName).toBe('a01@acme.test');
  });

  test('A01 a header of 100 kB is refused before anything reads it', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${'x'.repeat(100_000)}` };
      const sent = httpRequest({ port: world.port, path: '/scim/v2/Users', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
    expect(status).toBe(431);
  });

  test('discovery needs no credential, and a bad one does not close it', async () => {
    for (const { path } of discovery) {
      const target = `/${path.join('/')}`.replace('ResourceTypes/*', 'ResourceTypes/User').replace('*', CORE);
      for (const header of ['', 'Bearer wrong']) {
        expect((await world.send({ method: 'GET', path: target, headers: { Authorization: header } })).status).toBe(
          200,
        );
      }
    }
  });

  test('a credential that may only read is refused every write with 403, and nothing is written', async () => {
    const { id } = await world.create('kept@acme.test');
    const { readonly } = world.secrets;
    const resource = { schemas: [CORE], userName: 'new@acme.test' };
    const writes = [
      await world.post('/Users', resource, readonly),
      await world.put(`/Users/${id}`, resource, readonly),
      await world.patch(id, [{ op: 'replace', path: 'active', value: false }], readonly),
      await world.send({ method: 'DELETE', path: `/Users/${id}`, headers: { Authorization: `Bearer ${readonly}` } }),
    ];
    expect(writes.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(writes[0]?.json).toEqual(errorBody('403', 'This credential may read, not write.'));
    expect((await world.get(`/Users/${id}`, readonly)).json).toMatchObject({
      userName: 'kept@acme.test',
      active: true,
    });
    expect((await world.post('/Users/.search', {}, readonly)).json.totalResults).toBe(1);
  });

  test("another organisation's user is answered byte for byte as one that never was", async () => {
    const { id } = await world.create('theirs@acme.test');
    const never = '019a0000-0000-7000-8000-000000000000';
    const { globex: other } = world.secrets;
    const body = { schemas: [CORE], userName: 'mine@globex.test' };
    const ask = async (target: string): Promise<WireAnswer[]> => [
      await world.get(`/Users/${target}`, other),
      await world.put(`/Users/${target}`, body, other),
      await world.patch(target, [{ op: 'replace', path: 'active', value: false }], other),
      await world.send({ method: 'DELETE', path: `/Users/${target}`, headers: { Authorization: `Bearer ${other}` } }),
    ];
    const foreign = await ask(id);
    expect(foreign.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(foreign.map(({ text }) => text)).toEqual((await ask(never)).map(({ text }) => text));
    for (const filter of [`id eq "${id}"`, 'userName eq "theirs@acme.test"', 'userName pr']) {
      expect((await world.get(`/Users?filter=${encodeURIComponent(filter)}`, other)).json.totalResults).toBe(0);
    }
    expect((await world.post('/Users', { schemas: [CORE], userName: 'theirs@acme.test' }, other)).status).toBe(201);
    expect(await world.seatsUsed(globex)).toBe(1);
    expect((await world.get(`/Users/${id}`)).json.active).toBe(true);
  });

  test('the credential alone, without the word Bearer, is accepted; a strict connection refuses it', async () => {
    const ask = (header: string) => world.send({ method: 'GET', path: '/Users', headers: { Authorization: header } });
    expect((await ask(world.secrets.bearer)).status).toBe(200);
    expect((await ask(`Bearer ${world.secrets.strict}`)).status).toBe(200);
    expect((await ask(world.secrets.strict)).status).toBe(401);
    expect((await ask(`Basic ${Buffer.from(`x:${world.secrets.bearer}`).toString('base64')}`)).status).toBe(401);
  });

  test('a credential whose owner is inactive is refused, and works again when they are back', async () => {
    const owner = await world.create('owner@acme.test');
    const request = { kind: 'scim', name: 'owned', connection: 'default' as ConnectionId, owner: owner.id } as const;
    const { secret } = await world.credentials.issue(acme, request, byTest);
    expect((await world.get('/Users', secret)).status).toBe(200);
    await world.patch(owner.id, [{ op: 'replace', path: 'active', value: false }]);
    expect((await world.get('/Users', secret)).status).toBe(401);
    await world.patch(owner.id, [{ op: 'replace', path: 'active', value: true }]);
    expect((await world.get('/Users', secret)).status).toBe(200);
  });

  test('no secret and no query is in the log', async () => {
    const answer = await world.get('/Users?filter=userName%20eq%20%22private%22', 'wrong-secret-wrong-secret');
    expect(answer.status).toBe(401);
    const log = world.lines.join('');
    expect(log).toContain('credential_refused');
    expect(log).not.toMatch(/wrong-secret|private/);
    expect(log).not.toContain(world.secrets.bearer);
  });
});

describeAtDoors('SCIM limits of credentials', (open) => {
  test('refused credentials are slowed down by address; good ones from there still work', async () => {
    const world = await startScimWorld(await open(), { badCredentialsPerSecond: 1 });
    expect((await world.get('/Users', 'wrong-one')).status).toBe(401);
    const slowed = await world.get('/Users', 'wrong-two');
    expect([slowed.status, slowed.headers['retry-after']]).toEqual([429, '1']);
    expect(slowed.json).toEqual(errorBody('429', 'Too many refused credentials from this address.'));
    expect((await world.get('/Users')).status).toBe(200);
    await world.stop();
  });

  test('a credential beyond its rate is answered 429 with whole seconds; another one is not', async () => {
    const world = await startScimWorld(await open(), { perSecond: 1 });
    expect((await world.get('/Users')).status).toBe(200);
    const slowed = await world.get('/Users');
    expect([slowed.status, slowed.headers['retry-after']]).toEqual([429, '1']);
    expect((await world.get('/Users', world.secrets.okta)).status).toBe(200);
    await world.stop();
  });
});

describeAtDoors('SCIM limits of access tokens', (open) => {
  test('an access token counts on the limit of its credential, and a second one buys nothing', async () => {
    const world = await startScimWorld(await open(), { perSecond: 3 });
    const form = { Authorization: `Basic ${world.clientBasic}`, 'Content-Type': 'application/x-www-form-urlencoded' };
    const request = { method: 'POST', path: '/oauth/token', headers: form, body: 'grant_type=client_credentials' };
    const tokens = [(await world.send(request)).json.access_token, (await world.send(request)).json.access_token];
    const statuses = [
      await world.get('/Users'),
      await world.get('/Users', tokens[0]),
      await world.get('/Users', tokens[1]),
      await world.get('/Users', tokens[0]),
      await world.get('/Users'),
      await world.get('/Users', world.secrets.okta),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 200]);
    await world.stop();
  });
});

async function badHeaders(world: ScimWorld): Promise<Record<string, { header: string; query?: string }>> {
  const { credentials, clock, secrets } = world;
  const connection = 'default' as ConnectionId;
  const expiring = await credentials.issue(
    acme,
    { kind: 'scim', name: 'short', connection, expiresAt: clock.now + hour },
    byTest,
  );
  const revoked = await credentials.issue(acme, { kind: 'scim', name: 'gone', connection }, byTest);
  await credentials.revoke(acme, revoked.credential.id, byTest);
  const admin = await credentials.issue(
    globex,
    { kind: 'admin', name: 'admin of another', scopes: ['instance'] },
    byTest,
  );
  expect((await world.get('/Users?count=0', expiring.secret)).status).toBe(200);
  clock.now += hour;
  return {
    none: { header: '' },
    malformed: { header: 'Bearer not a token' },
    'no token': { header: 'Bearer' },
    expired: { header: `Bearer ${expiring.secret}` },
    revoked: { header: `Bearer ${revoked.secret}` },
    truncated: { header: `Bearer ${secrets.bearer.slice(0, -1)}` },
    'of another kind and organisation': { header: `Bearer ${admin.secret}` },
    'in the query': { header: '', query: `?access_token=${secrets.bearer}&token=${secrets.bearer}` },
    basic: { header: `Basic ${Buffer.from(`scim:${secrets.bearer}`).toString('base64')}` },
    long: { header: `Bearer ${'x'.repeat(10_000)}` },
  };
}

function errorBody(status: string, detail: unknown): unknown {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status, detail };
}
