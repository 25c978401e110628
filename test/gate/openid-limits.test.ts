// How often the OpenID Provider may be asked: people and apps by measures of their own, in the form of the protocol; and an app that is known where
// it asks from is not slowed down by its neighbours.

import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import type { GateConfig } from '#gate/gate-context.ts';
import { login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';
import { registerApp } from './openid-app.ts';

describeAtDoors('limits of the OpenID Provider', (open) => {
  let world: OidcWorld;
  afterEach(() => world.close());
  const openLimited = async (config: Partial<GateConfig>) => {
    world = await openOidcWorld(await open(), { config });
  };
  /** What a limit says, as far as the protocol has words for it. */
  const tooMany = { error: 'temporarily_unavailable', error_description: expect.any(String) };

  test('authorization requests, by minute and address: a page or the protocol’s error, Retry-After, and nobody else is slowed down', async () => {
    await openLimited({ signInsPerMinute: 2 });
    const app = await registerApp(world, 'wiki');
    const browser = new Browser();
    await login(world, browser);
    const tokens = await app.signIn(browser);
    const other = await app.signIn(browser);
    const { url } = await app.ask();
    const page = await browser.go(url.href);
    expect([page.status, Number(page.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.url).toBe(url.href);
    const told = await browser.go(url.href, { headers: { accept: 'application/json' } });
    expect([told.status, JSON.parse(told.body)]).toEqual([429, tooMany]);
    // In other letters it is the same address, if it is any.
    expect((await browser.go(url.href.replace('/auth?', '/AUTH?'))).status).toBe(429);
    // Apps and sessions go on: their measures are others.
    for (const { access_token: token } of [tokens, other, tokens, other])
      expect((await app.post('/token/introspection', { token })).body).toMatchObject({ active: true });
    expect(await sessionStatus(world, browser)).toBe(200);
  });

  test('a person who goes to the sign-in and back is counted once', async () => {
    await openLimited({ signInsPerMinute: 3 });
    const app = await registerApp(world, 'wiki');
    for (let turn = 0; turn < 3; turn += 1)
      expect((await app.signIn(new Browser())).access_token).toEqual(expect.any(String));
    expect((await new Browser().go((await app.ask()).url.href)).status).toBe(429);
  });

  test.each([
    '/token',
    '/token/introspection',
    '/token/revocation',
    '/request',
    '/me',
    '/jwks',
    '/.well-known/openid-configuration',
  ])('%s beyond the measure of apps: 429 in JSON, Retry-After, not stored', async (path) => {
    await openLimited({ openidPerSecond: 0.01, openidBurst: 20 });
    const address = `${world.baseUrl}/oidc/acme${path}`;
    const ask = () => fetch(address, { method: /jwks|well-known|me$/.test(path) ? 'GET' : 'POST' });
    expect((await ask()).status).not.toBe(429);
    const refused = (await Promise.all(Array.from({ length: 30 }, ask))).filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(await answer.json()).toEqual(tooMany);
    }
    // People do not wait for apps.
    const browser = new Browser();
    await login(world, browser);
    expect(await sessionStatus(world, browser)).toBe(200);
  });

  test('an app that proved who it is at its address counts by itself; who only says its name does not', async () => {
    await openLimited({ openidPerSecond: 0.01, openidBurst: 40 });
    const busy = await registerApp(world, 'busy');
    const browser = new Browser();
    await login(world, browser);
    const { access_token: token } = await busy.signIn(browser);
    const introspect = async () => (await busy.post('/token/introspection', { token })).status;
    expect(await introspect()).toBe(200);
    // A neighbour uses up what the address has.
    const neighbour = () => fetch(`${world.baseUrl}/oidc/acme/jwks`).then(({ status }) => status);
    while ((await neighbour()) !== 429);
    expect(await introspect()).toBe(200);
    const pretender = (client: string) =>
      fetch(`${world.baseUrl}/oidc/acme/token/introspection`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        headers: { authorization: `Basic ${Buffer.from(`${client}:guess`).toString('base64')}` },
      }).then(({ status }) => status);
    for (const client of ['unknown', 'other-1', 'other-2', 'other-3', 'other-4'])
      expect(await pretender(client)).toBe(429);
    expect(await introspect()).toBe(200);
    // Its own measure ends, too.
    const answers = await Promise.all(Array.from({ length: 60 }, introspect));
    expect(answers).toContain(429);
  });

  test('secrets tried one after another: 401, then 429 as at every door with credentials; the right one is taken all the same', async () => {
    await openLimited({});
    const app = await registerApp(world, 'wiki');
    Object.assign(world.context, { badCredentials: createBadCredentialLimit(3) });
    const guess = async (secret: string) => {
      const answer = await fetch(`${app.issuer}/token/introspection`, {
        method: 'POST',
        body: new URLSearchParams({ token: 'x' }),
        headers: { authorization: `Basic ${Buffer.from(`wiki:${secret}`).toString('base64')}` },
      });
      return { status: answer.status, wait: answer.headers.get('retry-after'), body: (await answer.json()) as object };
    };
    expect(await guess(app.secret)).toMatchObject({ status: 200, body: { active: false } });
    const answers: Awaited<ReturnType<typeof guess>>[] = [];
    for (let n = 0; n < 6; n += 1) answers.push(await guess(`wrong-${n}`));
    expect(answers.map(({ status }) => status).slice(0, 3)).toEqual([401, 401, 401]);
    expect(answers.at(-1)).toMatchObject({ status: 429, wait: expect.any(String), body: { error: 'invalid_client' } });
    expect(await guess(app.secret)).toMatchObject({ status: 200 });
  });
});
