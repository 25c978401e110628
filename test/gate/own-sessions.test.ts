// People's sessions across nodes: limits (L09), their own page, logging out everywhere, and what a post needs to end anything (L08).

import type { Organization } from '#directory/organization.ts';
import { sessionRecords } from '#gate/sessions/session.ts';
import { countLiveSessions } from '#gate/sessions/end-sessions.ts';
import { toSessionOrigin } from '#gate/sessions/session-origin.ts';
import type { Storage } from '#storage/storage.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { isFull } from '../harness/test-scale.ts';
import { enterApp } from './app-visits.ts';
import { by, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';

const json = { accept: 'application/json' };
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

interface Shown {
  readonly formToken: string;
  readonly sessions: readonly { readonly id: string; readonly current: boolean; readonly browser?: string }[];
}

describeAtDoors('own sessions', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  /** Where the first and the second node listen. */
  let nodes: readonly [string, string];
  const openWorld = async (config: Parameters<typeof openOidcWorld>[1] = {}) => {
    observer = async () => undefined;
    const gateStorage = (storage: Storage) => observeStorage(storage, (moment) => observer(moment));
    world = await openOidcWorld(await open(), { gateStorage, ...config });
    nodes = [world.baseUrl, await world.openNode()];
  };
  afterEach(() => world.close());

  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser();
    await login(world, browser);
    expect(await sessionStatus(world, browser)).toBe(200);
    return browser;
  };
  /** What each node says about this browser. */
  const everywhere = (browser: Browser) =>
    Promise.all(nodes.map(async (at) => (await browser.go(`${at}/sso/session`, { headers: json })).status));
  const show = async (browser: Browser, at = world.baseUrl): Promise<Shown> =>
    JSON.parse((await browser.go(`${at}/sso/sessions`, { headers: json })).body) as Shown;
  const post = (
    browser: Browser,
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
    at = world.baseUrl,
  ): Promise<Visit> =>
    browser.go(`${at}/sso/sessions/${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { ...json, origin: world.baseUrl, ...headers },
    });

  test('L09 idle and absolute limits hold on every node', async () => {
    await openWorld();
    const { sessionIdleMs, sessionAbsoluteMs } = world.context.config;
    const [used, idle] = [await signedIn(), await signedIn()];
    const start = world.clock.now;
    world.clock.now = start + sessionIdleMs - 1;
    expect(await everywhere(used)).toEqual([200, 200]);
    world.clock.now = start + sessionIdleMs;
    expect(await everywhere(idle)).toEqual([401, 401]);
    const fresh = await signedIn();
    const { id } = (await show(fresh)).sessions.find(({ current }) => current) ?? { id: '' };
    const [record] = (
      await world.storage.records(sessionRecords).list(organization, { limit: 50 }, world.clock.now)
    ).filter((each) => each.id.startsWith(id));
    if (record === undefined) throw new Error('no record');
    // Used a moment before its absolute end.
    const end = record.value.notOnOrAfter;
    expect(end).toBe(world.clock.now + sessionAbsoluteMs);
    await world.storage.records(sessionRecords).replace({ ...record, value: { ...record.value, lastSeenAt: end - 1 } });
    world.clock.now = end - 1;
    expect(await everywhere(fresh)).toEqual([200, 200]);
    world.clock.now = end;
    expect(await everywhere(fresh)).toEqual([401, 401]);
  });

  test('L09 one session more than allowed ends the oldest, on every node', async () => {
    await openWorld({ config: { sessionsPerPerson: 2 } });
    const [first, second] = [await signedIn(), await signedIn()];
    expect(await everywhere(first)).toEqual([200, 200]);
    const third = await signedIn();
    expect(await everywhere(first)).toEqual([401, 401]);
    for (const browser of [second, third]) expect(await everywhere(browser)).toEqual([200, 200]);
    // A clock that goes backwards does not make the newest the oldest.
    world.clock.now -= 60_000;
    const fourth = await signedIn();
    expect(await everywhere(second)).toEqual([401, 401]);
    for (const browser of [third, fourth]) expect(await everywhere(browser)).toEqual([200, 200]);
  });

  test('L09 of many sign-ins at once no more than allowed stay, and as many do', async () => {
    await openWorld({ config: { sessionsPerPerson: 3 } });
    const browsers = Array.from({ length: 9 }, () => new Browser());
    await Promise.all(browsers.map((browser) => login(world, browser)));
    const statuses = await Promise.all(browsers.map((browser) => sessionStatus(world, browser)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(await countLiveSessions(world.context, organization, world.user.id)).toBe(3);
  });

  test('L09 logging out everywhere ends every session on every node at once; who signs in afterwards is in', async () => {
    await openWorld();
    const [here, there] = [await signedIn(), await signedIn()];
    const other = await world.addPerson({ userName: 'baba@example.com' }, { connection: 'corp' });
    world.provider.person = { sub: 'subject-2', claims: { preferred_username: 'baba@example.com' } };
    const stranger = await signedIn();
    world.provider.person = { sub: 'subject-1', claims: { preferred_username: 'aoki@example.com' } };
    const { formToken } = await show(here);
    expect((await post(here, 'end-all', { formToken }, {}, nodes[1])).status).toBe(204);
    expect(here.cookie(world.baseUrl, 'furlough-session')).toBeUndefined();
    expect(await everywhere(there)).toEqual([401, 401]);
    expect(await everywhere(stranger)).toEqual([200, 200]);
    expect(await countLiveSessions(world.context, organization, other.id)).toBe(1);
    expect(await everywhere(await signedIn())).toEqual([200, 200]);
    const claimed = await world.storage.effects.claimOfUser(organization, world.user.id, 1_000);
    const entry = claimed?.effects.find(({ body }) => body.kind === 'audit' && body.event.actor.startsWith('person:'));
    expect(entry?.body).toMatchObject({
      event: { action: 'user.sessionsEnded', actor: `person:${world.user.id}`, mouth: 'ownSessions' },
    });
  });

  test('L03 logged out everywhere at each await point of a sign-in: no session that was decided before it stays', async () => {
    await openWorld();
    await signedIn();
    const moments: string[] = [];
    observer = async (moment) => void moments.push(moment);
    await login(world, new Browser());
    const decided = moments.lastIndexOf('after users.accessState', moments.indexOf('before session.insert'));
    expect(decided).toBeGreaterThan(0);
    const outcomes = new Map<number, number>();
    for (const at of moments.keys()) {
      if (!isFull && at % 3 !== 0 && at < decided) continue;
      let seen = 0;
      observer = async () => {
        if (seen++ === at) await world.provisioning.endSessions(organization, world.user.id, by);
      };
      const browser = new Browser();
      await login(world, browser);
      observer = async () => undefined;
      expect(seen).toBeGreaterThan(at);
      outcomes.set(at, await sessionStatus(world, browser));
    }
    // Decided before: dead. Not yet decided: a sign-in that came after it.
    for (const [at, status] of outcomes) if (at >= decided) expect([at, status]).toEqual([at, 401]);
    expect(outcomes.get(0)).toBe(200);
    expect(outcomes.has(decided)).toBe(true);
  }, 240_000);

  test('people see their own sessions and end one; nobody else’s', async () => {
    await openWorld();
    const [here, there] = [new Browser(), await signedIn()];
    await here.go(`${world.baseUrl}/sso/acme/login`, { headers: { 'user-agent': firefox } });
    await world.addPerson({ userName: 'baba@example.com' }, { connection: 'corp' });
    world.provider.person = { sub: 'subject-2', claims: { preferred_username: 'baba@example.com' } };
    const stranger = await signedIn();
    const shown = await show(here);
    expect(shown.sessions).toHaveLength(2);
    expect(shown.sessions.filter(({ current }) => current)).toMatchObject([{ browser: 'Firefox, Linux' }]);
    expect(JSON.stringify(shown)).not.toContain(here.cookie(world.baseUrl, 'furlough-session'));
    const { formToken } = shown;
    const [foreign] = (await show(stranger)).sessions;
    expect((await post(here, 'end', { formToken, session: foreign?.id ?? '' })).status).toBe(404);
    expect((await post(here, 'end', { formToken, session: '0'.repeat(32) })).status).toBe(404);
    expect(await everywhere(stranger)).toEqual([200, 200]);

    const session = shown.sessions.find(({ current }) => !current)?.id ?? '';
    expect((await post(here, 'end', { formToken, session })).status).toBe(204);
    expect(await everywhere(there)).toEqual([401, 401]);
    expect(await everywhere(here)).toEqual([200, 200]);
    expect((await show(here)).sessions).toHaveLength(1);
    const own = shown.sessions.find(({ current }) => current)?.id ?? '';
    expect((await post(here, 'end', { formToken, session: own })).status).toBe(204);
    expect(here.cookie(world.baseUrl, 'furlough-session')).toBeUndefined();
  });

  test('the page of one’s sessions works without script, in the reader’s language', async () => {
    await openWorld();
    const [here, there] = [await signedIn(), await signedIn()];
    const page = await here.go(`${world.baseUrl}/sso/sessions`, { headers: { 'accept-language': 'ja' } });
    expect(page.status).toBe(200);
    expect(page.body).toContain('このブラウザー');
    const forms = [...page.body.matchAll(/<form method="post" action="([^"]+)">(.*?)<button/g)].map(
      ([, action = '', fields = '']) => ({
        action,
        fields: Object.fromEntries(
          [...fields.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
        ),
      }),
    );
    expect(forms.map(({ action }) => new URL(action).pathname)).toEqual([
      '/sso/sessions/end',
      '/sso/sessions/end',
      '/sso/sessions/end-all',
    ]);
    const all = forms.at(-1);
    const out = await here.go(all?.action ?? '', {
      method: 'POST',
      body: new URLSearchParams(all?.fields),
      headers: { origin: 'null', 'sec-fetch-site': 'same-origin', 'accept-language': 'ja' },
    });
    expect(out.body).toContain('ログアウトしました');
    expect(await everywhere(there)).toEqual([401, 401]);
    const nobody = await here.go(`${world.baseUrl}/sso/sessions`);
    expect(nobody.status).toBe(401);
  });

  test('L08 nothing ends by a post from another site, of another type, without the form’s token, or by a link', async () => {
    await openWorld();
    const [here, there] = [await signedIn(), await signedIn()];
    const { formToken, sessions } = await show(here);
    const { formToken: othersToken } = await show(there);
    const session = sessions.find(({ current }) => !current)?.id ?? '';
    for (const path of ['end', 'end-all']) {
      const fields = { formToken, session };
      const statuses = [
        await post(here, path, fields, { origin: 'https://evil.example' }),
        await post(here, path, fields, { 'sec-fetch-site': 'cross-site' }),
        await post(here, path, fields, { 'sec-fetch-site': 'same-site' }),
        await post(here, path, { session }),
        await post(here, path, { session, formToken: othersToken }),
        await post(here, path, { session, formToken: here.cookie(world.baseUrl, 'furlough-session') ?? '' }),
        await post(here, path, fields, { 'content-type': 'text/plain' }),
        await post(here, path, fields, { 'content-type': 'multipart/form-data; boundary=x' }),
        await here.go(`${world.baseUrl}/sso/sessions/${path}?formToken=${formToken}&session=${session}`, {
          headers: json,
        }),
      ].map(({ status }) => status);
      expect(statuses).toEqual([403, 403, 403, 403, 403, 403, 415, 415, 405]);
      const doubled = await here.go(`${world.baseUrl}/sso/sessions/${path}`, {
        method: 'POST',
        body: `formToken=${formToken}&formToken=${formToken}&session=${session}`,
        headers: { ...json, origin: world.baseUrl, 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect(doubled.status).toBe(403);
      const nobody = await post(new Browser(), path, fields);
      expect(nobody.status).toBe(401);
    }
    for (const browser of [here, there]) expect(await everywhere(browser)).toEqual([200, 200]);
    expect((await post(here, 'end', { formToken, session })).status).toBe(204);
    expect(await everywhere(there)).toEqual([401, 401]);
  });

  test('a refused person sees a reference and whom to ask; the record keeps what was found then', async () => {
    await openWorld();
    const browser = await signedIn();
    const contact: Organization['contact'] = { text: 'IT <help> desk, 1234', email: 'help@acme.example' };
    await world.provisioning.changeOrganization(organization, { contact }, by);
    const before = (await world.signIns()).length;
    await world.deactivate(world.user);
    const page = await browser.go(`${nodes[1]}/sso/sessions`, { headers: { 'accept-language': 'ja' } });
    expect(page.status).toBe(403);
    expect(page.body).toContain('お問い合わせ先: IT &lt;help&gt; desk, 1234');
    const [record, ...older] = await world.signIns();
    expect(older).toHaveLength(before);
    expect(record).toMatchObject({
      outcome: 'refused',
      reason: 'accountInactive',
      protocol: 'session',
      door: { name: 'session' },
      userId: world.user.id,
      then: { organizationOpen: true, exists: true, holds: [{ kind: 'admin' }] },
    });
    expect(page.body).toContain(record?.reference);
    expect(page.body).toContain(`mailto:help@acme.example?subject=${record?.reference ?? ''}`);
    const refused = await login(world, new Browser());
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('help@acme.example');
    expect((await world.signIns())[0]).toMatchObject({ protocol: 'oidc', then: { holds: [{ kind: 'admin' }] } });
  });

  test('an app that a proxy protects: the refusal names a reference and whom to ask, and the record the app', async () => {
    await openWorld();
    const host = 'wiki.example.com';
    await world.addApp('wiki', [host]);
    await world.provisioning.changeOrganization(organization, { contact: { email: 'help@acme.example' } }, by);
    const browser = await signedIn();
    browser.setCookie(world.baseUrl, '__Host-furlough-app', await enterApp(world, browser, host));
    const ask = (at: string, accept: string) =>
      browser.go(`${at}/gate/forward-auth`, {
        follow: false,
        headers: {
          accept,
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': host,
          'x-forwarded-uri': '/page',
        },
      });
    expect((await ask(nodes[1], 'text/html')).status).toBe(200);
    await world.deactivate(world.user);
    const page = await ask(nodes[0], 'text/html');
    expect(page.status).toBe(403);
    const [record] = await world.signIns();
    expect(record).toMatchObject({ reason: 'accountInactive', door: { name: 'forwardAuth', app: 'wiki' } });
    expect(page.body).toContain(record?.reference);
    expect(page.body).toContain('help@acme.example');
    const told = await ask(nodes[1], 'application/json');
    expect(JSON.parse(told.body)).toMatchObject({ reason: 'accountInactive', reference: record?.reference });
    await world.reactivate(world.user);
    expect((await ask(nodes[0], 'application/json')).status).toBe(401);
  });

  test('asked a hundred times, doors record one refusal an hour, and another when something changed', async () => {
    await openWorld();
    const browser = await signedIn();
    world.clock.now = Math.ceil(world.clock.now / 3_600_000) * 3_600_000;
    const before = (await world.signIns()).length;
    await world.deactivate(world.user);
    const ask = async () => {
      for (let turn = 0; turn < 5; turn += 1) {
        await Promise.all(
          Array.from({ length: 10 }, (_, n) => browser.go(`${nodes[n % 2] ?? ''}/sso/session`, { headers: json })),
        );
      }
      return (await world.signIns()).length - before;
    };
    expect(await ask()).toBe(1);
    expect(await ask()).toBe(1);
    await world.provisioning.deactivateUser(organization, world.user.id, { reason: 'Security' }, by);
    expect(await ask()).toBe(2);
    world.clock.now += 3_600_000;
    expect(await ask()).toBe(3);
  });
});

test.each([
  ['203.0.113.77', firefox, { network: '203.0.113.0/24', browser: 'Firefox, Linux' }],
  [
    '2001:db8:0:1::5',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
    { network: '2001:db8:0:1::/64', browser: 'Safari, iOS' },
  ],
  [
    undefined,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0',
    { browser: 'Edge, Windows' },
  ],
  ['unknown', '<script>', {}],
])('a session opened from %s by %s is told as %j', (address, userAgent, told) => {
  expect(toSessionOrigin(address, userAgent)).toEqual(told);
});
