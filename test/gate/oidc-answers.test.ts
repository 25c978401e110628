// What may come back from an OpenID Provider and what may not: O01 and O05. Every refusal stands beside a sign-in that works.

import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { startHostileProvider } from '../harness/hostile-openid-provider.ts';
import {
  beginSignIn,
  expectRefused,
  openOidcWorld,
  refuses,
  sessionStatus,
  signInOf,
  type OidcWorld,
} from './oidc-world.ts';

describeAtDoors('answers of an OpenID Provider', (open) => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
  });
  afterEach(() => world.close());

  describe('O01 state', () => {
    test.each([
      ['missing', (back: URL) => back.searchParams.delete('state'), 'stateMismatch'],
      ['wrong', (back: URL) => back.searchParams.set('state', 'x'.repeat(43)), 'stateMismatch'],
      ['twice', (back: URL) => back.searchParams.append('state', 'y'), 'malformedRequest'],
    ] as const)('%s: refused, and the genuine answer still works', async (_what, change, reason) => {
      const browser = new Browser();
      const back = await beginSignIn(world, browser);
      const changed = new URL(back);
      change(changed);
      await expectRefused(world, browser, await browser.go(changed.href), reason, 0);
      await browser.go(back.href);
      expect(await sessionStatus(world, browser)).toBe(200);
    });

    test("another browser's answer is refused, with and without a sign-in of its own; the first browser's still works", async () => {
      const [mine, other, stranger] = [new Browser(), new Browser(), new Browser()];
      const back = await beginSignIn(world, mine);
      await beginSignIn(world, other);
      await expectRefused(world, other, await other.go(back.href), 'stateMismatch', 0);
      await expectRefused(world, stranger, await stranger.go(back.href), 'unsolicited', 1);
      expect(world.provider.asked).not.toContain('/token');
      await mine.go(back.href);
      expect(await sessionStatus(world, mine)).toBe(200);
    });

    test('an answer works once', async () => {
      const browser = new Browser();
      const back = await beginSignIn(world, browser);
      await browser.go(back.href);
      expect(await sessionStatus(world, browser)).toBe(200);
      const again = await browser.go(back.href);
      expect(again.status).toBe(403);
      expect((await world.signIns())[0]).toMatchObject({ outcome: 'refused', reason: 'unsolicited' });
    });

    test('of two tabs signing in side by side, both come in', async () => {
      const browser = new Browser();
      const [first, second] = [await beginSignIn(world, browser), await beginSignIn(world, browser)];
      expect((await browser.go(first.href)).status).toBe(200);
      expect((await browser.go(second.href)).status).toBe(200);
      expect((await world.signIns()).map(({ outcome }) => outcome)).toEqual(['allowed', 'allowed']);
    });
  });

  describe('O05 mix-up', () => {
    test.each([
      ['of another', (query: URLSearchParams) => query.set('iss', 'https://other.example'), 'issuerMismatch'],
      ['missing though announced', (query: URLSearchParams) => query.delete('iss'), 'providerAnswerInvalid'],
    ] as const)('iss parameter %s', (_what, callback, reason) => refuses(world, { callback }, reason));

    test('a provider that answers a sign-in begun with another one', async () => {
      const other = await startHostileProvider();
      try {
        await world.addConnection('second', { signIn: signInOf(world, other, 'second') });
        const browser = new Browser();
        const back = await beginSignIn(world, browser, '?connection=corp');
        const theirs = new URL(back);
        theirs.searchParams.set('iss', other.issuer);
        await expectRefused(world, browser, await browser.go(theirs.href), 'issuerMismatch', 0);
        const elsewhere = back.href.replace('/corp/', '/second/');
        await expectRefused(world, browser, await browser.go(elsewhere), 'unsolicited', 1);
        expect(other.asked).toEqual([]);
        await browser.go(back.href);
        expect(await sessionStatus(world, browser)).toBe(200);
      } finally {
        await other.close();
      }
    });

    test('an error of the provider is told as such', () =>
      refuses(
        world,
        {
          callback: (query) => {
            query.delete('code');
            query.set('error', 'access_denied');
          },
        },
        'identityProviderError',
      ));
  });
});
