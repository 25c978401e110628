// `furlough/express` and `furlough/passport` in an app of their own, against a real gate: who comes in, who does not, and that nothing but a clear
// yes lets anybody in.

import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import passport from 'passport';
import { furlough, furloughSignIn, type FurloughMiddlewareOptions, type FurloughPerson } from 'furlough/express';
import { FurloughStrategy } from 'furlough/passport';
import type { CredentialId } from '#directory/identifiers.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type GoOptions, type Visit } from '../harness/browser.ts';
import { by, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { openOidcWorld, userName, type OidcWorld } from './oidc-world.ts';

const credential = 'the-key-of-the-app-0123456789-0123456789';

describeAtDoors('an app with our middleware', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let servers: Server[];
  beforeEach(async () => {
    observer = async () => undefined;
    servers = [];
    world = await openOidcWorld(await open(), {
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    await world.storage.records(credentialRecords).insert({
      id: hashSecret(credential),
      organizationId: organization,
      value: {
        id: 'c-1' as CredentialId,
        organizationId: organization,
        kind: 'app',
        name: 'app',
        scopes: [],
        secretHash: hashSecret(credential),
        lastFour: '',
        createdAt: world.clock.now,
      },
    });
  });
  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    await world.close();
  });

  /** Another host name than the gate's, as far as browsers care. */
  async function listen(listener: (origin: string) => RequestListener): Promise<string> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', listener(origin));
    return origin;
  }

  /** An app that counts what comes through and tells who it is. */
  async function openApp(
    guard: (options: FurloughMiddlewareOptions) => readonly RequestHandler[],
    over: Partial<FurloughMiddlewareOptions> = {},
  ): Promise<{ readonly origin: string; readonly through: () => number }> {
    let through = 0;
    const origin = await listen((own) => {
      const app = express();
      for (const handler of guard({ url: world.baseUrl, credential, baseUrl: own, timeoutMs: 20_000, ...over }))
        app.use(handler);
      app.use((request, response) => {
        through += 1;
        const person = request.furlough ?? (request.user as FurloughPerson | undefined);
        response.json({ user: person?.user.userName ?? null, url: request.originalUrl });
      });
      // An error of the guard is an answer like express's own, without its stack.
      app.use(((error: { status?: number }, _request, response, _next) => {
        response.status(error.status ?? 500).end();
      }) as express.ErrorRequestHandler);
      return app;
    });
    await world.addApp(`app-${new URL(origin).port}`, [new URL(origin).host]);
    return { origin, through: () => through };
  }

  const guards: readonly [string, (options: FurloughMiddlewareOptions) => readonly RequestHandler[]][] = [
    ['furlough/express', (options) => [furlough(options)]],
    [
      'furlough/passport',
      (options) => {
        const own = new passport.Passport();
        own.use(new FurloughStrategy(options));
        return [furloughSignIn(options), own.authenticate('furlough', { session: false }) as RequestHandler];
      },
    ],
  ];

  const program: GoOptions = { headers: { accept: 'application/json' }, follow: false };
  const signIn = async (origin: string): Promise<Browser> => {
    const browser = new Browser();
    const landed = await browser.go(`${origin}/page?x=1`);
    expect([landed.status, landed.url]).toEqual([200, `${origin}/page?x=1`]);
    expect(JSON.parse(landed.body)).toEqual({ user: userName, url: '/page?x=1' });
    return browser;
  };

  test.each(guards)(
    '%s: nobody is sent to sign in and comes back; switched off, the next request is refused',
    async (_name, guard) => {
      const { origin, through } = await openApp(guard);
      const sent = await new Browser().go(`${origin}/page?x=1`, { follow: false });
      expect([sent.status, sent.headers.get('location')]).toEqual([
        302,
        '/.furlough/sign-in?return_to=%2Fpage%3Fx%3D1',
      ]);
      const browser = await signIn(origin);
      expect((await browser.go(`${origin}/`, program)).status).toBe(200);
      await world.deactivate(world.user);
      const before = through();
      expect((await browser.go(`${origin}/`, program)).status).toBe(403);
      await world.reactivate(world.user);
      expect((await browser.go(`${origin}/`, program)).status).toBe(401);
      expect(through()).toBe(before);
      await signIn(origin);
    },
  );

  test.each(guards)(
    '%s: programs, WebSockets and preflights of nobody get 401 and no redirect',
    async (_name, guard) => {
      const { origin, through } = await openApp(guard);
      const asked: readonly GoOptions[] = [
        program,
        { follow: false, headers: { 'x-requested-with': 'XMLHttpRequest' } },
        { follow: false, headers: { 'sec-websocket-key': 'x' } },
        {
          follow: false,
          method: 'OPTIONS',
          headers: { 'access-control-request-method': 'POST', origin: 'https://other.example' },
        },
      ];
      for (const options of asked) {
        const refused = await new Browser().go(`${origin}/`, options);
        expect([refused.status, refused.headers.get('location')]).toEqual([401, null]);
      }
      expect(through()).toBe(0);
    },
  );

  test.each(guards)(
    '%s: D01 whatever Furlough answers that is no clear yes is 503, and nobody comes through',
    async (_name, guard) => {
      const gate = await listen(() => (request, response) => {
        const asked = new URL(request.url ?? '/', 'http://x').pathname;
        if (asked === '/gate/check') answers[turn]?.(response);
        else response.writeHead(404).end();
      });
      type Answer = (response: ServerResponse) => void;
      const person = { user: { id: 'u', userName: 'u' }, organization };
      const answers: readonly Answer[] = [
        (response) => void response.writeHead(500).end(),
        (response) => void response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(person)),
        (response) => void response.writeHead(202).end(JSON.stringify(person)),
        (response) => void response.writeHead(200).end('{}'),
        (response) => void response.writeHead(200).end('not JSON'),
        (response) => void response.writeHead(200).end(),
        (response) => void response.writeHead(204).end(),
        (response) => void response.writeHead(302, { location: '/yes' }).end(),
        // A refused credential is not an unknown person.
        (response) => void response.writeHead(401).end('{"code":"unauthenticated"}'),
        (response) => void response.writeHead(403).end('{}'),
        (response) => void response.destroy(),
      ];
      let turn = 0;
      const { origin, through } = await openApp(guard, { url: gate });
      const browser = new Browser();
      browser.setCookie(origin, `furlough-app-${new URL(origin).port}`, 'a-cookie');
      for (; turn < answers.length; turn += 1)
        expect([turn, (await browser.go(`${origin}/`, program)).status]).toEqual([turn, 503]);
      expect(through()).toBe(0);
    },
  );

  test('D01 Furlough with its store away: 503; back again: in', async () => {
    const { origin, through } = await openApp(guards[0]![1]);
    const browser = await signIn(origin);
    observer = async () => {
      throw new StorageError('unavailable', 'planted outage');
    };
    const before = through();
    const away = await browser.go(`${origin}/`, program);
    expect([away.status, away.headers.get('retry-after'), through()]).toEqual([503, '2', before]);
    observer = async () => undefined;
    expect((await browser.go(`${origin}/`, program)).status).toBe(200);
  });

  test('D01 Furlough that never answers: 503 after the time that was set', async () => {
    const silent = await listen(() => () => undefined);
    const { origin, through } = await openApp(guards[0]![1], { url: silent, timeoutMs: 50 });
    const browser = new Browser();
    browser.setCookie(origin, `furlough-app-${new URL(origin).port}`, 'a-cookie');
    expect([(await browser.go(`${origin}/`, program)).status, through()]).toEqual([503, 0]);
  });

  test('L05 nobody can plant a session in another browser', async () => {
    const { origin } = await openApp(guards[0]![1]);
    const attacker = new Browser();
    const stopped = await attacker.go(`${origin}/page`, {
      stopBefore: (target) => target.pathname === '/.furlough/callback',
    });
    const callback = stopped.headers.get('location') ?? '';
    const unmarked = await new Browser().go(callback, { follow: false });
    expect([unmarked.status, unmarked.headers.getSetCookie()]).toEqual([403, []]);
    const marked = new Browser();
    await marked.go(`${origin}/.furlough/sign-in`, { follow: false });
    const planted: Visit = await marked.go(callback, { follow: false });
    expect([planted.status, planted.headers.getSetCookie()]).toEqual([403, []]);
    expect((await attacker.go(callback, { follow: false })).status).toBe(303);
    expect((await attacker.go(callback, { follow: false })).status).toBe(403);
  });

  test('signing out ends the session; a form on another site does not', async () => {
    const { origin } = await openApp(guards[0]![1]);
    const browser = await signIn(origin);
    const out = (from: string) =>
      browser.go(`${origin}/.furlough/sign-out`, { method: 'POST', headers: { origin: from }, follow: false });
    expect((await out('https://evil.example')).status).toBe(403);
    expect((await browser.go(`${origin}/.furlough/sign-out`, { follow: false })).status).toBe(403);
    expect((await browser.go(`${origin}/`, program)).status).toBe(200);
    expect((await out(origin)).status).toBe(303);
    expect((await browser.go(`${origin}/`, program)).status).toBe(401);
  });

  test('who is kept out sees the reference and whom to ask, in the app’s page, its problem and its own way; nothing of it is HTML', async () => {
    const contact = { text: 'IT <help> desk', email: 'help@acme.example' };
    await world.provisioning.changeOrganization(organization, { contact }, by);
    const told: unknown[] = [];
    const { origin } = await openApp(guards[0]![1]);
    const own = await openApp(guards[0]![1], {
      refuse: (refusal, _request, response) => {
        told.push(refusal);
        response.status(refusal.status).end();
      },
    });
    const browsers = [await signIn(origin), await signIn(own.origin)] as const;
    await world.deactivate(world.user);
    const page = await browsers[0].go(`${origin}/`);
    const reference = (await world.signIns())[0]?.reference ?? '';
    expect([page.status, reference.length]).toEqual([403, 14]);
    for (const words of [
      reference,
      'IT &lt;help&gt; desk',
      `mailto:help@acme.example?subject=${reference}`,
      'accountInactive',
    ])
      expect(page.body).toContain(words);
    const problem = await browsers[0].go(`${origin}/`, program);
    expect(JSON.parse(problem.body)).toMatchObject({ reason: 'accountInactive', reference, contact });
    await browsers[1].go(`${own.origin}/`, program);
    expect(told).toEqual([{ status: 403, reason: 'accountInactive', reference: expect.any(String), contact }]);
    // Nobody is not a refusal that somebody could explain.
    expect((await new Browser().go(`${origin}/`, program)).body).not.toContain('reference');
  });

  test('help in words that are not known here is left out, and the refusal stands', async () => {
    const gate = await listen(() => (_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ reason: 'onLeave', reference: ['<x>'], contact: { text: 1, email: '"><script>' } }),
      );
    });
    const { origin, through } = await openApp(guards[0]![1], { url: gate });
    const browser = new Browser();
    browser.setCookie(origin, `furlough-app-${new URL(origin).port}`, 'a-cookie');
    const page = await browser.go(`${origin}/`);
    expect([page.status, through()]).toEqual([403, 0]);
    expect(page.body).not.toContain('<script>');
    expect(page.body).not.toContain('Reference');
  });

  test('an app may answer refusals in its own way, and nothing more', async () => {
    const told: unknown[] = [];
    const { origin, through } = await openApp(guards[0]![1], {
      refuse: (refusal, _request, response) => {
        told.push(refusal);
        response.status(418).end();
      },
    });
    expect((await new Browser().go(`${origin}/`, program)).status).toBe(418);
    expect([told, through()]).toEqual([[{ status: 401, reason: 'notSignedIn' }], 0]);
  });

  test.each([
    ['an http gate elsewhere', { url: 'http://people.example.com' }],
    ['an http app elsewhere', { baseUrl: 'http://wiki.example.com' }],
    ['no address', { url: 'people.example.com' }],
    ['no credential', { credential: '' }],
  ])('%s cannot work and is said at start', (_what, change) => {
    const good = { url: 'https://people.example.com', credential, baseUrl: 'https://wiki.example.com' };
    expect(() => furlough(good)).not.toThrow();
    expect(() => furlough({ ...good, ...change })).toThrow(TypeError);
  });
});
