// `POST /gate/check` and its neighbours: which app asks, about which cookie, and that the answer is the one of every other door.

import request from 'supertest';
import type { App } from '#directory/app.ts';
import type { CredentialId, GroupId, OrganizationId } from '#directory/identifiers.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { beginAppVisit, enterApp, passGate } from './app-visits.ts';
import { addOrganization, by, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, userName, type OidcWorld } from './oidc-world.ts';

const host = 'wiki.example.com';

describeAtDoors('POST /gate/check', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let browser: Browser;
  let cookie: string;
  let wiki: App;
  beforeEach(async () => {
    observer = async () => undefined;
    world = await openOidcWorld(await open(), {
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    wiki = await world.addApp('wiki', [host]);
    await world.addApp('crm', ['crm.example.com']);
    await issue('key-of-wiki', { app: wiki.id });
    browser = new Browser();
    await login(world, browser);
    cookie = await enterApp(world, browser, host);
  });
  afterEach(() => world.close());

  async function issue(secret: string, rest: object, organizationId = organization): Promise<void> {
    await world.storage.records(credentialRecords).insert({
      id: hashSecret(secret),
      organizationId,
      value: {
        id: secret as CredentialId,
        organizationId,
        kind: 'app',
        name: secret,
        scopes: [],
        secretHash: hashSecret(secret),
        lastFour: '',
        createdAt: world.clock.now,
        ...rest,
      },
    });
  }
  const post = (path: string, body: unknown, secret = 'key-of-wiki') =>
    request(world.baseUrl)
      .post(path)
      .set('authorization', `Bearer ${secret}`)
      .send(body as object);
  const check = (body: unknown, secret?: string) => post('/gate/check', body, secret);

  test('answers as /sso/session: the person; 403 with the present reason while held; 401 for nobody', async () => {
    const { body } = await check({ cookie }).expect(200);
    const session = await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } });
    expect(body).toEqual(JSON.parse(session.body));
    expect(body).toMatchObject({ user: { userName, groups: [] }, organization });
    for (const nobody of [{}, { cookie: '' }, { cookie: 'x' }, { cookie: `${cookie}x` }]) {
      const refused = await check(nobody).expect(401);
      expect([refused.body.reason, refused.headers['www-authenticate']]).toEqual(['notSignedIn', 'FurloughSession']);
    }
    await world.deactivate(world.user);
    expect((await check({ cookie }).expect(403)).body).toMatchObject({ reason: 'accountInactive' });
    await world.reactivate(world.user);
    await check({ cookie }).expect(401);
  });

  test('a credential asks for its own app only, without one for every app of its organisation, by host', async () => {
    await issue('key-of-crm', { app: 'crm' });
    await issue('key-of-all', {});
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    await world.addApp('wiki', ['wiki.beta.example'], { organizationId: beta });
    await issue('key-of-beta', { app: 'wiki' }, beta);
    await issue('key-of-all-beta', {}, beta);
    await check({ cookie, host }).expect(200);
    await check({ cookie, host }, 'key-of-all').expect(200);
    await check({ cookie }, 'key-of-crm').expect(401);
    await check({ cookie }, 'key-of-beta').expect(401);
    await check({ cookie }, 'key-of-all').expect(403);
    for (const secret of ['key-of-crm', 'key-of-beta', 'key-of-all-beta']) {
      const foreign = (await check({ cookie, host }, secret).expect(403)).body;
      const unknown = (await check({ cookie, host: 'no.example' }, secret).expect(403)).body;
      expect({ ...foreign, instance: '' }).toEqual({ ...unknown, instance: '' });
    }
  });

  test('the rules of the app hold, and without a path the strictest of them', async () => {
    const created = await world.provisioning.createGroup(
      organization,
      { profile: { displayName: 'Few' }, members: [] },
      by,
    );
    const few: readonly GroupId[] = [created.group.id];
    const rules = [{ path: '/few/', access: { groups: few } }];
    await world.addApp('ruled', ['ruled.example.com'], { forwardAuth: { hosts: ['ruled.example.com'], rules } });
    await issue('key-of-ruled', { app: 'ruled' });
    const its = await enterApp(world, browser, 'ruled.example.com');
    await check({ cookie: its, uri: '/page' }, 'key-of-ruled').expect(200);
    for (const uri of ['/few/x', '/x/../few/x', '/FEW/x', undefined]) {
      const { body } = await check({ cookie: its, ...(uri === undefined ? {} : { uri }) }, 'key-of-ruled').expect(403);
      expect(body.reason).toBe('notAllowed');
    }
    await world.provisioning.changeGroup(
      organization,
      created.group.id,
      async ({ profile }) => ({ profile, add: [world.user.id], remove: [] }),
      by,
    );
    await check({ cookie: its }, 'key-of-ruled').expect(200);
  });

  test('a credential of another kind, revoked, past, unknown or missing: 401 with its own challenge', async () => {
    await issue('key-revoked', { app: wiki.id, revokedAt: world.clock.now });
    await issue('key-past', { app: wiki.id, expiresAt: world.clock.now });
    await issue('key-scim', { kind: 'scim' });
    await check({ cookie }).expect(200);
    for (const secret of ['key-revoked', 'key-past', 'key-scim', 'key-unknown', '']) {
      const refused = await check({ cookie }, secret).expect(401);
      expect([refused.body.code, refused.headers['www-authenticate']]).toEqual([
        'unauthenticated',
        expect.stringMatching(/^Bearer/),
      ]);
    }
    // Its owner was switched off.
    await issue('key-owned', { app: wiki.id, owner: world.user.id });
    await check({ cookie }, 'key-owned').expect(200);
    await world.deactivate(world.user);
    await check({ cookie }, 'key-owned').expect(401);
  });

  test.each([
    ['no JSON', '{'],
    ['a list', []],
    ['an unknown word', { cookie: 'x', path: '/' }],
    ['a number for the cookie', { cookie: 1 }],
    ['an object for the cookie', { cookie: { $gt: '' } }],
    ['no host', { cookie: 'x', host: 'a b' }],
    ['a state that is none', { code: 'x', states: ['x'] }],
    ['__proto__', '{"__proto__": {"cookie": "x"}}'],
  ])('%s: 400', async (_what, body) => {
    for (const path of ['/gate/check', '/gate/exchange', '/gate/end']) {
      const asked = request(world.baseUrl).post(path).set('authorization', 'Bearer key-of-wiki');
      const { body: problem } = await asked
        .set('content-type', 'application/json')
        .send(typeof body === 'string' ? body : JSON.stringify(body))
        .expect(400);
      expect(problem).toMatchObject({ status: 400 });
    }
    await check({ cookie }).expect(200);
  });

  test('an app turns a code into its cookie, once, for the browser that asked; and ends the session', async () => {
    const begun = await beginAppVisit(world, host, '/page');
    const code = (await passGate(browser, begun)).searchParams.get('code');
    const states = [new URL(begun.gate).searchParams.get('state') ?? ''];
    await post('/gate/exchange', { code, states: ['0'.repeat(64)] }).expect(403);
    await post('/gate/exchange', { code }).expect(403);
    await issue('key-of-crm', { app: 'crm' });
    await post('/gate/exchange', { code, states }, 'key-of-crm').expect(403);
    const { body } = await post('/gate/exchange', { code, states }).expect(200);
    expect(body).toEqual({ cookie, state: states[0], returnTo: '/page' });
    await post('/gate/exchange', { code, states }).expect(403);
    await post('/gate/end', { cookie }, 'key-of-crm').expect(204);
    await check({ cookie }).expect(200);
    await post('/gate/end', { cookie }).expect(204);
    await check({ cookie }).expect(401);
  });

  test('D01 a store that does not answer: 503, and a suspended organisation: its reason', async () => {
    observer = async () => {
      throw new StorageError('unavailable', 'planted outage');
    };
    for (const path of ['/gate/check', '/gate/exchange', '/gate/end'])
      expect((await post(path, { cookie }).expect(503)).headers['retry-after']).toBe('2');
    observer = async () => undefined;
    await check({ cookie }).expect(200);
    await world.provisioning.changeOrganization(organization, { state: 'suspended' }, by);
    expect((await check({ cookie }).expect(403)).body).toMatchObject({ reason: 'organizationSuspended' });
  });
});
