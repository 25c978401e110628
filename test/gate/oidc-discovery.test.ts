// What a provider may say about itself and where it may live: O06. None of these ends in a sign-in, nor in a 5xx.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from '#directory/connection.ts';
import { recordKinds } from '#record-kinds.ts';
import type { RefusalReason } from '#gate/sign-in/refusal.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { Browser } from '../harness/browser.ts';
import type { Lies } from '../harness/hostile-openid-provider.ts';
import { expectRefused, login, openOidcWorld, refuses, sessionStatus, signInOf, type OidcWorld } from './oidc-world.ts';

describe('O06 discovery', () => {
  let world: OidcWorld;
  const open = async (allowInsecureProviders: boolean) =>
    openOidcWorld(await openSqliteStorage({ path: ':memory:', recordKinds }), { config: { allowInsecureProviders } });
  afterEach(async () => {
    await world.close();
    await world.storage.close();
  });

  describe('of a provider on this machine, which the configuration allows', () => {
    beforeEach(async () => {
      world = await open(true);
    });

    /** A fresh gate would have to discover anew; ten minutes later this one has to, too. */
    const refusesAfterwards = async (lies: Lies, reason: RefusalReason): Promise<void> => {
      const honest = new Browser();
      await login(world, honest);
      expect(await sessionStatus(world, honest)).toBe(200);
      world.clock.now += 10 * 60_000;
      world.provider.lies = lies;
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser), reason, 1);
    };

    test.each([
      ['another issuer', { issuer: 'https://other.example' }, 'discoveryInvalid'],
      ['no keys', { jwks_uri: undefined }, 'discoveryInvalid'],
      ['no token endpoint', { token_endpoint: undefined }, 'discoveryInvalid'],
      ['only unsafe signatures', { id_token_signing_alg_values_supported: ['none', 'HS256'] }, 'discoveryInvalid'],
    ] as const)('that names %s', (_what, change, reason) =>
      refusesAfterwards({ discovery: (document) => ({ ...document, ...change }) }, reason),
    );

    test('an issuer that differs by a slash only', async () => {
      const signIn = signInOf(world, world.provider, 'slash');
      await world.addConnection('slash', {
        signIn: { ...signIn, issuer: `${world.provider.issuer}/` } as typeof signIn,
      });
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser, '?connection=slash'), 'discoveryInvalid', 0);
    });

    test.each([
      ['is no JSON', 200, {}, '<html>', 'providerAnswerInvalid'],
      ['is an error', 500, {}, '', 'providerAnswerInvalid'],
      ['has a status HTTP does not know', 999, {}, '', 'providerUnreachable'],
      ['redirects to what is no URL', 302, { location: 'http://[' }, '', 'providerUnreachable'],
      ['redirects to another origin', 302, { location: 'http://127.0.0.1:1/' }, '', 'providerUnreachable'],
      ['redirects to a private address', 302, { location: 'http://10.0.0.1/' }, '', 'providerUnreachable'],
      [
        'redirects to a cloud metadata service',
        302,
        { location: 'http://169.254.169.254/latest' },
        '',
        'providerUnreachable',
      ],
    ] as const)('that %s', (_what, status, headers, body, reason) =>
      refusesAfterwards(
        {
          answer: (path, response) => {
            if (path !== '/.well-known/openid-configuration') return false;
            response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
            return true;
          },
        },
        reason,
      ),
    );

    test('that redirects within its origin is followed', async () => {
      const document = await (await fetch(`${world.provider.issuer}/.well-known/openid-configuration`)).text();
      world.provider.lies = {
        answer: (path, response) => {
          if (path === '/.well-known/openid-configuration') response.writeHead(302, { location: '/moved' }).end();
          else if (path === '/moved') response.writeHead(200, { 'content-type': 'application/json' }).end(document);
          else return false;
          return true;
        },
      };
      const browser = new Browser();
      await login(world, browser);
      expect(await sessionStatus(world, browser)).toBe(200);
    });

    test('keys of 10 MB', async () => {
      world.provider.lies = {
        answer: (path, response) => {
          if (path !== '/jwks') return false;
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(`{"keys":[],"padding":"${'x'.repeat(10_000_000)}"}`);
          return true;
        },
      };
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser), 'providerUnreachable', 0);
      world.provider.lies = {};
      await login(world, browser);
      expect(await sessionStatus(world, browser)).toBe(200);
    });

    test('keys that never come: refused in time, and other sign-ins go on meanwhile', async () => {
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const issuer = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      await world.addConnection('silent', { signIn: { kind: 'oidc', issuer, clientId: 'furlough' } });
      const waiting = new Browser();
      let answered = false;
      const refused = login(world, waiting, '?connection=silent').finally(() => {
        answered = true;
      });
      const honest = new Browser();
      await login(world, honest, '?connection=corp');
      expect(await sessionStatus(world, honest)).toBe(200);
      expect(answered).toBe(false);
      const visit = await refused;
      silent.closeAllConnections();
      silent.close();
      await expectRefused(world, waiting, visit, 'providerUnreachable', 1);
    });

    test('a provider that is not there', async () => {
      await world.addConnection('gone', {
        signIn: { kind: 'oidc', issuer: 'http://127.0.0.1:9', clientId: 'furlough' },
      });
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser, '?connection=gone'), 'providerUnreachable', 0);
    });

    test('a client secret that does not open: nobody is sent anywhere', async () => {
      const signIn = { ...signInOf(world, world.provider, 'another place'), issuer: world.provider.issuer };
      await world.addConnection('moved', { signIn: signIn as NonNullable<Connection['signIn']> });
      const browser = new Browser();
      await expectRefused(
        world,
        browser,
        await login(world, browser, '?connection=moved'),
        'connectionMisconfigured',
        0,
      );
      expect(world.provider.asked).toEqual([]);
    });

    test('a token endpoint that refuses the code', () =>
      refuses(
        world,
        {
          answer: (path, response) => {
            if (path !== '/token') return false;
            response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
            return true;
          },
        },
        'codeRefused',
      ));

    test('a token endpoint that redirects is not followed: the code and our secret go nowhere else', () =>
      refuses(
        world,
        {
          answer: (path, response) => {
            if (path !== '/token') return false;
            response.writeHead(307, { location: '/elsewhere' }).end();
            return true;
          },
        },
        'providerAnswerInvalid',
      ).then(() => expect(world.provider.asked).not.toContain('/elsewhere')));
  });

  describe('without that permission', () => {
    beforeEach(async () => {
      world = await open(false);
    });

    test.each([
      ['http', 'http://127.0.0.1:'],
      ['https on this machine', 'https://127.0.0.1:'],
      ['a name that resolves to this machine', 'https://localhost:'],
      ['this machine as IPv6', 'https://[::1]:'],
      ['this machine in IPv6 clothes', 'https://[::ffff:127.0.0.1]:'],
    ])('%s is not even asked', async (_what, origin) => {
      const issuer = `${origin}${new URL(world.provider.issuer).port}`;
      await world.addConnection('inside', { signIn: { kind: 'oidc', issuer, clientId: 'furlough' } });
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser, '?connection=inside'), 'providerUnreachable', 0);
      expect(world.provider.asked).toEqual([]);
    });

    test.each([
      'https://10.0.0.1',
      'https://192.168.1.1',
      'https://169.254.169.254',
      'https://[fd00::1]',
      'https://0.0.0.0',
    ])('%s is not asked', async (issuer) => {
      await world.addConnection('inside', { signIn: { kind: 'oidc', issuer, clientId: 'furlough' } });
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser, '?connection=inside'), 'providerUnreachable', 0);
      expect((await world.signIns())[0]?.checks[0]?.detail).toContain('address');
    });
  });
});
