// What a credential may do by its scopes, at every route and in every operation of a Bulk; the same for access tokens, which may have less.

import { allowedMethods, scimRoutes } from '#scim/scim-routes.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byTest, CORE, PATCH_OP, startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

describeAtDoors('SCIM scopes', (open) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
  });
  afterEach(() => world.stop());

  const issue = async (...scopes: readonly string[]) => {
    const request = { kind: 'scim', name: scopes.join(' '), connection: 'default', scopes } as never;
    return world.credentials.issue(acme, request, byTest);
  };
  const secretWith = async (...scopes: readonly string[]) => (await issue(...scopes)).secret;

  test.each([
    [[], ['read users', 'write users', 'read groups', 'write groups']],
    [['read'], ['read users', 'read groups']],
    [['users'], ['read users', 'write users']],
    [['groups'], ['read groups', 'write groups']],
    [
      ['read', 'users'],
      ['read users', 'write users', 'read groups'],
    ],
    [
      ['users', 'groups'],
      ['read users', 'write users', 'read groups', 'write groups'],
    ],
  ])('with scopes %j it may %j at every route, the rest is 403 in SCIM form', async (scopes, allowed) => {
    const secret = await secretWith(...scopes);
    const user = await world.create('someone@acme.test');
    const group = (await world.post('/Groups', { schemas: [GROUP], displayName: 'some group' })).json;
    for (const route of scimRoutes.filter(({ area, discover }) => discover === undefined && area !== 'any')) {
      const target = `/${route.path.join('/')}`.replace('*', route.area === 'groups' ? group.id : user.id);
      for (const method of allowedMethods(route).split(', ')) {
        const changes = route.operations[method === 'HEAD' ? 'GET' : method]?.changes === true;
        const headers = { Authorization: `Bearer ${secret}` };
        // An empty body is refused with 400 by whoever may write; nothing is deleted here by who may.
        if (method === 'DELETE' && allowed.includes(`write ${route.area}`)) continue;
        const { status, json } = await world.send({ method, path: target, headers, body: {} });
        const where = `${method} ${target}`;
        const may = allowed.includes(`${changes ? 'write' : 'read'} ${route.area}`);
        expect([where, status === 403]).toEqual([where, !may]);
        if (!may && method !== 'HEAD') expect(json).toMatchObject({ status: '403', detail: expect.any(String) });
      }
    }
    expect((await world.get(`/Users/${user.id}`)).status).toBe(200);
    expect((await world.get(`/Groups/${group.id}`)).status).toBe(200);
    const discovered = await world.get('/Schemas', secret);
    expect(discovered.status).toBe(200);
  });

  test('the refusal names the scope that is missing (RFC 6750 §3.1)', async () => {
    const answer = await world.post('/Groups', {}, await secretWith('users'));
    expect(answer.json.detail).toBe('This credential has no scope for groups.');
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="furlough", error="insufficient_scope", scope="groups"',
    );
  });

  test('a search on the root finds only what may be read', async () => {
    await world.create('someone@acme.test');
    await world.post('/Groups', { schemas: [GROUP], displayName: 'some group' });
    const found = async (secret: string, body: object) => {
      const { status, json } = await world.post('/.search', body, secret);
      expect(status).toBe(200);
      return [json.totalResults, json.Resources.map(({ meta }: Json) => meta.resourceType)];
    };
    for (const body of [{}, { sortBy: 'displayName' }, { filter: 'meta.created pr' }]) {
      expect(await found(await secretWith('users'), body)).toEqual([1, ['User']]);
      expect(await found(await secretWith('groups'), body)).toEqual([1, ['Group']]);
      expect((await found(await secretWith('read'), body))[0]).toBe(2);
    }
  });

  test('each operation of a Bulk is asked about by itself; who may only read may not begin one', async () => {
    const Operations = [
      { method: 'POST', path: '/Users', bulkId: 'u', data: { schemas: [CORE], userName: 'bulk@acme.test' } },
      { method: 'POST', path: '/Groups', bulkId: 'g', data: { schemas: [GROUP], displayName: 'bulk' } },
    ];
    const bulk = async (secret: string) => world.post('/Bulk', { schemas: [BULK], Operations }, secret);
    expect((await bulk(await secretWith('read'))).status).toBe(403);
    const statusesOf = async (secret: string) =>
      (await bulk(secret)).json.Operations.map(({ status }: { status: string }) => status);
    expect(await statusesOf(await secretWith('groups'))).toEqual(['403', '201']);
    expect((await world.get('/Users')).json.totalResults).toBe(0);
    expect(await statusesOf(await secretWith('users'))).toEqual(['201', '403']);
    expect((await world.get('/Groups')).json.totalResults).toBe(1);
  });

  test('a token has the scopes of its credential or fewer, and says which', async () => {
    const { credential, secret } = await issue('read', 'users');
    const basic = Buffer.from(`${credential.id}:${secret}`).toString('base64');
    const ask = (scope: string) =>
      world.send({
        method: 'POST',
        path: '/oauth/token',
        headers: { Authorization: `Basic ${basic}`, 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `grant_type=client_credentials${scope}`,
      });
    const token = async (scope: string) => {
      const { status, json } = await ask(scope);
      expect(status).toBe(200);
      return json;
    };
    const patch = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'title', value: 'x' }] };
    const { id } = await world.create('someone@acme.test');
    const write = async (secretOrToken: string) =>
      (
        await world.send({
          method: 'PATCH',
          path: `/Users/${id}`,
          body: patch,
          headers: { Authorization: `Bearer ${secretOrToken}` },
        })
      ).status;

    const whole = await token('');
    expect(whole.scope).toBe('read users');
    expect((await token('&scope=scim')).scope).toBe('read users');
    expect(await write(whole.access_token)).toBe(200);
    const narrow = await token('&scope=read');
    expect(narrow.scope).toBe('read');
    expect(await write(narrow.access_token)).toBe(403);
    expect((await world.get('/Groups', narrow.access_token)).status).toBe(200);
    const one = await token('&scope=users');
    expect((await world.get('/Groups', one.access_token)).status).toBe(403);
    for (const scope of ['&scope=groups', '&scope=users+groups', '&scope=everything', '&scope=+', '&scope=Users']) {
      const { status, json } = await ask(scope);
      expect([scope, status, json.error]).toEqual([scope, 400, 'invalid_scope']);
    }
  });
});
