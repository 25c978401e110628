// How a browser finds its sign-in: by a link, by its e-mail domain, by choosing. Unverified domains lead nowhere, and nobody learns who exists.

import type { OrganizationId } from '#directory/identifiers.ts';
import { verifiedDomainRecords } from '#storage/domain-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { startHostileProvider, type HostileProvider } from '../harness/hostile-openid-provider.ts';
import { addOrganization, organization } from './gate-world.ts';
import { openOidcWorld, sessionStatus, signInOf, type OidcWorld } from './oidc-world.ts';

describeAtDoors('finding the connection', (open) => {
  let world: OidcWorld;
  let other: HostileProvider;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
    other = await startHostileProvider();
    await world.addConnection('second', {
      name: 'Second',
      domains: ['second.example'],
      signIn: signInOf(world, other, 'second'),
    });
  });
  afterEach(async () => {
    await other.close();
    await world.close();
  });

  const away = (visit: Visit): string => new URL(visit.headers.get('location') ?? 'about:blank').origin;
  const get = (path: string) => new Browser().go(`${world.baseUrl}${path}`, { follow: false });
  const post = (path: string, fields: Record<string, string>) =>
    new Browser().go(`${world.baseUrl}${path}`, { method: 'POST', body: new URLSearchParams(fields), follow: false });
  /** Where a page leads on to by itself. */
  const onwardOf = ({ body }: Visit): string | undefined =>
    /http-equiv="refresh" content="0;url=([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');

  test('a link that names the connection, or an address of its domain, leads straight there; else the page lets choose', async () => {
    expect(away(await get('/sso/acme/login?connection=second'))).toBe(other.issuer);
    expect(away(await get('/sso/acme/login?login_hint=somebody%40Second.Example'))).toBe(other.issuer);
    for (const path of [
      '/sso/acme/login',
      '/sso/acme/login?login_hint=x%40unknown.example',
      '/sso/acme/login?login_hint=x',
    ]) {
      const page = await get(path);
      expect(page.status).toBe(200);
      expect(page.body).toContain('connection=second');
      expect(page.body).toContain('connection=corp');
      expect(page.body).toContain('name="email"');
    }
    expect((await get('/sso/acme/login?connection=third')).status).toBe(404);
  });

  test('the chooser takes an address and leads on, with the way back; an address that says nothing leads back to the choice', async () => {
    const led = await post('/sso/acme/login', { email: ' somebody@second.example ', return_to: '/sso/session' });
    expect(led.status).toBe(200);
    const onward = new URL(onwardOf(led) ?? 'about:blank');
    expect(onward.searchParams.get('login_hint')).toBe('somebody@second.example');
    expect(onward.searchParams.get('return_to')).toBe('/sso/session');
    expect(away(await new Browser().go(onward.href, { follow: false }))).toBe(other.issuer);
    const back = await post('/sso/acme/login', { email: 'somebody@unknown.example' });
    expect(back.status).toBe(200);
    expect(onwardOf(back)).toBeUndefined();
    expect(back.body).toContain('connection=second');
  });

  test('how recent the sign-in must be goes along through every page', async () => {
    const asks = '?prompt=login&max_age=60&return_to=%2Fsso%2Fsession';
    const kept = (href: string) => {
      const { searchParams } = new URL(href.replaceAll('&amp;', '&'));
      return ['prompt', 'max_age', 'return_to'].map((name) => searchParams.get(name));
    };
    const page = await get(`/sso/acme/login${asks}`);
    const link = /href="([^"]*connection=second[^"]*)"/.exec(page.body)?.[1] ?? '';
    expect(kept(link)).toEqual(['login', '60', '/sso/session']);
    const away = await new Browser().go(link.replaceAll('&amp;', '&'), { follow: false });
    expect(new URL(away.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login');
    for (const [path, email] of [
      ['/sso/acme/login', 'a@second.example'],
      ['/sso/login', 'a@second.example'],
      ['/sso/login', 'a@unknown.example'],
    ] as const) {
      const { body } = await get(`${path}${asks}`);
      const fields = Object.fromEntries(
        [...body.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, n = '', v = '']) => [n, v]),
      );
      expect(fields).toEqual({ prompt: 'login', max_age: '60', return_to: '/sso/session' });
      const led = await post(path, { ...fields, email });
      if (email.endsWith('@second.example')) expect(kept(onwardOf(led) ?? '')).toEqual(['login', '60', '/sso/session']);
      else expect(led.body).toContain('name="prompt" value="login"');
    }
  });

  test('without an organisation the domain finds both, all the way to a session', async () => {
    expect((await get('/sso/login')).body).toContain('name="email"');
    const led = await post('/sso/login', { email: 'kato@second.example' });
    other.now = () => world.clock.now;
    other.person = { sub: 'subject-9', claims: { preferred_username: 'kato@second.example' } };
    await world.addPerson({ userName: 'kato@second.example' }, { connection: 'second' });
    const browser = new Browser();
    await browser.go(onwardOf(led) ?? '');
    expect(await sessionStatus(world, browser)).toBe(200);
    const unknown = await post('/sso/login', { email: 'kato@unknown.example' });
    expect(unknown.status).toBe(200);
    expect(onwardOf(unknown)).toBeUndefined();
  });

  test('the answer is the same for who exists and who does not', async () => {
    await world.addPerson({ userName: 'exists@second.example', emails: [{ value: 'exists@second.example' }] });
    for (const path of ['/sso/login', '/sso/acme/login']) {
      const [known, unknown] = [
        await post(path, { email: 'exists@second.example' }),
        await post(path, { email: 'nobody@second.example' }),
      ];
      expect(known.body.replaceAll('exists', '')).toBe(unknown.body.replaceAll('nobody', ''));
    }
  });

  test('a domain that is not verified, or is another organisation’s, routes nobody', async () => {
    const records = world.storage.records(verifiedDomainRecords);
    const record = await records.get('second.example', world.clock.now);
    if (record === null) throw new Error('not verified');
    await records.delete('second.example');
    const routes = async () => [
      away(await get('/sso/acme/login?login_hint=a%40second.example')) === other.issuer,
      onwardOf(await post('/sso/login', { email: 'a@second.example' })) !== undefined,
      onwardOf(await post('/sso/acme/login', { email: 'a@second.example' })) !== undefined,
    ];
    expect(await routes()).toEqual([false, false, false]);
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    await records.insert({ ...record, organizationId: beta });
    expect(await routes()).toEqual([false, false, false]);
    await records.delete('second.example');
    await records.insert({ ...record, organizationId: organization });
    expect(await routes()).toEqual([true, true, true]);
  });

  test.each([
    ['no form', 'application/json', '{"email":"a@second.example"}'],
    ['too much', 'application/x-www-form-urlencoded', `email=${'x'.repeat(20_000)}`],
  ])('%s is answered with 400 and leads nowhere', async (_what, type, body) => {
    for (const path of ['/sso/login', '/sso/acme/login']) {
      const answer = await fetch(`${world.baseUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
        redirect: 'manual',
      });
      expect(answer.status).toBe(400);
    }
  });

  test('markup in an address is text, and a way back elsewhere is not followed', async () => {
    const page = await post('/sso/acme/login', {
      email: '"><script>@second.example',
      return_to: 'https://evil.example/',
    });
    expect(page.body).not.toContain('<script>');
    const onward = onwardOf(page);
    const target = onward === undefined ? undefined : new URL(onward).searchParams.get('return_to');
    expect(target === undefined || target === 'https://evil.example/').toBe(true);
    world.provider.person.sub = 'subject-1';
    const browser = new Browser();
    const landed = await browser.go(
      `${world.baseUrl}/sso/acme/login?connection=corp&return_to=https%3A%2F%2Fevil.example%2F`,
    );
    expect(landed.url).toBe(`${world.baseUrl}/sso/acme/signed-in`);
  });
});
