// Requests of proxies as their documentation gives them: nginx auth_request, Envoy ext_authz, Traefik ForwardAuth, HAProxy's auth-request script.

import { identityHeaders } from '#gate/forward-auth/identity-headers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import request from 'supertest';
import { enterApp } from './app-visits.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';

const host = 'wiki.example.com';

describeAtDoors('dialects of proxies', (open) => {
  let world: OidcWorld;
  let cookie: string;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
    await world.addApp('wiki', [host]);
    const browser = new Browser();
    await login(world, browser);
    cookie = `__Host-furlough-app=${await enterApp(world, browser, host)}`;
  });
  afterEach(() => world.close());

  type Headers = Readonly<Record<string, string>>;
  const ask = (path: string, headers: Headers, method = 'GET'): Promise<Visit> =>
    new Browser().go(`${world.baseUrl}${path}`, { method, follow: false, headers });
  // fetch decides about Host by itself.
  const asHost = async (path: string, headers: Headers, method: 'get' | 'post' | 'head' = 'get') => {
    const { status, headers: answered } = await request(world.baseUrl)
      [method](path)
      .set({ Host: host, accept: 'text/html', ...headers });
    return { status, headers: new Headers(answered as Record<string, string>) };
  };
  const signIn = `https://${host}/.furlough/sign-in?return_to=%2Fpage%3Fa%3D1`;

  test('nginx: X-Original-URL and X-Original-Method; 401 and an address instead of a redirect', async () => {
    const asked = { 'x-original-url': `https://${host}/page?a=1`, 'x-original-method': 'POST' };
    const passed = await ask('/gate/auth-request', { ...asked, cookie });
    expect(passed.status).toBe(200);
    for (const name of identityHeaders) expect(passed.headers.has(name)).toBe(true);
    const nobody = await ask('/gate/auth-request', asked);
    expect([nobody.status, nobody.headers.get('location')]).toEqual([401, signIn]);
    const program = await ask('/gate/auth-request', { ...asked, accept: 'application/json' });
    expect([program.status, program.headers.get('location')]).toEqual([401, null]);
    expect(program.headers.get('www-authenticate')).toBe('FurloughSession');
  });

  test('nginx: X-Forwarded-Uri and the app’s Host', async () => {
    const asked = { 'x-forwarded-uri': '/page?a=1', 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'https' };
    expect((await asHost('/gate/auth-request', { ...asked, cookie })).status).toBe(200);
    const nobody = await asHost('/gate/auth-request', asked);
    expect([nobody.status, nobody.headers.get('location')]).toEqual([401, signIn]);
  });

  test.each([
    ['another host beside the URL', { 'x-forwarded-host': 'evil.example' }],
    ['another path beside the URL', { 'x-forwarded-uri': '/public/x' }],
    ['another method beside the URL', { 'x-forwarded-method': 'HEAD' }],
    ['an account in the URL', { 'x-original-url': `https://a@${host}/page` }],
    ['several @ in the URL', { 'x-original-url': `https://${host}@evil.example@${host}/page` }],
    ['no path in the URL', { 'x-original-url': `https://${host}` }],
    ['a backslash for the path', { 'x-original-url': `https://${host}\\page` }],
    ['no URL', { 'x-original-url': '' }],
    ['no method', { 'x-original-method': '' }],
    ['a scheme of its own', { 'x-original-url': `gopher://${host}/page` }],
  ])('L06 nginx: %s is refused with 403, which nginx passes on', async (_what, change) => {
    const asked = { 'x-original-url': `https://${host}/page`, 'x-original-method': 'GET', cookie };
    expect((await ask('/gate/auth-request', asked)).status).toBe(200);
    expect((await ask('/gate/auth-request', { ...asked, ...change })).status).toBe(403);
  });

  test('Envoy: the same method and path behind the prefix, the app’s Host; exactly 200', async () => {
    const asked = { 'x-forwarded-proto': 'https' };
    expect((await asHost('/gate/ext-authz/page?a=1', { ...asked, cookie })).status).toBe(200);
    expect((await asHost('/gate/ext-authz/page?a=1', { ...asked, cookie }, 'post')).status).toBe(200);
    const nobody = await asHost('/gate/ext-authz/page?a=1', asked);
    expect([nobody.status, nobody.headers.get('location')]).toEqual([302, signIn]);
    expect((await asHost('/gate/ext-authz/page', asked, 'post')).status).toBe(303);
    // The client's own query is no word of the proxy's.
    const signed = await asHost('/gate/ext-authz/page?jwt=no', { ...asked, cookie });
    expect(signed.headers.get('x-furlough-jwt')).toMatch(/^ey/);
    for (const [path, headers] of [
      ['/gate/ext-authz/page', { cookie }],
      ['/gate/ext-authz/page', { cookie, 'x-forwarded-proto': 'https, http' }],
      ['/gate/ext-authz/page', { cookie, 'x-forwarded-proto': 'https', Host: 'a@b' }],
    ] as const)
      expect((await asHost(path, headers)).status).toBe(400);
  });

  test('Traefik and HAProxy: X-Forwarded-Method, -Proto, -Host, -Uri, -For; GET or HEAD', async () => {
    const traefik = {
      'x-forwarded-method': 'DELETE',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-uri': '/page?a=1',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-port': '443',
      'x-forwarded-server': 'traefik-1',
      'x-real-ip': '203.0.113.9',
    };
    for (const method of ['GET', 'HEAD'])
      expect((await ask('/gate/forward-auth', { ...traefik, cookie }, method)).status).toBe(200);
    const nobody = await ask('/gate/forward-auth', traefik);
    expect([nobody.status, nobody.headers.get('location')]).toEqual([303, signIn]);
    const socket = { ...traefik, 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'wss', 'sec-websocket-key': 'x' };
    expect((await ask('/gate/forward-auth', { ...socket, cookie })).status).toBe(200);
    expect((await ask('/gate/forward-auth', socket)).status).toBe(401);
  });

  test('a preflight carries no cookie: 401, never a redirect', async () => {
    const preflight = {
      'x-forwarded-method': 'OPTIONS',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-uri': '/api',
      origin: 'https://other.example',
    };
    expect((await ask('/gate/forward-auth', preflight)).status).toBe(302);
    const asked = await ask('/gate/forward-auth', { ...preflight, 'access-control-request-method': 'PUT' });
    expect([asked.status, asked.headers.get('location')]).toEqual([401, null]);
  });

  test('what a proxy did not pass on below /.furlough/ is no circle of redirects', async () => {
    const asked = { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'https', 'x-forwarded-host': host };
    expect((await ask('/gate/forward-auth', { ...asked, 'x-forwarded-uri': '/.furlough/sign-in' })).status).toBe(401);
  });

  test('L06 from a peer that is no proxy of ours nothing of all this is believed', async () => {
    const untrusting = await openOidcWorld(await open(), { config: { trustedProxies: [] } });
    try {
      await untrusting.addApp('wiki', [host]);
      for (const [path, headers, status] of [
        ['/gate/auth-request', { 'x-original-url': `https://${host}/page`, 'x-original-method': 'GET' }, 403],
        ['/gate/ext-authz/page', { 'x-forwarded-proto': 'https' }, 400],
        ['/.furlough/sign-in', { 'x-forwarded-proto': 'https', 'x-forwarded-host': host }, 400],
      ] as const) {
        const refused = await new Browser().go(`${untrusting.baseUrl}${path}`, { follow: false, headers });
        expect([path, refused.status, refused.headers.get('location')]).toEqual([path, status, null]);
      }
    } finally {
      await untrusting.close();
    }
  });
});
