// What the OpenID Provider refuses: O08 to O14, L04 for its codes and tokens, T01 and T03 for apps. Each with a control that succeeds.

import * as client from 'openid-client';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import { artifactRecords } from '#gate/openid-provider/artifact.ts';
import { appRecordId, appRecords } from '#storage/app-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { runs } from '../harness/test-scale.ts';
import { addOrganization, by, organization, serveGate } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { connectApp, refusalOf, registerApp, type OpenidApp } from './openid-app.ts';
import { login, openOidcWorld, signInOf, type OidcWorld } from './oidc-world.ts';

describeAtDoors('the OpenID Provider refuses', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let app: OpenidApp;
  const others: { close(): Promise<unknown> }[] = [];

  beforeEach(async () => {
    observer = async () => undefined;
    const gateStorage = (storage: Storage) => observeStorage(storage, (moment) => observer(moment));
    world = await openOidcWorld(await open(), { gateStorage });
    app = await registerApp(world, 'wiki');
  });
  afterEach(async () => {
    for (const other of others.splice(0)) await other.close();
    await world.close();
  });

  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser();
    await login(world, browser);
    return browser;
  };
  /** A code that was not redeemed yet. */
  const codeFor = async (browser: Browser, at: OpenidApp = app) => {
    const asked = await at.ask();
    const { url } = await at.send(browser, asked);
    const form = {
      grant_type: 'authorization_code',
      code: url.searchParams.get('code') ?? '',
      redirect_uri: at.redirectUri,
      code_verifier: asked.checks.pkceCodeVerifier,
    };
    expect(form.code).not.toBe('');
    return { asked, url, form };
  };
  const isActive = async (token: string | undefined, at: OpenidApp = app): Promise<boolean> =>
    (await client.tokenIntrospection(at.config, token ?? '')).active;
  const refresh = (token: string | undefined, at: OpenidApp = app) =>
    at.post('/token', { grant_type: 'refresh_token', refresh_token: token ?? '' });
  const userinfo = async (token: string): Promise<number> =>
    (await fetch(`${app.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).status;

  test('O08 any redirect_uri but the very one that is registered: our page, and no redirect', async () => {
    const browser = await signedIn();
    const registered = new URL(app.redirectUri);
    const wrong = [
      `${app.redirectUri}/`,
      app.redirectUri.toUpperCase().replace('HTTPS', 'https'),
      `https://${registered.host}/CB`,
      `https://${registered.host}:443/cb`,
      `https://${registered.host}:8443/cb`,
      `${app.redirectUri}?x=1`,
      `${app.redirectUri}#fragment`,
      `https://${registered.host}/%63b`,
      `https://user@${registered.host}/cb`,
      `https://user:password@${registered.host}/cb`,
      `https://*.example.com/cb`,
      `https://evil.example/cb`,
      `https://${registered.host}.evil.example/cb`,
      `http://${registered.host}/cb`,
      `https://${registered.host}/../cb`,
      'javascript:alert(1)',
      '/cb',
      '',
    ];
    for (const redirectUri of wrong) {
      const asked = await app.ask();
      asked.url.searchParams.set('redirect_uri', redirectUri);
      const visit = await browser.go(asked.url.href, { follow: false });
      expect([redirectUri, visit.status, visit.headers.get('location')]).toEqual([redirectUri, 400, null]);
      expect(visit.body).toContain('The app could not sign you in');
      expect(visit.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    await app.signIn(browser);
  });

  test('O09 no PKCE, the plain method, a wrong verifier or none', async () => {
    const browser = await signedIn();
    for (const change of [
      (query: URLSearchParams) => (query.delete('code_challenge'), query.delete('code_challenge_method')),
      (query: URLSearchParams) => query.set('code_challenge_method', 'plain'),
      (query: URLSearchParams) => query.delete('code_challenge_method'),
    ]) {
      const asked = await app.ask();
      change(asked.url.searchParams);
      expect(refusalOf((await app.send(browser, asked)).url).error).toBe('invalid_request');
    }
    for (const verifier of ['w'.repeat(43), '', 'short']) {
      const { form } = await codeFor(browser);
      const { status, body } = await app.post('/token', { ...form, code_verifier: verifier });
      expect([status, ['invalid_grant', 'invalid_request'].includes(body['error'])]).toEqual([400, true]);
    }
    const { form } = await codeFor(browser);
    expect((await app.post('/token', form)).status).toBe(200);
  });

  test('O10 one code, 20 at once at two nodes: one gets tokens, the others invalid_grant', async () => {
    const node = await serveGate(world.context);
    others.push(node);
    const { value: stored } = (await world.storage
      .records(appRecords)
      .get(appRecordId(organization, 'wiki'), world.clock.now))!;
    // Another node behind the same address.
    const second = await connectApp({ ...world, baseUrl: node.baseUrl }, stored, app.secret);
    const { form } = await codeFor(await signedIn());
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? app : second).post('/token', form)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200))
      expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  test('O11 a code twice: the second is refused and what the first brought is revoked; another app’s code is refused', async () => {
    const browser = await signedIn();
    const { form } = await codeFor(browser);
    const first = await app.post('/token', form);
    expect([first.status, await isActive(first.body['access_token'])]).toEqual([200, true]);
    expect((await app.post('/token', form)).body['error']).toBe('invalid_grant');
    expect(await isActive(first.body['access_token'])).toBe(false);
    expect((await refresh(first.body['refresh_token'])).body['error']).toBe('invalid_grant');

    const thief = await registerApp(world, 'thief');
    const { form: stolen } = await codeFor(browser);
    const used = await thief.post('/token', { ...stolen, redirect_uri: thief.redirectUri });
    expect([used.status, used.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await app.post('/token', stolen)).status).toBe(200);
  });

  test('O12 one refresh token, 20 at once: one winner; used again after it was replaced, the whole grant is revoked', async () => {
    const browser = await signedIn();
    const { refresh_token: contested } = await app.signIn(browser);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(contested)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200))
      expect([status, body['error']]).toEqual([400, 'invalid_grant']);

    const { refresh_token: first } = await app.signIn(browser);
    const second = await refresh(first);
    expect([second.status, await isActive(second.body['access_token'])]).toEqual([200, true]);
    expect((await refresh(first)).body['error']).toBe('invalid_grant');
    expect((await refresh(second.body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect(await isActive(second.body['access_token'])).toBe(false);
    // The person is not to blame: their next visit brings a new grant.
    expect(await isActive((await app.signIn(browser)).access_token)).toBe(true);
  });

  /** What each door says to a browser, a code and tokens that were good until now. */
  const doors = async (
    browser: Browser,
    form: Readonly<Record<string, string>>,
    tokens: { readonly access_token: string; readonly refresh_token?: string | undefined },
  ) => {
    const errorAt = async (parameters?: Readonly<Record<string, string>>) =>
      refusalOf((await app.send(browser, await app.ask(parameters))).url).error;
    return {
      authorize: await errorAt(),
      'prompt=none': await errorAt({ prompt: 'none' }),
      code: (await app.post('/token', form)).body['error'] ?? null,
      userinfo: await userinfo(tokens.access_token),
      'introspection of the access token': await isActive(tokens.access_token),
      'introspection of the refresh token': await isActive(tokens.refresh_token),
      refresh: (await refresh(tokens.refresh_token)).body['error'] ?? null,
    };
  };
  const shut = {
    authorize: 'access_denied',
    'prompt=none': 'login_required',
    code: 'invalid_grant',
    userinfo: 401,
    'introspection of the access token': false,
    'introspection of the refresh token': false,
    refresh: 'invalid_grant',
  };
  const ajar = {
    authorize: null,
    'prompt=none': null,
    code: null,
    userinfo: 200,
    'introspection of the access token': true,
    'introspection of the refresh token': true,
    refresh: null,
  };

  test('O13 L04 deactivated: every door of the provider is shut at once, and what was made before stays dead after reactivation', async () => {
    const browser = await signedIn();
    const asks = async () => ({ tokens: await app.signIn(browser), code: (await codeFor(browser)).form });
    const before = await asks();
    expect(await doors(browser, before.code, before.tokens)).toEqual(ajar);
    const { tokens, code } = await asks();
    await world.deactivate(world.user);
    expect(await doors(browser, code, tokens)).toEqual(shut);
    const refused = await app.send(browser, await app.ask());
    const [record] = await world.signIns();
    expect(record).toMatchObject({ reason: 'accountInactive', door: { name: 'openidProvider', app: 'wiki' } });
    const { description } = refusalOf(refused.url);
    expect(description).toContain(`accountInactive: this person may not come in now, reference ${record?.reference}`);

    await world.reactivate(world.user);
    expect(await userinfo(tokens.access_token)).toBe(401);
    expect(await isActive(tokens.refresh_token)).toBe(false);
    expect((await app.post('/token', code)).body['error']).toBe('invalid_grant');
    expect((await refresh(tokens.refresh_token)).body['error']).toBe('invalid_grant');
    expect(refusalOf((await app.send(browser, await app.ask({ prompt: 'none' }))).url).error).toBe('login_required');
    // The old session is dead too: the gate signs them in anew, and then they are in.
    const again = await asks();
    expect(await doors(browser, again.code, again.tokens)).toEqual(ajar);
  });

  test('O13 the organisation suspended, the person deleted, the session ended: the same doors', async () => {
    const browser = await signedIn();
    const tokens = await app.signIn(browser);
    const { form } = await codeFor(browser);
    await world.provisioning.changeOrganization(organization, { state: 'suspended' }, by);
    expect(await doors(browser, form, tokens)).toEqual(shut);
    await world.provisioning.changeOrganization(organization, { state: 'active' }, by);
    expect(await isActive(tokens.access_token)).toBe(true);

    await browser.go(`${world.baseUrl}/sso/logout`, { method: 'POST', headers: { origin: world.baseUrl } });
    const ended = await doors(browser, form, tokens);
    // Nobody is held: the authorization endpoint signs them in anew.
    expect(ended).toEqual({ ...shut, authorize: null, 'prompt=none': null });
    expect(await isActive(tokens.access_token)).toBe(false);

    const later = await app.signIn(browser);
    const { form: unused } = await codeFor(browser);
    await world.provisioning.removeUser(organization, world.user.id, by);
    expect(await doors(browser, unused, later)).toEqual(shut);
  });

  test('O13 somebody who is not in the app’s groups: access_denied with our reason, also with prompt=none; out of the group, out of the app', async () => {
    const { group: outer } = await world.provisioning.createGroup(
      organization,
      { profile: { displayName: 'Everybody in the wiki' }, members: [] },
      by,
    );
    const { group: inner } = await world.provisioning.createGroup(
      organization,
      { profile: { displayName: 'Editors' }, members: [] },
      by,
    );
    const closed = await registerApp(world, 'closed', { groups: [outer.id] });
    const browser = await signedIn();
    for (const parameters of [{}, { prompt: 'none' }] as const) {
      const { url } = await closed.send(browser, await closed.ask(parameters));
      expect(refusalOf(url)).toEqual({ error: 'access_denied', description: expect.stringContaining('notAllowed') });
    }
    await changeMembers(outer.id, [inner.id]);
    await changeMembers(inner.id, [world.user.id]);
    const tokens = await closed.signIn(browser);
    expect(tokens.claims()).toMatchObject({ groups: ['Editors', 'Everybody in the wiki'] });
    expect(await isActive(tokens.access_token, closed)).toBe(true);
    await changeMembers(outer.id, [], [inner.id]);
    expect(await isActive(tokens.access_token, closed)).toBe(false);
    expect(await userinfo(tokens.access_token)).toBe(401);
    expect((await refresh(tokens.refresh_token, closed)).body['error']).toBe('invalid_grant');
  });

  const changeMembers = (id: GroupId, add: readonly string[], remove: readonly string[] = []) =>
    world.provisioning.changeGroup(organization, id, async ({ profile }) => ({ profile, add, remove }), by);

  test('O14 deactivated at each moment between the request and the tokens: nothing that was made is usable', async () => {
    const browser = await signedIn();
    const run = async () => {
      const asked = await app.ask();
      const { url } = await app.send(browser, asked);
      if (url.searchParams.get('code') === null) return undefined;
      const { status, body } = await app.post('/token', {
        grant_type: 'authorization_code',
        code: url.searchParams.get('code') ?? '',
        redirect_uri: app.redirectUri,
        code_verifier: asked.checks.pkceCodeVerifier,
      });
      expect(status).toBeLessThan(500);
      return status === 200 ? body : undefined;
    };
    const moments: string[] = [];
    observer = async (moment) => void moments.push(moment);
    const control = await run();
    observer = async () => undefined;
    expect(await isActive(control?.['access_token'])).toBe(true);
    const artifacts = moments.filter((moment) => moment.includes('openidArtifact'));
    expect(artifacts.length).toBeGreaterThan(10);

    // The end of a call and the beginning of the next are one moment; a reduced run takes some of them.
    for (let at = 0; at < moments.length; at += runs(9, 2)) {
      let seen = 0;
      observer = async () => {
        if (seen++ === at) await world.deactivate(world.user);
      };
      const tokens = await run();
      observer = async () => undefined;
      if (tokens !== undefined) {
        expect(await isActive(tokens['access_token'])).toBe(false);
        expect(await userinfo(tokens['access_token'])).toBe(401);
      }
      await world.reactivate(world.user);
      if (tokens !== undefined) expect((await refresh(tokens['refresh_token'])).body['error']).toBe('invalid_grant');
      await login(world, browser);
    }
    expect(await isActive((await run())?.['access_token'])).toBe(true);
  });

  test('O14 deactivated between the sign-in and the way back into the request: refused to the app, never a page that fails', async () => {
    const browser = new Browser();
    const asked = await app.ask();
    const stopped = await browser.go(asked.url.href, {
      stopBefore: (target) => target.pathname.includes('/interaction/'),
    });
    const interaction = new URL(stopped.headers.get('location') ?? '', stopped.url);
    await login(world, browser);
    const resumed = await browser.go(interaction.href, { follow: false });
    expect(resumed.status).toBe(303);
    await world.deactivate(world.user);
    const back = await browser.go(resumed.headers.get('location') ?? '', {
      stopBefore: (target) => target.host === 'wiki.example.com',
    });
    expect(refusalOf(new URL(back.headers.get('location') ?? '')).error).toBe('access_denied');
    await world.reactivate(world.user);
    await app.signIn(browser);
  });

  test('T01 T03 the same client id in two organisations: both work, and nothing of the one is known to the other', async () => {
    const elsewhere = 'other' as OrganizationId;
    await addOrganization(world.provisioning, elsewhere);
    const twin = await registerApp(world, 'wiki', { at: elsewhere });
    await world.addConnection('corp', { organizationId: elsewhere, signIn: twinSignIn(world) });
    const profile = { userName: 'aoki@example.com', displayName: 'Aoki', emails: [{ value: 'aoki@example.com' }] };
    const double = await world.addPerson(profile, { at: elsewhere, connection: 'corp' });
    const [here, there] = [new Browser(), new Browser()];
    const [own, foreign] = [await app.signIn(here), await twin.signIn(there)];
    expect([own.claims()?.sub, foreign.claims()?.sub]).toEqual([world.user.id, double.id]);
    expect(await client.tokenIntrospection(app.config, foreign.access_token)).toEqual({ active: false });
    expect(await client.tokenIntrospection(app.config, 'no-token-at-all')).toEqual({ active: false });
    expect(await userinfo(foreign.access_token)).toBe(401);
    expect(await refresh(foreign.refresh_token)).toEqual(await refresh('no-token-at-all'));
    const { form } = await codeFor(there, twin);
    expect((await app.post('/token', form)).body['error']).toBe('invalid_grant');
    expect((await twin.post('/token', form)).status).toBe(200);
    // The secret of the one is none of the other.
    const wrong = await fetch(`${app.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
      headers: { authorization: `Basic ${Buffer.from(`wiki:${twin.secret}`).toString('base64')}` },
    });
    expect([wrong.status, ((await wrong.json()) as { error: string }).error]).toEqual([401, 'invalid_client']);
    // A browser that is signed in elsewhere is nobody here.
    const stranger = await app.send(there, await app.ask({ prompt: 'none' }));
    expect(refusalOf(stranger.url).error).toBe('login_required');
  });

  test('L05 nothing in a stolen dump is a token, a code or a cookie that anybody takes', async () => {
    const browser = await signedIn();
    const tokens = await app.signIn(browser);
    const { form } = await codeFor(browser);
    const records = await world.storage.records(artifactRecords).list(organization, { limit: 100 }, world.clock.now);
    expect(records.length).toBeGreaterThan(4);
    const dump = JSON.stringify(records);
    for (const secret of [tokens.access_token, tokens.refresh_token ?? '', form['code'] ?? ''])
      expect(dump).not.toContain(secret);
    const cookie = browser.cookie(world.baseUrl, `furlough-op-${organization}`) ?? '';
    expect(cookie).not.toBe('');
    expect(dump).not.toContain(cookie);
    // The provider's own session alone signs nobody in.
    const thief = new Browser();
    for (const name of [`furlough-op-${organization}`, `furlough-op-${organization}.sig`])
      thief.setCookie(world.baseUrl, name, browser.cookie(world.baseUrl, name) ?? '');
    expect(refusalOf((await app.send(thief, await app.ask({ prompt: 'none' }))).url).error).toBe('login_required');
    expect(refusalOf((await app.send(browser, await app.ask({ prompt: 'none' }))).url).error).toBeNull();
  });

  test('while the store is away every door says so: 503 in its form, never "not active" and never "come in"; then it recovers', async () => {
    const browser = await signedIn();
    const tokens = await app.signIn(browser);
    const { form } = await codeFor(browser);
    observer = async (moment) => {
      if (moment.startsWith('before')) throw new StorageError('unavailable', 'away');
    };
    const page = await browser.go((await app.ask()).url.href, { headers: { 'accept-language': 'ja' } });
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '2']);
    expect(page.body).toContain('しばらくしてから');
    expect((await app.post('/token', form)).status).toBe(503);
    expect((await refresh(tokens.refresh_token)).status).toBe(503);
    expect((await app.post('/token/introspection', { token: tokens.access_token })).status).toBe(503);
    expect((await app.post('/token/revocation', { token: tokens.access_token })).status).toBe(503);
    expect(await userinfo(tokens.access_token)).toBe(503);
    // Only what the provider keeps is away.
    observer = async (moment) => {
      if (moment.startsWith('before openidArtifact')) throw new StorageError('unavailable', 'away');
    };
    for (const answer of [
      await app.post('/token', form),
      await refresh(tokens.refresh_token),
      await app.post('/token/introspection', { token: tokens.access_token }),
    ])
      expect([answer.status, answer.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(await userinfo(tokens.access_token)).toBe(503);
    expect((await browser.go((await app.ask()).url.href)).status).toBe(503);
    observer = async () => undefined;
    expect(await isActive(tokens.access_token)).toBe(true);
    expect((await app.post('/token', form)).status).toBe(200);
  });
});

function twinSignIn(world: OidcWorld) {
  const signIn = signInOf(world, world.provider, 'corp');
  const sealedClientSecret = world.seal('a client secret only tests know', 'corp', 'other' as OrganizationId);
  return { ...signIn, sealedClientSecret } as typeof signIn;
}
