// The OpenID Provider as an independent app sees it (openid-client): every flow it offers, and what each document says.

import * as client from 'openid-client';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { registerApp } from './openid-app.ts';
import { openOidcWorld, type OidcWorld } from './oidc-world.ts';

describeOnBothStorages('the OpenID Provider', (open) => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
  });
  afterEach(() => world.close());

  test('a confidential app: code with PKCE, claims, userinfo, introspection, refresh, revocation', async () => {
    const app = await registerApp(world, 'wiki');
    const browser = new Browser();
    const tokens = await app.signIn(browser);
    expect(tokens.claims()).toMatchObject({
      iss: app.issuer,
      aud: 'wiki',
      sub: world.user.id,
      name: 'Aoki',
      preferred_username: 'aoki@example.com',
      email: 'aoki@example.com',
      email_verified: false,
      groups: [],
      departments: [],
    });
    const told = await client.fetchUserInfo(app.config, tokens.access_token, world.user.id);
    expect(told).toMatchObject({ sub: world.user.id, name: 'Aoki', email: 'aoki@example.com' });
    const state = await client.tokenIntrospection(app.config, tokens.access_token);
    expect(state).toMatchObject({ active: true, sub: world.user.id, client_id: 'wiki' });
    const again = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
    expect(again.refresh_token).not.toBe(tokens.refresh_token);
    expect(await client.tokenIntrospection(app.config, again.refresh_token ?? '')).toMatchObject({ active: true });
    await client.tokenRevocation(app.config, again.refresh_token ?? '');
    for (const token of [again.refresh_token, again.access_token])
      expect(await client.tokenIntrospection(app.config, token ?? '')).toEqual({ active: false });
  });
});
