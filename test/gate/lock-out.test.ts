// Sessions and lock-out at the gate: L03 to L05, idle and absolute limits, the organisation's own state, and a store that is away.

import { sessionRecords, type Session } from '#gate/sessions/session.ts';
import { countLiveSessions } from '#gate/sessions/end-sessions.ts';
import { attemptRecords } from '#gate/sign-in/attempt.ts';
import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { isFull } from '../harness/test-scale.ts';
import { by, organization, reread } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { beginSignIn, login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';

describeOnBothStorages('sessions', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  beforeEach(async () => {
    observer = async () => undefined;
    const gateStorage = (storage: Storage) => observeStorage(storage, (moment) => observer(moment));
    world = await openOidcWorld(await open(), { gateStorage });
  });
  afterEach(() => world.close());

  const cookieName = 'furlough-session';
  const ask = async (browser: Browser) => {
    const visit = await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } });
    return { status: visit.status, reason: (JSON.parse(visit.body) as { reason?: string }).reason };
  };
  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser();
    await login(world, browser);
    expect(await sessionStatus(world, browser)).toBe(200);
    return browser;
  };

  test('L03 deactivated at each await point of a sign-in: no usable session, before and after reactivation', async () => {
    await signedIn();
    const moments: string[] = [];
    observer = async (moment) => void moments.push(moment);
    await login(world, new Browser());
    expect(moments).toEqual(
      expect.arrayContaining([
        'before attempt.insert',
        'after attempt.take',
        'after users.accessState',
        'before session.insert',
      ]),
    );

    // From the decision on every point, before it every third unless all are asked for.
    const decided = moments.lastIndexOf('after users.accessState', moments.indexOf('before session.insert'));
    expect(decided).toBeGreaterThan(0);
    for (const at of moments.keys()) {
      if (!isFull && at % 3 !== 0 && at < decided) continue;
      let seen = 0;
      let deactivated = false;
      observer = async () => {
        if (seen++ !== at) return;
        deactivated = true;
        await world.deactivate(world.user);
      };
      const browser = new Browser();
      await login(world, browser);
      observer = async () => undefined;
      expect(deactivated).toBe(true);
      const told = await ask(browser);
      if (browser.cookie(world.baseUrl, cookieName) === undefined)
        expect(told).toEqual({ status: 401, reason: 'notSignedIn' });
      else expect(told).toEqual({ status: 403, reason: 'accountInactive' });
      expect(await countLiveSessions(world.context, organization, world.user.id)).toBe(0);
      await world.reactivate(world.user);
      expect(await ask(browser)).toEqual({ status: 401, reason: 'notSignedIn' });
    }
    await signedIn();
  }, 240_000);

  test('L04 after reactivation the old cookie stays dead; while held it tells the present reason', async () => {
    const browser = await signedIn();
    await world.deactivate(world.user);
    expect(await ask(browser)).toEqual({ status: 403, reason: 'accountInactive' });
    await world.reactivate(world.user);
    expect(await ask(browser)).toEqual({ status: 401, reason: 'notSignedIn' });
    const { epoch } = await reread(world, world.user);
    expect(await world.gate.endSessionsOfUser(organization, world.user.id, epoch, 'user.deactivated')).toBe(1);
    expect(await ask(browser)).toEqual({ status: 401, reason: 'notSignedIn' });
    const again = await signedIn();
    expect(await world.gate.endSessionsOfUser(organization, world.user.id, epoch, 'user.deactivated')).toBe(0);
    expect(await ask(again)).toMatchObject({ status: 200 });
    await world.deactivate(world.user);
    expect(await ask(browser)).toEqual({ status: 403, reason: 'accountInactive' });
  });

  test('L04 a deleted person and a suspended organisation: 403 with their own reasons', async () => {
    const browser = await signedIn();
    await world.provisioning.changeOrganization(organization, { state: 'suspended' }, by);
    expect(await ask(browser)).toEqual({ status: 403, reason: 'organizationSuspended' });
    await world.provisioning.changeOrganization(organization, { state: 'active' }, by);
    expect(await ask(browser)).toMatchObject({ status: 200 });
    await world.provisioning.removeUser(organization, world.user.id, by);
    expect(await ask(browser)).toEqual({ status: 403, reason: 'noSuchUser' });
  });

  test('L05 a cookie set before signing in is worthless after; signing in again makes the earlier session useless', async () => {
    const browser = new Browser();
    const planted = 'A'.repeat(43);
    browser.setCookie(world.baseUrl, cookieName, planted);
    await login(world, browser);
    const first = browser.cookie(world.baseUrl, cookieName) ?? '';
    expect(first).not.toBe(planted);
    expect(await ask(browser)).toMatchObject({ status: 200 });
    await login(world, browser);
    expect(browser.cookie(world.baseUrl, cookieName)).not.toBe(first);
    expect(await ask(browser)).toMatchObject({ status: 200 });
    const thief = new Browser();
    for (const token of [planted, first]) {
      thief.setCookie(world.baseUrl, cookieName, token);
      expect(await ask(thief)).toMatchObject({ status: 401 });
    }
  });

  test('L05 nothing in a stolen dump is a usable cookie', async () => {
    const browser = await signedIn();
    await beginSignIn(world, browser);
    const [sessions, attempts] = await Promise.all([
      world.storage.records(sessionRecords).list(organization, { limit: 10 }, world.clock.now),
      world.storage.records(attemptRecords).list(organization, { limit: 10 }, world.clock.now),
    ]);
    expect(sessions).toHaveLength(1);
    expect(attempts).toHaveLength(1);
    const dump = JSON.stringify([sessions, attempts]);
    expect(dump).not.toContain(browser.cookie(world.baseUrl, cookieName));
    expect(dump).not.toContain(browser.cookie(world.baseUrl, 'furlough-attempt'));
    const thief = new Browser();
    for (const text of dump.match(/[A-Za-z0-9_-]{20,}/g) ?? []) {
      thief.setCookie(world.baseUrl, cookieName, text);
      expect(await ask(thief)).toMatchObject({ status: 401 });
    }
    expect(await ask(browser)).toMatchObject({ status: 200 });
  });

  test('idle and absolute limits end a session; use within the idle limit keeps it, written at most once a minute', async () => {
    const browser = await signedIn();
    const lastSeen = async (): Promise<number | undefined> => {
      const [record] = await world.storage.records(sessionRecords).list(organization, { limit: 1 }, world.clock.now);
      return (record?.value as Session | undefined)?.lastSeenAt;
    };
    const start = world.clock.now;
    world.clock.now = start + 59_000;
    await ask(browser);
    expect(await lastSeen()).toBe(start);
    world.clock.now = start + 60_000;
    await ask(browser);
    await eventually(async () => (await lastSeen()) === start + 60_000);
    const { sessionIdleMs, sessionAbsoluteMs } = world.context.config;
    for (let at = start + sessionIdleMs; at < start + sessionAbsoluteMs; at += sessionIdleMs - 60_001) {
      world.clock.now = at;
      expect(await ask(browser)).toMatchObject({ status: 200 });
      // Noting the use is not waited for by the answer.
      await eventually(async () => (await lastSeen()) === at);
    }
    world.clock.now = start + sessionAbsoluteMs;
    expect(await ask(browser)).toMatchObject({ status: 401 });
    const idle = await signedIn();
    world.clock.now += sessionIdleMs;
    expect(await ask(idle)).toMatchObject({ status: 401 });
  });

  test('signing out ends the session; a form on another site does not, a link from there asks first', async () => {
    const browser = await signedIn();
    const out = `${world.baseUrl}/sso/logout`;
    const token = browser.cookie(world.baseUrl, cookieName) ?? '';
    const foreign = await browser.go(out, { method: 'POST', headers: { origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
    const linked = await browser.go(out, { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' } });
    expect(linked.body).toContain('<form method="post"');
    expect(await ask(browser)).toMatchObject({ status: 200 });
    expect((await browser.go(out, { method: 'POST', headers: { origin: world.baseUrl } })).status).toBe(200);
    expect(browser.cookie(world.baseUrl, cookieName)).toBeUndefined();
    browser.setCookie(world.baseUrl, cookieName, token);
    expect(await ask(browser)).toMatchObject({ status: 401 });
    const other = await signedIn();
    const plain = await other.go(out, { headers: { accept: '*/*' } });
    expect(plain.status).toBe(204);
    expect(await ask(other)).toMatchObject({ status: 401 });
  });

  test('while the store is away every door says so: 503, never "nobody" and never "come in"; then it recovers', async () => {
    const browser = await signedIn();
    const back = await beginSignIn(world, browser);
    observer = async () => {
      throw new StorageError('unavailable', 'away');
    };
    expect((await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } })).status).toBe(
      503,
    );
    const page = await browser.go(`${world.baseUrl}/sso/acme/login`, { headers: { 'accept-language': 'ja,en;q=0.5' } });
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('2');
    expect(page.body).toContain('しばらくしてから');
    expect((await browser.go(back.href)).status).toBe(503);
    expect((await browser.go(`${world.baseUrl}/gate/forward-auth`, { headers: forwarded() })).status).toBe(503);
    observer = async () => undefined;
    expect(await sessionStatus(world, browser)).toBe(200);
    await browser.go(back.href);
    expect(await sessionStatus(world, browser)).toBe(200);
  });

  test('one address may begin so many sign-ins a minute; sessions of others behind it go on', async () => {
    const limited = await openOidcWorld(await open(), { config: { signInsPerMinute: 2 } });
    try {
      const browser = new Browser();
      await login(limited, browser);
      await login(limited, new Browser());
      const refused = await login(limited, new Browser());
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await sessionStatus(limited, browser)).toBe(200);
    } finally {
      await limited.close();
    }
  });

  const forwarded = () => ({
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': new URL(world.baseUrl).host,
    'x-forwarded-uri': '/',
  });
});
