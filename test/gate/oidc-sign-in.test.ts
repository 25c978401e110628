// OpenID Connect end to end against a real provider: in, out while inactive, back after reactivation and a new sign-in.

import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { openGateWorld, organization, type GateWorld } from './gate-world.ts';

describeAtDoors('signing in by OpenID Connect', (open) => {
  let world: GateWorld;
  let provider: OpenIdProvider;
  let browser: Browser;

  beforeEach(async () => {
    world = await openGateWorld(await open());
    provider = await startOpenIdProvider([`${world.baseUrl}/sso/acme/corp/oidc/callback`]);
    const sealedClientSecret = world.seal(provider.clientSecret, 'corp');
    await world.addConnection('corp', {
      signIn: { kind: 'oidc', issuer: provider.issuer, clientId: provider.clientId, sealedClientSecret },
    });
    browser = new Browser();
  });
  afterEach(async () => {
    await provider.close();
    await world.close();
  });

  const signIn = (query = '') => browser.go(`${world.baseUrl}/sso/acme/login${query}`);
  const session = async () => {
    const visit = await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } });
    return { status: visit.status, body: JSON.parse(visit.body) as Record<string, unknown> };
  };

  test('a person who is active comes in, is known at the session door, and the sign-in is on record', async () => {
    const user = await world.addPerson({
      userName: 'aoki@example.com',
      displayName: '青木 花子',
      emails: [{ value: 'aoki@example.com' }],
    });
    provider.signInAs({ sub: 's-1', claims: { preferred_username: 'Aoki@Example.com' } });
    const landed = await signIn();
    expect(landed).toMatchObject({ status: 200, url: `${world.baseUrl}/sso/acme/signed-in` });
    expect(landed.body).toContain('青木 花子');
    expect(await session()).toMatchObject({
      status: 200,
      body: {
        user: { id: user.id, userName: 'aoki@example.com', displayName: '青木 花子' },
        organization,
        connection: 'corp',
      },
    });
    expect(await world.signIns()).toMatchObject([
      {
        outcome: 'allowed',
        protocol: 'oidc',
        connection: 'corp',
        userId: user.id,
        claimed: { issuer: provider.issuer, subject: 's-1', userName: 'Aoki@Example.com' },
      },
    ]);
  });

  test('deactivation closes the door at once, before and after the sessions are tidied; reactivation revives nothing, a new sign-in works', async () => {
    const user = await world.addPerson({ userName: 'aoki@example.com' });
    provider.signInAs({ sub: 's-1', claims: { preferred_username: 'aoki@example.com' } });
    await signIn();
    expect(await session()).toMatchObject({ status: 200 });
    const held = await world.deactivate(user);
    expect(await session()).toMatchObject({ status: 403, body: { reason: 'accountInactive' } });
    expect(await world.gate.endSessionsOfUser(organization, user.id, held.epoch, 'user.deactivated')).toBe(1);
    expect(await world.gate.endSessionsOfUser(organization, user.id, held.epoch, 'user.deactivated')).toBe(0);
    expect(await session()).toMatchObject({ status: 403, body: { reason: 'accountInactive' } });

    const refused = await new Browser().go(`${world.baseUrl}/sso/acme/login`, { headers: { 'accept-language': 'ja' } });
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('<html lang="ja">');
    const [record] = await world.signIns();
    expect(record).toMatchObject({ outcome: 'refused', reason: 'accountInactive', userId: user.id });
    expect(refused.body).toContain(record?.reference);
    expect(refused.body).not.toContain('accountInactive');

    await world.reactivate(user);
    expect(await session()).toMatchObject({ status: 401, body: { reason: 'notSignedIn' } });
    await signIn();
    expect(await session()).toMatchObject({ status: 200, body: { user: { id: user.id } } });
  });
});
