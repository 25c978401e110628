// The signed identity header: what it says, by which keys, for how long, and that it is never given before the person was asked about.

import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { OrganizationId } from '#directory/identifiers.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { enterApp } from './app-visits.ts';
import { addOrganization, by, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, userName, type OidcWorld } from './oidc-world.ts';

const host = 'wiki.example.com';

describeAtDoors('the signed identity header', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let cookie: string;
  beforeEach(async () => {
    observer = async () => undefined;
    world = await openOidcWorld(await open(), {
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    await world.addApp('wiki', [host]);
    const browser = new Browser();
    await login(world, browser);
    cookie = `__Host-furlough-app=${await enterApp(world, browser, host)}`;
  });
  afterEach(() => world.close());

  const ask = (query = ''): Promise<Visit> =>
    new Browser().go(`${world.baseUrl}/gate/forward-auth${query}`, {
      follow: false,
      headers: {
        accept: 'application/json',
        cookie,
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': '/page',
      },
    });
  const tokenOf = async (): Promise<string> => (await ask()).headers.get('x-furlough-jwt') ?? '';
  const verify = (token: string, at = organization, audience = host) =>
    jwtVerify(token, createRemoteJWKSet(new URL(`${world.baseUrl}/gate/${at}/jwks.json`)), {
      issuer: `${world.baseUrl}/gate/${at}`,
      audience,
      typ: 'furlough-identity+jwt',
      currentDate: new Date(world.clock.now),
    });

  test('is verified by the organisation’s published keys, for this app, for a minute', async () => {
    await world.provisioning.createGroup(
      organization,
      { profile: { displayName: 'A, b|c' }, members: [world.user.id] },
      by,
    );
    world.clock.now += 30_000;
    const { payload } = await verify(await tokenOf());
    expect(payload).toMatchObject({
      sub: world.user.id,
      org: organization,
      epoch: 1,
      preferred_username: userName,
      name: 'Aoki',
      email: userName,
      groups: ['A, b|c'],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    expect(payload['sid']).toMatch(/^[0-9a-f]{64}$/);
    await expect(verify(await tokenOf(), organization, 'crm.example.com')).rejects.toThrow();
    await addOrganization(world.provisioning, 'beta' as OrganizationId);
    await expect(verify(await tokenOf(), 'beta' as OrganizationId)).rejects.toThrow();
    const old = await tokenOf();
    world.clock.now += 61_000;
    await expect(verify(old)).rejects.toThrow();
  });

  test('is given again for half a minute, made anew after that, and when the person has changed', async () => {
    const first = await tokenOf();
    world.clock.now += 29_000;
    expect(await tokenOf()).toBe(first);
    world.clock.now += 1_000;
    const second = await tokenOf();
    expect(second).not.toBe(first);
    const rename = { displayName: 'Aoki H.' };
    await world.provisioning.changeUser(
      organization,
      world.user.id,
      ({ profile }) => ({ profile: { ...profile, ...rename } }),
      by,
    );
    expect(decodeJwt(await tokenOf())).toMatchObject({ name: 'Aoki H.' });
    world.clock.now -= 3_600_000;
    expect(decodeJwt(await tokenOf()).iat).toBe(Math.floor(world.clock.now / 1_000));
  });

  test('is not given where the person cannot be asked about, or may not come in', async () => {
    expect(await tokenOf()).not.toBe('');
    observer = async (moment) => {
      if (moment.startsWith('before doors.')) throw new StorageError('unavailable', 'planted outage');
    };
    const away = await ask();
    expect([away.status, away.headers.get('x-furlough-jwt')]).toEqual([503, null]);
    observer = async () => undefined;
    await world.deactivate(world.user);
    const held = await ask();
    expect([held.status, held.headers.get('x-furlough-jwt')]).toEqual([403, null]);
  });

  test('is left empty, not out, for a proxy that does not use it', async () => {
    const plain = await ask('?jwt=no');
    expect([plain.status, plain.headers.get('x-furlough-jwt'), plain.headers.get('remote-user')]).toEqual([
      200,
      '',
      userName,
    ]);
  });

  test('the keys of an organisation that is none: 404', async () => {
    for (const at of [organization, 'nobody', '..', 'A'])
      expect((await fetch(`${world.baseUrl}/gate/${at}/jwks.json`)).status).toBe(at === organization ? 200 : 404);
  });
});
