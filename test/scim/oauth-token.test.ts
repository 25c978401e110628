// OAuth 2.0 client credentials for SCIM clients (RFC 6749): the token is worth what its credential is worth at that moment.

import type { UserId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, startScimWorld, type ScimWorld } from './scim-world.ts';

describeAtDoors('SCIM access tokens', (open) => {
  let world: ScimWorld;
  const begin = async (badCredentialsPerSecond?: number) => {
    world = await startScimWorld(
      await open(),
      badCredentialsPerSecond === undefined ? {} : { badCredentialsPerSecond },
    );
  };
  afterEach(() => world.stop());

  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const ask = (body: string, headers: Record<string, string> = {}) =>
    world.send({ method: 'POST', path: '/oauth/token', headers: { Authorization: '', ...form, ...headers }, body });
  const basic = (text = world.clientBasic) => ({ Authorization: `Basic ${text}` });
  const grant = 'grant_type=client_credentials';
  const decoded = (): readonly string[] => Buffer.from(world.clientBasic, 'base64').toString('utf8').split(':');
  const tokenOf = async (): Promise<string> => {
    const { status, json } = await ask(grant, basic());
    expect(status).toBe(200);
    return json.access_token;
  };
  const list = (token: string) => world.get('/Users', token);

  test('by HTTP Basic or in the form; the token works, for an hour', async () => {
    await begin();
    const [id = '', secret = ''] = decoded();
    const inForm = `${grant}&client_id=${id}&client_secret=${encodeURIComponent(secret)}&scope=users+read+groups`;
    for (const answer of [
      await ask(grant, basic()),
      await ask(inForm),
      await ask(`${grant}&client_id=${id}`, basic()),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 3_600,
        scope: 'read users groups',
      });
      expect([answer.headers['cache-control'], answer.headers['pragma']]).toEqual(['no-store', 'no-cache']);
      expect((await list(answer.json.access_token)).status).toBe(200);
    }
    const token = await tokenOf();
    world.clock.now += 3_600_000;
    expect((await list(token)).status).toBe(401);
    expect(world.lines.join('')).not.toContain(token);
    expect(world.lines.join('')).not.toContain(secret);
  });

  test('a token is no client secret: it cannot buy another one', async () => {
    await begin();
    const [id = ''] = decoded();
    const token = await tokenOf();
    const { status, json } = await ask(grant, basic(Buffer.from(`${id}:${token}`).toString('base64')));
    expect([status, json.error]).toEqual([401, 'invalid_client']);
    expect((await list(token)).status).toBe(200);
  });

  test('revoked, the credential takes its tokens with it at once; those of another stay', async () => {
    await begin();
    const token = await tokenOf();
    const [id = ''] = decoded();
    await world.credentials.revoke(acme, id as never, { actor: { kind: 'cli' }, mouth: 'cli' });
    expect((await list(token)).status).toBe(401);
    expect((await ask(grant, basic())).status).toBe(401);
    expect((await list(world.secrets.okta)).status).toBe(200);
  });

  test('a token has the rights of its credential, and of no other kind of credential', async () => {
    await begin();
    const issue = async (kind: 'scim' | 'admin', scopes: readonly string[], owner?: UserId) => {
      const request = { kind, name: 'x', scopes, ...(owner === undefined ? {} : { owner }) } as const;
      const { credential, secret } = await world.credentials.issue(acme, request, {
        actor: { kind: 'cli' },
        mouth: 'cli',
      });
      return ask(grant, basic(Buffer.from(`${credential.id}:${secret}`).toString('base64')));
    };
    const readOnly = (await issue('scim', ['read'])).json.access_token as string;
    expect((await list(readOnly)).status).toBe(200);
    expect((await world.post('/Users', {}, readOnly)).status).toBe(403);
    expect((await issue('admin', [])).status).toBe(401);
    const owner = await world.create('owner@acme.test');
    const owned = (await issue('scim', [], owner.id as UserId)).json.access_token as string;
    expect((await list(owned)).status).toBe(200);
    await world.patch(owner.id, [{ op: 'replace', path: 'active', value: false }]);
    expect((await list(owned)).status).toBe(401);
  });

  test('refusals are those of RFC 6749', async () => {
    await begin();
    const [id = '', secret = ''] = decoded();
    const other = Buffer.from(`${id}:${world.secrets.okta}`).toString('base64');
    for (const [body, headers, status, error] of [
      ['', basic(), 400, 'invalid_request'],
      ['grant_type=password', basic(), 400, 'unsupported_grant_type'],
      [`${grant}&grant_type=x`, basic(), 400, 'invalid_request'],
      [`${grant}&client_id=${id}&client_secret=${secret}`, basic(), 400, 'invalid_request'],
      [grant, {}, 401, 'invalid_client'],
      [grant, basic('bm9ib2R5Om5vdGhpbmc='), 401, 'invalid_client'],
      [grant, basic(other), 401, 'invalid_client'],
      [grant, basic('!'), 401, 'invalid_client'],
      [
        JSON.stringify({ grant_type: 'client_credentials' }),
        { ...basic(), 'Content-Type': 'application/json' },
        400,
        'invalid_request',
      ],
      [`${grant}&x=${'y'.repeat(20_000)}`, basic(), 413, 'invalid_request'],
    ] as const) {
      const answer = await ask(body, headers);
      expect([body.slice(0, 40), answer.status, answer.json.error]).toEqual([body.slice(0, 40), status, error]);
      if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    }
    const get = await world.send({ method: 'GET', path: '/oauth/token' });
    expect([get.status, get.headers['allow']]).toEqual([405, 'POST']);
    // The other organisation's client stays the other organisation's.
    const token = await tokenOf();
    expect((await world.get('/Users', token)).json.totalResults).toBe(0);
  });

  test('who keeps sending refused clients is slowed down', async () => {
    await begin(2);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await ask(grant, basic('bm9ib2R5Om5vdGhpbmc='))).status);
    expect(statuses).toEqual([401, 401, 429, 429, 429, 429]);
    expect((await ask(grant, basic())).status).toBe(200);
  });
});
