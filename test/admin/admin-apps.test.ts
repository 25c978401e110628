// Apps through the admin API, on both storages: what they are, whose a host is, and client secrets that are told once.

import type { AppId } from '#directory/app.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { appRecords, findApp, findAppOfHost, hostClaimRecords } from '#storage/app-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, other, type AdminHouse } from './admin-house.ts';

const at = '/organizations/acme/apps';
const wiki = { id: 'wiki', name: 'Wiki', forwardAuth: { hosts: ['Wiki.example.com', 'wiki.example.com:8443'] } };
const crm = { id: 'crm', name: 'CRM', openid: { redirectUris: ['https://crm.example.com/cb?x=1'] } };

describeAtDoors('apps in the admin API', (open) => {
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async (): Promise<AdminHouse> => {
    const house = await openAdminHouse(await open());
    houses.push(house);
    return house;
  };

  test('added, shown, listed, changed, removed; each change is in the audit trail, without a hash', async () => {
    const house = await build();
    const { body: added } = await house.call('post', at, wiki).expect(201);
    expect(added).toEqual({
      app: {
        id: 'wiki',
        organization: 'acme',
        name: 'Wiki',
        forwardAuth: { hosts: ['wiki.example.com', 'wiki.example.com:8443'], rules: [] },
        urls: {},
        createdAt: '2027-01-12T01:00:00.000Z',
      },
      clientSecret: null,
      change: expect.any(String),
    });
    const { body: client } = await house.call('post', at, crm).expect(201);
    expect(client.app.urls).toEqual({ issuer: 'https://people.example.com/oidc/acme' });
    expect(client.clientSecret).toMatch(/^furl_app_/);
    const { body: list } = await house.call('get', at).expect(200);
    expect(list.items.map(({ id }: { id: string }) => id)).toEqual(['crm', 'wiki']);
    const { body: same } = await house.call('put', `${at}/wiki`, wiki).expect(200);
    expect(same.change).toBeNull();
    const { body: changed } = await house.call('put', `${at}/wiki`, { ...wiki, name: 'The wiki' }).expect(200);
    expect([changed.app.name, changed.app.createdAt]).toEqual(['The wiki', added.app.createdAt]);
    await house.call('delete', `${at}/crm`).expect(200);
    await house.call('get', `${at}/crm`).expect(404);
    const { body: audit } = await house.call('get', '/organizations/acme/audit').expect(200);
    const actions = audit.items.map(({ action }: { action: string }) => action);
    expect(actions).toEqual(expect.arrayContaining(['app.added', 'app.changed', 'app.removed']));
    expect(JSON.stringify(audit)).not.toContain(hashSecret(client.clientSecret));
    expect(JSON.stringify(audit)).not.toContain(client.clientSecret);
  });

  test('a host belongs to one app of all organisations, until that app gives it up', async () => {
    const house = await build();
    const storage = house.context.storage;
    await house.call('post', at, wiki).expect(201);
    const theft = { name: 'Thief', forwardAuth: { hosts: ['wiki.example.com'] } };
    const refused = await house.call('post', '/organizations/other/apps', theft, house.keys.other).expect(409);
    expect(refused.body).toMatchObject({ code: 'hostTaken', host: 'wiki.example.com' });
    await house.call('post', at, { ...theft, id: 'thief' }).expect(409);
    expect((await findAppOfHost(storage, 'wiki.example.com', house.clock.now))?.organizationId).toBe(acme);
    house.clock.now += 1;
    await house.call('put', `${at}/wiki`, { ...wiki, forwardAuth: { hosts: ['docs.example.com'] } }).expect(200);
    expect(await findAppOfHost(storage, 'wiki.example.com', house.clock.now)).toBeNull();
    await house.call('post', '/organizations/other/apps', theft, house.keys.other).expect(201);
    expect((await findAppOfHost(storage, 'wiki.example.com', house.clock.now))?.organizationId).toBe(other);
    house.clock.now += 1;
    await house.call('delete', '/organizations/other/apps/thief', undefined, house.keys.other).expect(200);
    await house.call('put', `${at}/wiki`, wiki).expect(200);
    expect((await findAppOfHost(storage, 'wiki.example.com', house.clock.now))?.id).toBe('wiki');
  });

  test('a claim that an interruption left opens nothing, and is taken over once it is old', async () => {
    const house = await build();
    const { storage } = house.context;
    const claim = { id: 'wiki.example.com', organizationId: other };
    const value = { app: 'never-written' as AppId, at: house.clock.now };
    await storage.records(hostClaimRecords).insert({ ...claim, value });
    expect(await findAppOfHost(storage, 'wiki.example.com', house.clock.now)).toBeNull();
    await house.call('post', at, wiki).expect(409);
    house.clock.now += 600_000;
    await house.call('post', at, wiki).expect(201);
    expect((await findAppOfHost(storage, 'wiki.example.com', house.clock.now))?.id).toBe('wiki');
  });

  test('of many who want one host at once, one gets it', async () => {
    const house = await build();
    const asked = Array.from({ length: 6 }, (_, n) => ({ ...wiki, id: `wiki-${n}` }));
    const answers = await Promise.all(asked.map((body) => house.call('post', at, body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(5);
    const found = await findAppOfHost(house.context.storage, 'wiki.example.com', house.clock.now);
    expect(found?.id).toBe(answers.find(({ status }) => status === 201)?.body.app.id);
  });

  test('a client secret is made, told once, kept through changes, replaced with an overlap', async () => {
    const house = await build();
    const { body: first } = await house.call('post', at, crm).expect(201);
    const stored = async () => (await findApp(house.context.storage, acme, 'crm', house.clock.now))?.openid?.secrets;
    expect(await stored()).toEqual([expect.objectContaining({ hash: hashSecret(first.clientSecret) })]);
    const { body: changed } = await house.call('put', `${at}/crm`, { ...crm, name: 'Sales' }).expect(200);
    expect(changed.clientSecret).toBeNull();
    const { body: second } = await house.call('post', `${at}/crm/secret`, { overlapSeconds: 60 }).expect(200);
    expect(second.app.openid.secrets).toEqual([
      { lastFour: second.clientSecret.slice(-4), createdAt: '2027-01-12T01:00:00.000Z' },
      {
        lastFour: first.clientSecret.slice(-4),
        createdAt: '2027-01-12T01:00:00.000Z',
        expiresAt: '2027-01-12T01:01:00.000Z',
      },
    ]);
    house.clock.now += 60_000;
    const { body: later } = await house.call('get', `${at}/crm`).expect(200);
    expect(later.openid.secrets).toHaveLength(1);
    const { body: third } = await house.call('post', `${at}/crm/secret`, { overlapSeconds: 0 }).expect(200);
    expect(await stored()).toEqual([expect.objectContaining({ hash: hashSecret(third.clientSecret) })]);
    const open_ = { ...crm, openid: { ...crm.openid, authMethod: 'none' } };
    await house.call('put', `${at}/crm`, open_).expect(200);
    expect(await stored()).toEqual([]);
    await house.call('post', `${at}/crm/secret`, {}).expect(400);
  });

  test.each([
    ['neither part', { name: 'x' }],
    ['a URL as host', { name: 'x', forwardAuth: { hosts: ['https://a.example.com'] } }],
    ['a host with a path', { name: 'x', forwardAuth: { hosts: ['a.example.com/x'] } }],
    ['a host with its scheme’s own port', { name: 'x', forwardAuth: { hosts: ['a.example.com:443'] } }],
    ['a wildcard host', { name: 'x', forwardAuth: { hosts: ['*.example.com'] } }],
    [
      'a rule that goes up',
      { ...wiki, forwardAuth: { hosts: ['a.b'], rules: [{ path: '/a/../b', access: 'public' }] } },
    ],
    ['a rule in code', { ...wiki, forwardAuth: { hosts: ['a.b'], rules: [{ path: '/%61', access: 'public' }] } }],
    ['a rule for nobody', { ...wiki, forwardAuth: { hosts: ['a.b'], rules: [{ path: '/', access: { groups: [] } }] } }],
    ['an unknown group', { ...wiki, groups: ['nobody'] }],
    ['an http redirect', { ...crm, openid: { redirectUris: ['http://crm.example.com/cb'] } }],
    ['a fragment', { ...crm, openid: { redirectUris: ['https://crm.example.com/cb#x'] } }],
    ['a wildcard', { ...crm, openid: { redirectUris: ['https://*.example.com/cb'] } }],
    ['a user in a redirect', { ...crm, openid: { redirectUris: ['https://a@crm.example.com/cb'] } }],
    ['a scheme of its own for a client with a secret', { ...crm, openid: { redirectUris: ['com.example.app:/cb'] } }],
    ['a script', { ...crm, openid: { redirectUris: ['javascript:alert(1)'], authMethod: 'none' } }],
    ['no keys', { ...crm, openid: { ...crm.openid, authMethod: 'private_key_jwt' } }],
    [
      'a private key',
      { ...crm, openid: { ...crm.openid, authMethod: 'private_key_jwt', jwks: { keys: [{ kty: 'EC', d: 'x' }] } } },
    ],
    ['logout tokens over http', { ...crm, openid: { ...crm.openid, backchannelLogoutUri: 'http://crm.example.com/' } }],
    ['an unknown member', { ...wiki, hosts: [] }],
    ['a reserved id', { ...wiki, id: 'session' }],
  ])('%s is refused and nothing stored', async (_, body) => {
    const house = await build();
    const { body: problem } = await house.call('post', at, body).expect(400);
    expect(['invalidValue', 'invalidInput']).toContain(problem.code);
    const kept = await house.context.storage.records(appRecords).list(acme, { limit: 1 }, house.clock.now);
    const claims = await house.context.storage.records(hostClaimRecords).list(acme, { limit: 1 }, house.clock.now);
    expect([kept, claims]).toEqual([[], []]);
  });

  test('a native public client has a scheme of its own; a client may prove itself by its key', async () => {
    const house = await build();
    const native = { name: 'Phone', openid: { redirectUris: ['com.example.app:/cb'], authMethod: 'none' } };
    expect((await house.call('post', at, native).expect(201)).body).toMatchObject({ clientSecret: null });
    const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] };
    const keyed = { name: 'Keyed', openid: { ...crm.openid, authMethod: 'private_key_jwt', jwks } };
    expect((await house.call('post', at, keyed).expect(201)).body.clientSecret).toBeNull();
  });

  test('an app of another organisation is answered like none', async () => {
    const house = await build();
    await house.call('post', at, wiki).expect(201);
    const foreign = await house.call('get', '/organizations/other/apps/wiki', undefined, house.keys.other).expect(404);
    const unknown = await house.call('get', '/organizations/other/apps/none', undefined, house.keys.other).expect(404);
    expect(foreign.body).toEqual({ ...unknown.body, instance: foreign.body.instance });
    await house.call('post', '/organizations/other/apps', { ...crm, id: 'wiki' }, house.keys.other).expect(201);
  });
});
