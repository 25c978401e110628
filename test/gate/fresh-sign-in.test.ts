// An app that asks for a fresh sign-in (`prompt=login`, `max_age`) gets one that is fresh at the identity provider, or none; and is told truly when
// the person proved themselves (OpenID Connect Core 2, 3.1.2.1; SAML core 2.7.2, 3.4.1).

import type { JWTPayload } from 'jose';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import type { Lies } from '../harness/hostile-openid-provider.ts';
import { passOn } from '../harness/saml-sign-in-page.ts';
import { refusalOf, registerApp, type OpenidApp } from './openid-app.ts';
import { changeSignIn, login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';
import { openSamlWorld, reasons, type SamlWorld } from './saml-world.ts';

const hour = 3_600_000;
const seconds = (instant: number): number => Math.floor(instant / 1_000);

describeAtDoors('a fresh sign-in by OpenID Connect', (open) => {
  let world: OidcWorld;
  let app: OpenidApp;
  let present: number;
  let browser: Browser;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
    app = await registerApp(world, 'wiki');
    browser = new Browser();
    // They came an hour ago, at the provider and here, and it is now.
    present = world.clock.now;
    world.clock.now = present - hour;
    await login(world, browser);
    world.clock.now = present;
  });
  afterEach(() => world.close());

  const authTime = async (asks: Readonly<Record<string, string>>) =>
    (await app.signIn(browser, asks)).claims()?.['auth_time'];
  const asked = () => world.provider.requests.at(-1);
  const ask = async (asks: Readonly<Record<string, string>>) => app.send(browser, await app.ask(asks));

  test('prompt=login is passed on, and auth_time is when they proved themselves for it', async () => {
    await app.signIn(browser);
    expect([world.provider.requests.length, world.provider.signedInAt]).toEqual([1, present - hour]);
    expect(await authTime({ prompt: 'login' })).toBe(seconds(present));
    expect([asked()?.get('prompt'), asked()?.get('max_age')]).toEqual(['login', '0']);
    expect(world.provider.signedInAt).toBe(present);
  });

  test('max_age is passed on, and counts from the provider’s sign-in, not from ours', async () => {
    // A new session here, by the provider's old one.
    await login(world, browser);
    expect(await authTime({ max_age: '7200' })).toBe(seconds(present - hour));
    expect(asked()?.get('max_age')).toBe('7200');
    const { length } = world.provider.requests;
    // Now that it is known, nobody has to ask.
    expect(await authTime({ max_age: '7000' })).toBe(seconds(present - hour));
    expect(world.provider.requests).toHaveLength(length);
    expect(refusalOf((await ask({ max_age: '600', prompt: 'none' })).url).error).toBe('login_required');
    expect(await authTime({ max_age: '600' })).toBe(seconds(present));
    expect([asked()?.get('max_age'), asked()?.has('prompt')]).toEqual(['600', false]);
  });

  test('whoever is not signed in here is asked there as well', async () => {
    browser = new Browser();
    expect(await authTime({ max_age: '600' })).toBe(seconds(present));
    browser = new Browser();
    world.provider.signedInAt = present - hour;
    expect(await authTime({ prompt: 'login' })).toBe(seconds(present));
  });

  test('of the connection’s own max_age and the app’s the shorter one is asked for', async () => {
    await changeSignIn(world, 'corp', { maxAgeSeconds: 300, prompt: 'select_account' });
    await authTime({ max_age: '3000' });
    expect([asked()?.get('max_age'), asked()?.get('prompt')]).toEqual(['300', 'select_account']);
    await authTime({ prompt: 'login' });
    expect([asked()?.get('max_age'), asked()?.get('prompt')]).toEqual(['0', 'login select_account']);
  });

  const told = (edit: (claims: JWTPayload) => JWTPayload): Lies => ({ claims: edit });
  const lies: readonly (readonly [string, Lies, string])[] = [
    ['answers with the sign-in of an hour ago', { asksNobodyAgain: true }, 'authenticationTooOld'],
    [
      'says that it was just longer ago than clocks may differ',
      told((claims) => ({ ...claims, auth_time: Number(claims.iat) - 31 })),
      'authenticationTooOld',
    ],
    ['does not say when it was', told(({ auth_time: _told, ...claims }) => claims), 'idTokenInvalid'],
    ['says it in words', told((claims) => ({ ...claims, auth_time: 'just now' })), 'idTokenInvalid'],
    [
      'says that it is yet to be',
      told((claims) => ({ ...claims, auth_time: Number(claims.iat) + 31 })),
      'idTokenInvalid',
    ],
  ];
  test.each(lies)('a provider that %s: refused here, and the app gets nothing', async (_what, lie, reason) => {
    await login(world, browser);
    const cookie = browser.cookie(world.baseUrl, 'furlough-session');
    world.provider.lies = lie;
    const stopped = await ask({ prompt: 'login' });
    expect([stopped.status, stopped.url.host]).toEqual([403, new URL(world.baseUrl).host]);
    expect((await world.signIns())[0]).toMatchObject({ outcome: 'refused', reason });
    expect(stopped.body.includes('needs a fresh sign-in')).toBe(reason === 'authenticationTooOld');
    // Who they were here they still are.
    expect(browser.cookie(world.baseUrl, 'furlough-session')).toBe(cookie);
    expect(await sessionStatus(world, browser)).toBe(200);
    world.provider.lies = {};
    expect(await authTime({ prompt: 'login' })).toBe(seconds(present));
  });

  test('whoever takes the wish out of the link is sent once more, and then back to the app without a code', async () => {
    const request = await app.ask({ prompt: 'login' });
    const toSignIn = async (from: string): Promise<URL> => {
      const stopBefore = (target: URL): boolean =>
        target.pathname === '/sso/acme/login' || target.host === 'wiki.example.com';
      const visit = await browser.go(from, { stopBefore });
      return new URL(visit.headers.get('location') ?? '', visit.url);
    };
    let link = await toSignIn(request.url.href);
    for (let round = 0; round < 2; round += 1) {
      expect(link.pathname).toBe('/sso/acme/login');
      link.searchParams.delete('prompt');
      link = await toSignIn((await signInBy(link)).href);
    }
    expect(refusalOf(link).error).toBe('login_required');
    expect(link.host).toBe('wiki.example.com');
    expect(world.provider.signedInAt).toBe(present - hour);
    expect(await authTime({ prompt: 'login' })).toBe(seconds(present));
  });

  /** Follows a link to the sign-in up to where it came from. */
  async function signInBy(link: URL): Promise<URL> {
    const stopBefore = (target: URL): boolean => target.pathname.startsWith('/oidc/acme/interaction/');
    const visit: Visit = await browser.go(link.href, { stopBefore });
    return new URL(visit.headers.get('location') ?? '', visit.url);
  }
});

describeAtDoors('a fresh sign-in by SAML', (open) => {
  let world: SamlWorld;
  let app: OpenidApp;
  let present: number;
  let browser: Browser;
  beforeEach(async () => {
    world = await openSamlWorld(await open());
    app = await registerApp(world, 'wiki');
    browser = new Browser();
    present = world.clock.now;
    world.clock.now = present - hour;
    await passOn(browser, await browser.go(`${world.baseUrl}/sso/acme/login`));
    world.clock.now = present;
  });
  afterEach(() => world.close());

  /** The provider's page is passed on; where that leads. */
  const send = async (asks: Readonly<Record<string, string>>) => {
    const request = await app.ask(asks);
    const stopBefore = (target: URL): boolean => target.host === 'wiki.example.com';
    const visit = await browser.go(request.url.href, { stopBefore });
    const passed = visit.status === 200 ? await passOn(browser, visit, { stopBefore }) : visit;
    return { request, status: passed.status, body: passed.body, back: passed.headers.get('location') };
  };
  const authTime = async (asks: Readonly<Record<string, string>>) => {
    const { request, back } = await send(asks);
    return (await app.redeem(request, new URL(back ?? ''))).claims()?.['auth_time'];
  };
  const isForced = () => world.page.requests.at(-1)?.includes('ForceAuthn="true"');

  test('prompt=login and max_age become ForceAuthn, and auth_time is the AuthnInstant', async () => {
    expect(isForced()).toBe(false);
    expect(await authTime({ max_age: '7200' })).toBe(seconds(present - hour));
    expect(world.page.requests).toHaveLength(1);
    expect(await authTime({ max_age: '600' })).toBe(seconds(present));
    expect([world.page.requests.length, isForced()]).toEqual([2, true]);
    world.clock.now += 5_000;
    expect(await authTime({ prompt: 'login' })).toBe(seconds(present + 5_000));
    expect([world.page.requests.length, isForced()]).toEqual([3, true]);
  });

  test('a provider that asks nobody again: taken where its sign-in is recent enough all the same, else refused', async () => {
    world.page.asksNobodyAgain = true;
    browser = new Browser();
    expect(await authTime({ max_age: '7200' })).toBe(seconds(present - hour));
    expect(isForced()).toBe(true);
    for (const asks of [{ max_age: '600' }, { prompt: 'login' }] as const) {
      const { status, body, back } = await send(asks);
      expect([status, back]).toEqual([403, null]);
      expect((await reasons(world))[0]).toBe('authenticationTooOld');
      expect(body).toContain('needs a fresh sign-in');
    }
    world.page.asksNobodyAgain = false;
    expect(await authTime({ prompt: 'login' })).toBe(seconds(present));
  });
});
