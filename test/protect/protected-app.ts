/** A whole server, an organisation with a real OpenID Provider, an app that tells what it was sent, and a browser: what stands around a real proxy. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Browser, type GoOptions, type Visit } from '../harness/browser.ts';
import { testMongo } from '../harness/mongo-for-tests.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { describeWithPrograms } from '../harness/proxy-builds.ts';
import {
  findFreePort,
  startServer,
  type Answer,
  type RunningServer,
  type StorageKind,
} from '../harness/running-server.ts';

export const organization = 'acme';

export interface ProtectedApp {
  readonly server: RunningServer;
  readonly provider: OpenIdProvider;
  /** Where the proxy is to listen, and the app's origin through it. */
  readonly port: number;
  readonly origin: string;
  /** The app's own address, behind the proxy. */
  readonly upstream: string;
  /** The id of the person whom the provider signs in. */
  readonly person: string;
  readonly group: string;
  readonly must: (method: string, path: string, body?: unknown) => Promise<Answer['body']>;
  /** What the app was sent, through the proxy; the browser follows no redirect. */
  readonly go: (browser: Browser, path: string, options?: GoOptions) => Promise<Visit & { readonly seen: Seen | null }>;
  readonly close: () => Promise<void>;
}

export interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export async function openProtectedApp(kind: StorageKind): Promise<ProtectedApp> {
  const server = await startServer(kind);
  const must = async (method: string, path: string, body?: unknown): Promise<Answer['body']> => {
    const answer = await server.admin(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await must('POST', '/organizations', { id: organization, name: 'Acme', timeZone: 'Asia/Tokyo', licensed: null });
  const provider = await startOpenIdProvider([`${server.url}/sso/${organization}/corp/oidc/callback`]);
  const { issuer, clientId, clientSecret } = provider;
  const at = `/organizations/${organization}`;
  await must('POST', `${at}/connections`, {
    id: 'corp',
    name: 'Corp',
    signIn: { kind: 'oidc', issuer, clientId, clientSecret },
    provisioning: { kind: 'scim' },
  });
  const { secret } = await must('POST', `${at}/credentials`, { kind: 'scim', name: 'scim', connection: 'corp' });
  const hired = await server.scim(secret, 'POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'aoki@acme.test',
    displayName: 'Aoki, 花子',
    emails: [{ value: 'aoki@acme.test', primary: true }],
  });
  const person = String(hired.body['id']);
  provider.signInAs({ sub: 'sub-aoki', claims: { preferred_username: 'aoki@acme.test' } });
  const grouped = await server.scim(secret, 'POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Editors, all',
    members: [{ value: person }],
  });
  const group = String(grouped.body['id']);
  const app = await startToyApp();
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const rules = [
    { path: '/assets/', access: 'public' },
    { path: '/admin/', access: { groups: [(await addGroup(server, secret, 'Administrators')) as string] } },
  ];
  await must('POST', `${at}/apps`, {
    id: 'wiki',
    name: 'Wiki',
    forwardAuth: { hosts: [`localhost:${port}`], rules },
  });
  return {
    server,
    provider,
    port,
    origin,
    upstream: `127.0.0.1:${(app.address() as AddressInfo).port}`,
    person,
    group,
    must,
    async go(browser, path, options = {}) {
      const visit = await browser.go(`${origin}${path}`, { follow: false, ...options });
      return { ...visit, seen: visit.headers.has('x-toy-app') ? (JSON.parse(visit.body) as Seen) : null };
    },
    async close() {
      app.closeAllConnections();
      await new Promise<void>((resolve) => app.close(() => resolve()));
      await provider.close();
      await server.stop();
    },
  };
}

async function addGroup(server: RunningServer, secret: string, displayName: string): Promise<unknown> {
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
  return (await server.scim(secret, 'POST', '/Groups', { schemas, displayName })).body['id'];
}

/** Tells what it was sent, and opens a WebSocket to whoever reaches it. */
async function startToyApp(): Promise<Server> {
  const app = createServer((request, response) => {
    response.setHeader('X-Toy-App', 'yes');
    response.end(JSON.stringify({ url: request.url ?? '', headers: request.headers } satisfies Seen));
  });
  app.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  return app;
}

/** The status line that answers these bytes. */
export function rawStatus(port: number, lines: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status === undefined) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after: ${text}`)));
  });
}

/** Declares a suite once per storage, where these programs are. */
export function describeProxied(programs: readonly string[], name: string, suite: (kind: StorageKind) => void): void {
  describeWithPrograms(programs, `${name}, SQLite`, () => suite('sqlite'));
  if (testMongo === undefined) describe.skip(`${name}, MongoDB`, () => suite('mongodb'));
  else describeWithPrograms(programs, `${name}, MongoDB`, () => suite('mongodb'));
}

/** What every protected app must do, whichever proxy stands before it. */
export function describeProtection(open: () => ProtectedApp): void {
  const signIn = async (): Promise<Browser> => {
    const browser = new Browser();
    const visit = await browser.go(`${open().origin}/page?x=1`);
    expect([visit.status, visit.url]).toEqual([200, `${open().origin}/page?x=1`]);
    return browser;
  };

  test('nobody is sent to sign in and comes back to the page, with the identity headers; a client’s own are gone', async () => {
    const app = open();
    const stranger = await app.go(new Browser(), '/page?x=1');
    expect([stranger.status, stranger.seen]).toEqual([302, null]);
    expect(stranger.headers.get('location')).toBe(`${app.origin}/.furlough/sign-in?return_to=%2Fpage%3Fx%3D1`);
    const browser = await signIn();
    const forged = {
      'remote-user': 'root',
      'Remote-Groups': 'Administrators',
      'x-auth-request-user': 'root',
      'x-forwarded-user': 'root',
      'x-forwarded-groups': 'root',
      'x-furlough-user-id': 'root',
      'x-furlough-jwt': 'root',
      remote_user: 'root',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-uri': '/assets/x',
      'x-original-url': 'https://evil.example/assets/x',
    };
    for (const headers of [{}, forged]) {
      const { status, seen } = await app.go(browser, '/page?x=1', { headers });
      expect(status).toBe(200);
      expect(seen?.url).toBe('/page?x=1');
      expect(seen?.headers['remote-user']).toBe('aoki@acme.test');
      expect(seen?.headers['remote-name']).toBe('Aoki%2C %E8%8A%B1%E5%AD%90');
      expect(seen?.headers['remote-groups']).toBe('Editors%2C all');
      expect(seen?.headers['x-furlough-user-id']).toBe(app.person);
      expect(seen?.headers['x-furlough-organization']).toBe(organization);
      expect(seen?.headers['x-furlough-jwt']).toMatch(/^ey/);
      const {
        'x-forwarded-host': _host,
        'x-original-url': _url,
        'x-forwarded-uri': _uri,
        ...rest
      } = seen?.headers ?? {};
      expect(JSON.stringify(rest)).not.toContain('root');
    }
  });

  test('public paths are open to nobody in particular, and to no one as somebody; near misses are not', async () => {
    const app = open();
    const headers = { 'remote-user': 'root', 'x-furlough-jwt': 'root' };
    const asset = await app.go(new Browser(), '/assets/logo.svg', { headers });
    expect(asset.status).toBe(200);
    expect(asset.seen?.headers['remote-user'] ?? '').toBe('');
    expect(asset.seen?.headers['x-furlough-jwt'] ?? '').toBe('');
    for (const path of ['/assets', '/assets/../page', '/assets/%2e%2e/page', '/assets//x', '/assets/;x', '/Assets/x']) {
      const status = await rawStatus(app.port, [
        `GET ${path} HTTP/1.1`,
        `Host: localhost:${app.port}`,
        'Accept: text/html',
      ]);
      expect([path, status]).toEqual([path, 302]);
    }
  });

  test('a path for some groups refuses everybody else with a page or a reason, and lets a new member in at once', async () => {
    const app = open();
    const browser = await signIn();
    const refused = await app.go(browser, '/admin/');
    expect([refused.status, refused.seen]).toEqual([403, null]);
    expect(refused.body).toContain('not open to you');
    const told = await app.go(browser, '/admin/', { headers: { accept: 'application/json' } });
    expect([told.status, JSON.parse(told.body)]).toEqual([403, expect.objectContaining({ reason: 'notAllowed' })]);
    expect((await app.go(browser, '/page')).status).toBe(200);
  });

  test('programs get 401 without a redirect; so do WebSockets and preflights of nobody', async () => {
    const app = open();
    const program = await app.go(new Browser(), '/page', { headers: { accept: 'application/json' } });
    expect([program.status, program.headers.get('location')]).toEqual([401, null]);
    const preflight = { 'access-control-request-method': 'POST', origin: 'https://other.example' };
    const asked = await app.go(new Browser(), '/page', { method: 'OPTIONS', headers: preflight });
    expect([asked.status, asked.headers.get('location')]).toEqual([401, null]);
    const socket = (cookie: string) => [
      'GET /socket HTTP/1.1',
      `Host: localhost:${app.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(cookie === '' ? [] : [`Cookie: ${cookie}`]),
    ];
    expect(await rawStatus(app.port, socket(''))).toBe(401);
    expect(await rawStatus(app.port, socket((await signIn()).cookieHeader(app.origin)))).toBe(101);
  });

  test('signing out at the app ends the session; a link from elsewhere only asks', async () => {
    const app = open();
    const browser = await signIn();
    const asked = await app.go(browser, '/.furlough/sign-out', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect([asked.status, (await app.go(browser, '/page')).status]).toEqual([200, 200]);
    const out = await app.go(browser, '/.furlough/sign-out', { method: 'POST', headers: { origin: app.origin } });
    expect(out.status).toBe(200);
    expect((await app.go(browser, '/page')).status).toBe(302);
  });

  test('whoever is switched off is refused at the next request, and after the return signs in anew', async () => {
    const app = open();
    const at = `/organizations/${organization}/users/${app.person}`;
    const browser = await signIn();
    expect((await app.go(browser, '/page')).status).toBe(200);
    await app.must('POST', `${at}/deactivate`, {});
    const page = await app.go(browser, '/page');
    expect([page.status, page.seen]).toEqual([403, null]);
    expect(page.body).toContain('Your account is inactive');
    await app.must('POST', `${at}/reactivate`, {});
    expect((await app.go(browser, '/page')).status).toBe(302);
    await signIn();
  });
}
