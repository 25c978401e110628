// Forward-auth as Traefik and Caddy ask it: L06 and L07. Who may ask, what is believed, what is answered to whom, what an app is told.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { UserProfile } from '#directory/user.ts';
import { identityHeaders, toHeaderText, toIdentityHeaders } from '#gate/forward-auth/identity-headers.ts';
import fc from 'fast-check';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { addOrganization, by, organization } from './gate-world.ts';
import { enterApp } from './app-visits.ts';
import { login, openOidcWorld, sessionStatus, userName, type OidcWorld } from './oidc-world.ts';

describeAtDoors('forward-auth', (open) => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
    await world.addApp('wiki', ['wiki.example.com', 'localhost:8443']);
  });
  afterEach(() => world.close());

  const asked = (over: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'wiki.example.com',
    'x-forwarded-uri': '/page?x=1,2',
    ...over,
  });
  const ask = (browser: Browser, headers: Readonly<Record<string, string>>, at = world): Promise<Visit> =>
    browser.go(`${at.baseUrl}/gate/forward-auth`, { headers, follow: false });
  /** Signed in at the gate and at the wiki. */
  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser();
    await login(world, browser);
    expect(await sessionStatus(world, browser)).toBe(200);
    browser.setCookie(world.baseUrl, '__Host-furlough-app', await enterApp(world, browser, 'wiki.example.com'));
    return browser;
  };

  test('L06 a signed-in person passes, with every identity header, empty where there is nothing to say; what the client sent counts nothing', async () => {
    const browser = await signedIn();
    const forged = {
      'remote-user': 'root',
      remote_user: 'root',
      'x-forwarded-groups': 'admins',
      'x-forwarded-user': 'root',
    };
    const passed = await ask(browser, asked(forged));
    expect(passed.status).toBe(200);
    expect(passed.headers.get('cache-control')).toBe('no-store');
    for (const name of identityHeaders) expect(passed.headers.has(name)).toBe(true);
    expect(passed.headers.get('remote-user')).toBe(userName);
    expect(passed.headers.get('x-forwarded-user')).toBe(userName);
    expect(passed.headers.get('remote-email')).toBe(userName);
    expect(passed.headers.get('remote-groups')).toBe('');
    expect(passed.headers.get('x-forwarded-groups')).toBe('');
    expect(passed.headers.get('x-furlough-organization')).toBe(organization);
    expect(JSON.stringify([...passed.headers])).not.toContain('root');
  });

  test.each(['GET', 'HEAD', 'OPTIONS'])(
    'L06 nobody in a browser is sent to sign in, with the way back (%s: 302)',
    async (method) => {
      const sent = await ask(new Browser(), asked({ 'x-forwarded-method': method }));
      expect(sent.status).toBe(302);
      const target = encodeURIComponent('/page?x=1,2');
      expect(sent.headers.get('location')).toBe(`https://wiki.example.com/.furlough/sign-in?return_to=${target}`);
      expect(sent.headers.get('cache-control')).toBe('no-store');
    },
  );

  test('L06 nobody who posts is sent with 303; a program gets 401 and a challenge, no redirect', async () => {
    expect((await ask(new Browser(), asked({ 'x-forwarded-method': 'POST' }))).status).toBe(303);
    for (const program of [
      { accept: 'application/json' },
      { 'x-requested-with': 'XMLHttpRequest' },
      { 'sec-fetch-dest': 'empty' },
    ]) {
      const refused = await ask(new Browser(), asked(program as never));
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('FurloughSession');
      expect(refused.headers.get('location')).toBeNull();
    }
  });

  test('L06 a held person gets 403, as a page or as a reason; after the return 401', async () => {
    const browser = await signedIn();
    expect((await ask(browser, asked())).status).toBe(200);
    await world.deactivate(world.user);
    const page = await ask(browser, asked({ 'accept-language': 'ja' }));
    expect(page.status).toBe(403);
    expect(page.body).toContain('このユーザーは停止中');
    const told = await ask(browser, asked({ accept: 'application/json' }));
    expect([told.status, (JSON.parse(told.body) as { reason: string }).reason]).toEqual([403, 'accountInactive']);
    for (const name of identityHeaders) expect(told.headers.has(name)).toBe(false);
    await world.reactivate(world.user);
    expect((await ask(browser, asked({ accept: 'application/json' }))).status).toBe(401);
  });

  test('L06 a host that is no app is refused, whoever asks; another organisation is asked to sign in there', async () => {
    const browser = await signedIn();
    for (const host of ['evil.example', 'wiki.example.com.evil.example', 'wiki.example.com:444', 'localhost:1']) {
      const refused = await ask(browser, asked({ 'x-forwarded-host': host }));
      expect([refused.status, refused.headers.get('location')]).toEqual([403, null]);
    }
    expect((await ask(browser, asked({ 'x-forwarded-host': 'WIKI.example.com:443' }))).status).toBe(200);
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    await world.addApp('crm', ['crm.example.com', 'localhost:8444'], { organizationId: beta });
    const elsewhere = await ask(browser, asked({ 'x-forwarded-host': 'crm.example.com' }));
    expect(elsewhere.status).toBe(302);
    expect(elsewhere.headers.get('location')).toContain('https://crm.example.com/.furlough/sign-in?');
    // The gate's own cookie reaches this one, and is another organisation's.
    const near = await ask(browser, asked({ 'x-forwarded-host': 'localhost:8444', 'x-forwarded-proto': 'http' }));
    expect(near.headers.get('location')).toContain('/sso/beta/login?');
  });

  test.each([
    ['no host', { 'x-forwarded-host': '' }],
    ['two hosts', { 'x-forwarded-host': 'wiki.example.com, evil.example' }],
    ['an account in the host', { 'x-forwarded-host': 'wiki.example.com@evil.example' }],
    ['a path in the host', { 'x-forwarded-host': 'wiki.example.com/x' }],
    ['no path', { 'x-forwarded-uri': '' }],
    ['a URI that is another host', { 'x-forwarded-uri': '@evil.example/' }],
    ['a space in the URI', { 'x-forwarded-uri': '/a b' }],
    ['a foreign scheme', { 'x-forwarded-proto': 'javascript' }],
    ['a broken method', { 'x-forwarded-method': 'GET POST' }],
  ])('L06 %s: 400', async (_what, change) => {
    const browser = await signedIn();
    expect((await ask(browser, asked())).status).toBe(200);
    expect((await ask(browser, asked(change))).status).toBe(400);
  });

  test('L06 what an untrusted peer forwards is not believed: no admission, no redirect to its host', async () => {
    const untrusting = await openOidcWorld(await open(), { config: { trustedProxies: [] } });
    try {
      const browser = new Browser();
      await login(untrusting, browser);
      expect((await ask(browser, {}, untrusting)).status).toBe(200);
      for (const headers of [asked(), { 'x-forwarded-host': 'evil.example' }, { 'x-forwarded-uri': '/admin' }]) {
        for (const visitor of [browser, new Browser()]) {
          const refused = await ask(visitor, headers, untrusting);
          expect([refused.status, refused.headers.get('location')]).toEqual([400, null]);
        }
      }
    } finally {
      await untrusting.close();
    }
  });

  test('the way back after signing in: an app on our host name at once, one elsewhere by a link, a stranger never', async () => {
    const back = (target: string) => `?return_to=${encodeURIComponent(target)}`;
    const visit = (target: string) =>
      new Browser().go(`${world.baseUrl}/sso/acme/login${back(target)}`, {
        stopBefore: (next) => !next.href.startsWith(world.baseUrl) && !next.href.startsWith(world.provider.issuer),
      });
    const near = await visit('http://localhost:8443/page');
    expect([near.status, near.headers.get('location')]).toEqual([303, 'http://localhost:8443/page']);
    const far = await visit('https://wiki.example.com/page');
    expect(far.status).toBe(200);
    expect(far.body).toContain('href="https://wiki.example.com/page"');
    for (const stranger of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      'https://wiki.example.com@evil.example/',
    ]) {
      const landed = await visit(stranger);
      expect([landed.status, landed.url]).toEqual([200, `${world.baseUrl}/sso/acme/signed-in`]);
      expect(landed.body).not.toContain('evil');
      expect(landed.body).not.toContain('javascript');
    }
  });

  test('L07 names cannot inject a header nor split a list', async () => {
    await world.provisioning.changeUser(
      organization,
      world.user.id,
      ({ profile }) => ({ profile: { ...profile, displayName: 'Doe, John | admin\r\nRemote-Groups: admins 花子' } }),
      by,
    );
    const passed = await ask(await signedIn(), asked());
    expect(passed.headers.get('remote-name')).toBe(
      'Doe%2C John %7C admin%0D%0ARemote-Groups: admins %E8%8A%B1%E5%AD%90',
    );
    expect(passed.headers.get('remote-groups')).toBe('');
  });
});

describe('L07 identity headers', () => {
  const groupsOf = (groups: readonly string[]) => {
    const profile: UserProfile = { userName: 'aoki' };
    return toIdentityHeaders(organization, { id: 'u-1' as never, profile }, groups)['Remote-Groups'];
  };

  test('any text becomes printable ASCII without separators, and decodes to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = toHeaderText(text);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(encoded).not.toMatch(/[,|;"\\]|^ | $/);
        expect(decodeURIComponent(encoded)).toBe(text);
      }),
    );
  });

  test('as many groups come out as went in', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', minLength: 1 }), { minLength: 1 }), (groups) => {
        expect(groupsOf(groups).split(',').map(decodeURIComponent)).toEqual(groups);
      }),
    );
  });
});
