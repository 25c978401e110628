// The OpenID Provider as an independent app sees it (openid-client): every flow it offers, and what each document says.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import type { OrganizationId } from '#directory/identifiers.ts';
import { verifiedDomainRecords } from '#storage/domain-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { organization } from './gate-world.ts';
import { refusalOf, registerApp } from './openid-app.ts';
import { login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';

describeAtDoors('the OpenID Provider', (open) => {
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

  test('an address is verified where its domain was shown to be the organisation’s, not where another has it', async () => {
    const app = await registerApp(world, 'wiki');
    const claims = async () => (await app.signIn(new Browser())).claims()?.['email_verified'];
    const domains = world.storage.records(verifiedDomainRecords);
    const domain = { id: 'example.com', value: { verifiedBy: 'dns', verifiedAt: world.clock.now } as const };
    await domains.insert({ ...domain, organizationId: 'globex' as OrganizationId });
    expect(await claims()).toBe(false);
    await domains.delete(domain.id);
    await domains.insert({ ...domain, organizationId: world.user.organizationId });
    expect(await claims()).toBe(true);
  });

  test('a public client: PKCE alone, and its own origin may ask from a browser', async () => {
    const app = await registerApp(world, 'spa', { openid: { authMethod: 'none', secrets: [] } });
    const tokens = await app.signIn(new Browser());
    const again = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
    expect(await client.tokenIntrospection(app.config, again.access_token)).toMatchObject({ active: true });
    await client.tokenRevocation(app.config, again.access_token);
    expect(await client.tokenIntrospection(app.config, again.access_token)).toEqual({ active: false });
    const from = async (origin: string) => {
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'spa' });
      const answer = await fetch(`${app.issuer}/token`, { method: 'POST', body: form, headers: { origin } });
      return [answer.headers.get('access-control-allow-origin'), ((await answer.json()) as { error: string }).error];
    };
    expect(await from('https://spa.example.com')).toEqual(['https://spa.example.com', 'invalid_grant']);
    expect(await from('https://evil.example')).toEqual([null, 'invalid_request']);
    // Nobody else's tokens, not even whether they are any.
    const other = await registerApp(world, 'wiki');
    const { access_token: foreign } = await other.signIn(new Browser());
    expect(await client.tokenIntrospection(app.config, foreign)).toEqual({ active: false });
    expect((await other.post('/token/introspection', { token: foreign })).body['active']).toBe(true);
  });

  test('an app that signs for itself: each assertion once', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
    let assertion = '';
    const auth = client.PrivateKeyJwt({ key: privateKey, kid: 'k1' });
    const app = await registerApp(world, 'signer', {
      auth,
      openid: { authMethod: 'private_key_jwt', secrets: [], jwks },
    });
    app.config[client.customFetch] = async (url, options) => {
      if (options.body instanceof URLSearchParams) assertion = options.body.get('client_assertion') ?? assertion;
      return fetch(url, options as RequestInit);
    };
    const tokens = await app.signIn(new Browser());
    expect(await client.tokenIntrospection(app.config, tokens.access_token)).toMatchObject({ active: true });
    const again = await fetch(`${app.issuer}/token/introspection`, {
      method: 'POST',
      body: new URLSearchParams({
        token: tokens.access_token,
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    });
    expect([again.status, ((await again.json()) as { error: string }).error]).toEqual([401, 'invalid_client']);
  });

  test('pushed authorization requests: used once', async () => {
    const app = await registerApp(world, 'wiki');
    const browser = new Browser();
    const asked = await app.ask();
    const url = await client.buildAuthorizationUrlWithPAR(app.config, Object.fromEntries(asked.url.searchParams));
    expect(url.searchParams.get('request_uri')).toMatch(/^urn:ietf:params:oauth:request_uri:/);
    const { url: back } = await app.send(browser, { ...asked, url });
    expect((await app.redeem(asked, back)).claims()?.sub).toBe(world.user.id);
    const second = await app.send(browser, { ...asked, url });
    expect([second.url.host, second.status]).toEqual([new URL(world.baseUrl).host, 400]);
    expect(second.body).toContain('invalid_request_uri');
  });

  test('prompt=none, prompt=login, max_age, prompt=consent and a hint', async () => {
    const app = await registerApp(world, 'wiki');
    const browser = new Browser();
    const none = async () => refusalOf((await app.send(browser, await app.ask({ prompt: 'none' }))).url).error;
    expect(await none()).toBe('login_required');
    await login(world, browser);
    expect(await none()).toBeNull();
    const session = () => browser.cookie(world.baseUrl, 'furlough-session');
    const first = session();
    await app.signIn(browser);
    expect(session()).toBe(first);
    await app.signIn(browser, { prompt: 'consent', scope: 'openid offline_access' });
    expect(session()).toBe(first);
    await app.signIn(browser, { prompt: 'login' });
    const second = session();
    expect(second).not.toBe(first);
    await app.signIn(browser, { max_age: '0' });
    expect(session()).not.toBe(second);
    await app.signIn(browser, { max_age: '3600' });
    const asked = await app.ask({ login_hint: 'aoki@example.com' });
    const visit = await new Browser().go(asked.url.href, {
      stopBefore: (target) => target.pathname === '/sso/acme/login',
    });
    const to = new URL(visit.headers.get('location') ?? '', visit.url);
    expect(to.searchParams.get('login_hint')).toBe('aoki@example.com');
    expect(to.searchParams.get('return_to')).toMatch(/^\/oidc\/acme\/interaction\//);
  });

  test('somebody else signs in in the same browser: the app learns the new person, the tokens of the first are dead', async () => {
    const app = await registerApp(world, 'wiki');
    const second = await world.addPerson({ userName: 'sato@example.com', displayName: 'Sato' }, { connection: 'corp' });
    const browser = new Browser();
    const before = await app.signIn(browser);
    const aoki = world.provider.person;
    world.provider.person = { sub: 'subject-2', claims: { preferred_username: 'sato@example.com' } };
    const after = await app.signIn(browser, { prompt: 'login' });
    expect([before.claims()?.sub, after.claims()?.sub]).toEqual([world.user.id, second.id]);
    expect(await client.tokenIntrospection(app.config, before.access_token)).toEqual({ active: false });
    // An app that insists on the first person is told, and nobody runs in circles.
    const hinted = await app.send(browser, await app.ask({ id_token_hint: before.id_token ?? '' }));
    expect(refusalOf(hinted.url).error).toBe('login_required');
    world.provider.person = aoki;
    const back = await app.send(browser, await app.ask({ id_token_hint: before.id_token ?? '' }));
    expect(refusalOf(back.url).error).toBeNull();
  });

  test('signing out from the app: asked first, then out at the gate and of everything opened from it, and back to the app', async () => {
    const app = await registerApp(world, 'wiki');
    const browser = new Browser();
    const tokens = await app.signIn(browser);
    const out = (parameters: Readonly<Record<string, string>>) =>
      browser.go(client.buildEndSessionUrl(app.config, parameters).href);
    const bye = 'https://wiki.example.com/bye';
    const hint = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: bye, state: 'abc' };
    const elsewhere = await out({ ...hint, post_logout_redirect_uri: 'https://evil.example/' });
    expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([400, null]);
    const question = await out(hint);
    expect(question.status).toBe(200);
    expect(question.body).toContain('App wiki asks to sign you out');
    expect(question.headers.get('content-security-policy')).toContain("form-action 'self' https://wiki.example.com");
    expect(await sessionStatus(world, browser)).toBe(200);
    const answer = (body: string, extra: Readonly<Record<string, string>> = {}) => {
      const [, action = ''] = /action="([^"]+)"/.exec(body) ?? [];
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(body) ?? [];
      return browser.go(action, {
        method: 'POST',
        body: new URLSearchParams({ xsrf, logout: 'yes', ...extra }),
        stopBefore: (target) => target.host === 'wiki.example.com',
      });
    };
    const forged = await answer(question.body, { xsrf: '0'.repeat(48) });
    expect([forged.status, await sessionStatus(world, browser)]).toEqual([400, 200]);
    const done = await answer(question.body);
    expect(done.headers.get('location')).toBe(`${bye}?state=abc`);
    expect(await sessionStatus(world, browser)).toBe(401);
    expect(await client.tokenIntrospection(app.config, tokens.access_token)).toEqual({ active: false });
    expect(
      (await app.post('/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })).status,
    ).toBe(400);

    // Signed in at the gate, never opened the app: another site does not sign them out unasked.
    await login(world, browser);
    const asked = await out({ client_id: 'wiki', post_logout_redirect_uri: bye });
    expect([asked.status, await sessionStatus(world, browser)]).toEqual([200, 200]);
    expect((await answer(asked.body)).headers.get('location')).toBe(bye);
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test('a change of the app counts at once: secrets, addresses, removal', async () => {
    const app = await registerApp(world, 'wiki');
    const browser = new Browser();
    const tokens = await app.signIn(browser);
    await app.change((openid) => ({ ...openid, redirectUris: ['https://wiki.example.com/other'] }));
    expect((await app.send(browser, await app.ask())).status).toBe(400);
    await app.change((openid) => ({ ...openid, redirectUris: [app.redirectUri] }));
    await app.signIn(browser);
    // Two secrets while one is being replaced; the old one until its end.
    const [old] = app.secrets();
    await app.change((openid) => ({
      ...openid,
      secrets: [app.newSecret(), { ...old!, expiresAt: world.clock.now + 60_000 }],
    }));
    expect((await app.post('/token/introspection', { token: tokens.access_token })).body['active']).toBe(true);
    world.clock.now += 60_000;
    expect((await app.post('/token/introspection', { token: tokens.access_token })).status).toBe(401);
    await app.remove();
    expect((await browser.go((await app.ask()).url.href)).status).toBe(400);
  });

  test('keys: both algorithms published, those that follow and those that did too; a new key signs at once', async () => {
    const app = await registerApp(world, 'wiki');
    const es256 = await registerApp(world, 'es256');
    expect(es256.config.serverMetadata().id_token_signing_alg_values_supported).toEqual(['RS256', 'ES256']);
    const browser = new Browser();
    const before = await app.signIn(browser);
    const published = async () => {
      const { keys } = (await (await fetch(`${app.issuer}/jwks`)).json()) as { keys: Record<string, unknown>[] };
      for (const key of keys) expect(key).not.toHaveProperty('d');
      return keys.map(({ kid }) => kid);
    };
    const first = decodeProtectedHeader(before.id_token ?? '').kid;
    expect(await published()).toHaveLength(4);
    await world.context.signingKeys.rotate(organization, false, () => []);
    const after = await app.signIn(browser, { id_token_hint: before.id_token ?? '' });
    const second = decodeProtectedHeader(after.id_token ?? '').kid;
    expect(second).not.toBe(first);
    expect(await published()).toEqual(expect.arrayContaining([first, second]));
    await world.context.signingKeys.rotate(organization, true, () => []);
    expect(await published()).not.toEqual(expect.arrayContaining([first]));
  });

  test('the discovery document says what there is, from the base URL and never from Host', async () => {
    const app = await registerApp(world, 'wiki');
    for (const headers of [
      {},
      { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    ]) {
      const answer = await fetch(`${app.issuer}/.well-known/openid-configuration`, { headers });
      expect(await answer.json()).toMatchObject({
        issuer: app.issuer,
        authorization_endpoint: `${app.issuer}/auth`,
        token_endpoint: `${app.issuer}/token`,
        userinfo_endpoint: `${app.issuer}/me`,
        jwks_uri: `${app.issuer}/jwks`,
        introspection_endpoint: `${app.issuer}/token/introspection`,
        revocation_endpoint: `${app.issuer}/token/revocation`,
        end_session_endpoint: `${app.issuer}/session/end`,
        pushed_authorization_request_endpoint: `${app.issuer}/request`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
        scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'groups', 'departments'],
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        authorization_response_iss_parameter_supported: true,
      });
    }
    expect((await fetch(`${world.baseUrl}/oidc/nobody/.well-known/openid-configuration`)).status).toBe(404);
    expect((await fetch(`${app.issuer}/nothing`)).status).toBe(404);
    expect((await fetch(`${app.issuer}/reg`, { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('what makes no sense is refused in the protocol’s form, never with a 5xx', async () => {
    const app = await registerApp(world, 'wiki');
    const odd = ['', '\0', 'x'.repeat(9_000), '__proto__', '{"$gt":""}', '%00', '\ud800', '../../wiki', 'a b'];
    for (const value of odd) {
      for (const [path, form] of [
        [
          '/token',
          { grant_type: 'authorization_code', code: value, redirect_uri: app.redirectUri, code_verifier: value },
        ],
        ['/token', { grant_type: 'refresh_token', refresh_token: value }],
        ['/token', { grant_type: value }],
        ['/token/introspection', { token: value, token_type_hint: value }],
        ['/token/revocation', { token: value }],
        ['/request', { response_type: value, scope: value }],
      ] as const)
        expect([path, value, (await app.post(path, form)).status < 500]).toEqual([path, value, true]);
      const query = new URLSearchParams({ client_id: value, redirect_uri: value, response_type: value, prompt: value });
      for (const path of [
        '/auth',
        '/session/end',
        '/session/end/success',
        `/auth/${encodeURIComponent(Buffer.from(value).toString())}`,
      ]) {
        const answer = await fetch(`${app.issuer}${path}?${query.toString()}`, { redirect: 'manual' });
        expect([path, value, answer.status < 500]).toEqual([path, value, true]);
      }
    }
    for (const [headers, body] of [
      [{ 'content-type': 'application/json' }, '{}'],
      [{ 'content-type': 'application/x-www-form-urlencoded; charset=nonsense' }, 'grant_type=x'],
      [{ authorization: 'Basic !!!' }, 'grant_type=x'],
      [
        { authorization: `Basic ${Buffer.from('wiki:wrong').toString('base64')}` },
        new URLSearchParams({ grant_type: 'refresh_token' }),
      ],
      [
        { cookie: `furlough-op-acme=${'x'.repeat(40)}; furlough-op-acme.sig=y` },
        new URLSearchParams({ client_id: 'wiki' }),
      ],
    ] as const) {
      const answer = await fetch(`${app.issuer}/token`, { method: 'POST', headers, body });
      expect([400, 401]).toContain(answer.status);
      expect(await answer.json()).toHaveProperty('error');
    }
    const huge = new URLSearchParams({ grant_type: 'x'.repeat(100_000) });
    expect((await fetch(`${app.issuer}/token`, { method: 'POST', body: huge })).status).toBe(400);
    await app.signIn(new Browser());
  });
});

test('no setting was left as the library makes it for a first try', async () => {
  const program = fileURLToPath(new URL('openid-app-alone.ts', import.meta.url));
  const command = ['--import', 'tsx', '--conditions=furlough-source', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command);
  expect(stdout).toContain('every flow, for ');
  const runtime = 'oidc-provider WARNING: Unsupported runtime. Use Node.js v22.x LTS, or a later LTS release.';
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes('oidc-provider'));
  expect(said.filter((line) => line !== runtime)).toEqual([]);
});
