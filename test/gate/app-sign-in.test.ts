// Apps on hosts of their own: the one-time code, who may use it, and what the app's cookie is worth (L05, T01, T03).

import type { OrganizationId } from '#directory/identifiers.ts';
import { appSignInCodeRecords } from '#gate/forward-auth/app-sign-in-code.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { atApp, beginAppVisit, enterApp, passGate, setCookieOf } from './app-visits.ts';
import { addOrganization, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';

const host = 'wiki.example.com';

describeAtDoors('signing in at an app', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let browser: Browser;
  beforeEach(async () => {
    observer = async () => undefined;
    world = await openOidcWorld(await open(), {
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    await world.addApp('wiki', [host, 'docs.example.com']);
    await world.addApp('crm', ['crm.example.com']);
    browser = new Browser();
    await login(world, browser);
  });
  afterEach(() => world.close());

  /** What the wiki's proxy is told of this cookie. */
  const ask = (cookie: string, at = host): Promise<Visit> =>
    new Browser().go(`${world.baseUrl}/gate/forward-auth`, {
      follow: false,
      headers: {
        accept: 'application/json',
        cookie: `__Host-furlough-app=${cookie}`,
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': at,
        'x-forwarded-uri': '/page',
      },
    });

  test('the browser is marked, signs in at the gate, and comes back to its page with a cookie of the app’s host alone', async () => {
    const begun = await atApp(world, host, `sign-in?return_to=${encodeURIComponent('/page?x=1')}`);
    const mark = begun.headers.getSetCookie()[0];
    expect(begun.status).toBe(302);
    expect(mark).toMatch(/^__Host-furlough-app-state=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=600$/);
    const stranger = new Browser();
    const state = `__Host-furlough-app-state=${setCookieOf(begun, '__Host-furlough-app-state')}`;
    const back = await passGate(stranger, { gate: begun.headers.get('location') ?? '', state });
    expect(back.origin).toBe(`https://${host}`);
    const landed = await atApp(world, host, `callback${back.search}`, { cookie: state });
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `https://${host}/page?x=1`]);
    const [cookie] = landed.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-furlough-app=[\w-]{43}\.[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(setCookieOf(landed, '__Host-furlough-app-state')).toBe('');
    expect((await ask(setCookieOf(landed, '__Host-furlough-app') ?? '')).status).toBe(200);
  });

  test('a code is used once, of ten at the same moment by one', async () => {
    const begun = await beginAppVisit(world, host);
    const back = await passGate(browser, begun);
    const tries = await Promise.all(
      Array.from({ length: 10 }, () => atApp(world, host, `callback${back.search}`, { cookie: begun.state })),
    );
    expect(tries.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      303,
      ...Array.from({ length: 9 }, () => 403),
    ]);
    const again = await atApp(world, host, `callback${back.search}`, { cookie: begun.state });
    expect([again.status, again.headers.getSetCookie()]).toEqual([403, []]);
  });

  test('L05 nobody can plant a session: a code of another browser, without a mark or with a foreign one, is refused and stays good for its own', async () => {
    const begun = await beginAppVisit(world, host);
    const back = await passGate(browser, begun);
    const victim = await beginAppVisit(world, host);
    for (const cookie of [
      undefined,
      victim.state,
      '__Host-furlough-app-state=',
      `__Host-furlough-app-state=${'A'.repeat(43)}`,
    ]) {
      const planted = await atApp(world, host, `callback${back.search}`, cookie === undefined ? {} : { cookie });
      expect([planted.status, planted.headers.getSetCookie()]).toEqual([403, []]);
    }
    expect((await atApp(world, host, `callback${back.search}`, { cookie: begun.state })).status).toBe(303);
  });

  test('T01 a code is worth nothing at another host of the app, another app, another organisation', async () => {
    await addOrganization(world.provisioning, 'beta' as OrganizationId);
    await world.addApp('wiki', ['wiki.beta.example'], { organizationId: 'beta' as OrganizationId });
    const begun = await beginAppVisit(world, host);
    const back = await passGate(browser, begun);
    for (const other of ['docs.example.com', 'crm.example.com', 'wiki.beta.example']) {
      const elsewhere = await atApp(world, other, `callback${back.search}`, { cookie: begun.state });
      expect([other, elsewhere.status, elsewhere.headers.getSetCookie()]).toEqual([other, 403, []]);
    }
    expect((await atApp(world, host, `callback${back.search}`, { cookie: begun.state })).status).toBe(303);
  });

  test('a code ends after a minute', async () => {
    const [early, late] = [await beginAppVisit(world, host), await beginAppVisit(world, host)];
    const [first, second] = [await passGate(browser, early), await passGate(browser, late)];
    world.clock.now += 59_000;
    expect((await atApp(world, host, `callback${first.search}`, { cookie: early.state })).status).toBe(303);
    world.clock.now += 1_000;
    expect((await atApp(world, host, `callback${second.search}`, { cookie: late.state })).status).toBe(403);
  });

  test('T03 two organisations with an app of the same id: neither’s cookie opens the other’s', async () => {
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    await world.addApp('wiki', ['wiki.beta.example'], { organizationId: beta });
    const cookie = await enterApp(world, browser, host);
    expect((await ask(cookie)).status).toBe(200);
    for (const other of ['docs.example.com', 'crm.example.com', 'wiki.beta.example'])
      expect((await ask(cookie, other)).status).toBe(401);
    // Somebody of acme is sent to sign in at beta, not let in there.
    const begun = await beginAppVisit(world, 'wiki.beta.example');
    const sent = await browser.go(begun.gate, { follow: false });
    expect([sent.status, sent.headers.get('location')]).toEqual([302, expect.stringContaining('/sso/beta/login?')]);
  });

  test.each([
    ['another session', (cookie: string) => `${'A'.repeat(43)}.${cookie.slice(44)}`],
    ['another word for it', (cookie: string) => `${cookie.slice(0, 44)}${'A'.repeat(43)}`],
    ['no word for it', (cookie: string) => cookie.slice(0, 43)],
    ['one character less', (cookie: string) => cookie.slice(0, -1)],
    ['a second word', (cookie: string) => `${cookie}.${'A'.repeat(43)}`],
  ])('L05 a cookie with %s opens nothing', async (_what, forge) => {
    const cookie = await enterApp(world, browser, host);
    expect((await ask(cookie)).status).toBe(200);
    expect((await ask(forge(cookie))).status).toBe(401);
  });

  test('L05 what is stored makes no cookie and no code: the gate’s own cookie and a record’s id are refused at the app', async () => {
    const cookie = await enterApp(world, browser, host);
    const begun = await beginAppVisit(world, host);
    const code = (await passGate(browser, begun)).searchParams.get('code') ?? '';
    const stored = await world.storage.records(appSignInCodeRecords).list(organization, { limit: 10 }, world.clock.now);
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored)).not.toContain(code);
    expect(JSON.stringify(stored)).not.toContain(begun.state.split('=')[1]);
    expect((await ask(browser.cookie(world.baseUrl, 'furlough-session') ?? '')).status).toBe(401);
    expect((await ask(cookie.slice(0, 43))).status).toBe(401);
    const gate = { headers: { cookie: `furlough-session=${cookie}`, accept: 'application/json' } };
    expect((await new Browser().go(`${world.baseUrl}/sso/session`, gate)).status).toBe(401);
  });

  test('L05 signing in again gives a new cookie, and the one before is useless', async () => {
    const before = await enterApp(world, browser, host);
    await login(world, browser);
    const after = await enterApp(world, browser, host);
    expect(after).not.toBe(before);
    expect([(await ask(before)).status, (await ask(after)).status]).toEqual([401, 200]);
  });

  test('the app’s cookie dies with the session: signed out there or here, idle, too old, epoch', async () => {
    const cookie = await enterApp(world, browser, host);
    const out = await atApp(world, host, 'sign-out', { method: 'POST', cookie: `__Host-furlough-app=${cookie}` });
    expect([out.status, setCookieOf(out, '__Host-furlough-app')]).toEqual([200, '']);
    expect([(await ask(cookie)).status, await sessionStatus(world, browser)]).toEqual([401, 401]);

    await login(world, browser);
    const second = await enterApp(world, browser, host);
    await browser.go(`${world.baseUrl}/sso/logout`, { method: 'POST', headers: { origin: world.baseUrl } });
    expect((await ask(second)).status).toBe(401);

    await login(world, browser);
    const third = await enterApp(world, browser, host);
    world.clock.now += 12 * 3_600_000 - 1_000;
    expect((await ask(third)).status).toBe(200);
    world.clock.now += 12 * 3_600_000;
    expect((await ask(third)).status).toBe(401);

    await login(world, browser);
    const fourth = await enterApp(world, browser, host);
    await world.deactivate(world.user);
    expect((await ask(fourth)).status).toBe(403);
    await world.reactivate(world.user);
    expect((await ask(fourth)).status).toBe(401);
  });

  test('a link from another site signs nobody out; the app’s own form does', async () => {
    const cookie = `__Host-furlough-app=${await enterApp(world, browser, host)}`;
    const site = { 'sec-fetch-site': 'cross-site' };
    const asked = await atApp(world, host, 'sign-out', { cookie, headers: site });
    expect([asked.status, asked.body]).toEqual([200, expect.stringContaining(`https://${host}/.furlough/sign-out`)]);
    expect((await atApp(world, host, 'sign-out', { cookie, headers: site, method: 'POST' })).status).toBe(403);
    expect((await atApp(world, host, 'sign-out', { cookie, headers: { ...site, accept: 'image/*' } })).status).toBe(
      200,
    );
    expect((await ask(cookie.split('=')[1] ?? '')).status).toBe(200);
    const own = { headers: { origin: `https://${host}` }, method: 'POST' };
    expect((await atApp(world, host, 'sign-out', { cookie, ...own })).status).toBe(200);
    expect((await ask(cookie.split('=')[1] ?? '')).status).toBe(401);
  });

  test('whoever is switched off between gate and app gets no cookie', async () => {
    const begun = await beginAppVisit(world, host);
    const back = await passGate(browser, begun);
    await world.deactivate(world.user);
    const refused = await atApp(world, host, `callback${back.search}`, { cookie: begun.state });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
    const again = await beginAppVisit(world, host);
    const held = await browser.go(again.gate, { follow: false });
    expect([held.status, held.headers.get('location')]).toEqual([403, null]);
  });

  test.each([
    ['an app that is none', 'app=https://evil.example'],
    ['no app', 'app='],
    ['http beyond this machine', `app=http://${host}`],
    ['an account before the host', `app=https://a@${host}`],
    ['a path behind it', `app=https://${host}/x`],
  ])('the gate sends nobody to %s', async (_what, query) => {
    const state = '0'.repeat(64);
    const good = await browser.go(`${world.baseUrl}/gate/sign-in?app=https://${host}&state=${state}`, {
      follow: false,
    });
    expect(good.status).toBe(303);
    const bad = await browser.go(`${world.baseUrl}/gate/sign-in?${query}&state=${state}`, { follow: false });
    expect([[400, 403].includes(bad.status), bad.headers.get('location')]).toEqual([true, null]);
    const unmarked = await browser.go(`${world.baseUrl}/gate/sign-in?app=https://${host}&state=x`, { follow: false });
    expect(unmarked.status).toBe(400);
  });

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/a\r\nSet-Cookie: a=b',
    'javascript:alert(1)',
  ])('the way back stays at the app: %j', async (target) => {
    const begun = await beginAppVisit(world, host, target);
    const back = await passGate(browser, begun);
    const landed = await atApp(world, host, `callback${back.search}`, { cookie: begun.state });
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `https://${host}/`]);
  });

  test('D01 a store that does not answer: 503 on every step, no cookie', async () => {
    const begun = await beginAppVisit(world, host);
    const back = await passGate(browser, begun);
    const cookie = `__Host-furlough-app=${await enterApp(world, browser, host)}`;
    observer = async () => {
      throw new StorageError('unavailable', 'planted outage');
    };
    const away = [
      await atApp(world, host, 'sign-in'),
      await browser.go(begun.gate, { follow: false }),
      await atApp(world, host, `callback${back.search}`, { cookie: begun.state }),
      await atApp(world, host, 'sign-out', { method: 'POST', cookie }),
    ];
    for (const visit of away)
      expect([visit.status, visit.headers.getSetCookie(), visit.headers.get('location')]).toEqual([503, [], null]);
    observer = async () => undefined;
    expect((await atApp(world, host, `callback${back.search}`, { cookie: begun.state })).status).toBe(303);
  });
});
