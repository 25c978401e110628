// The leaver: whichever way the account is switched off, the same things happen, at once.

import { isIn } from '../harness/lock-out-doors.ts';
import { describeJourney } from './journey.ts';
import type { Browser } from '../harness/browser.ts';
import type { Company } from './company.ts';
import { accepted, issueOwned, refused } from './owned-credentials.ts';
import { isFull } from '../harness/test-scale.ts';
import { waysOut } from './ways-out.ts';

const firstOfEachMouth = waysOut.filter(({ mouth }, at) => waysOut.findIndex((way) => way.mouth === mouth) === at);
const colleague = 'colleague@example.com';

interface AuditItem {
  readonly action: string;
  readonly target: { readonly id: string };
}

describeJourney(
  'L01 the leaver',
  (open, kind) => {
    beforeAll(() => open().provision(colleague));

    // In the short run each way on SQLite, and one of each mouth on MongoDB.
    const ways = kind === 'sqlite' || isFull ? waysOut : firstOfEachMouth;
    test.each(ways)('by $name is out at every door, and the seat is free', async ({ name, act }) => {
      const company = open();
      const base = `/organizations/${company.organization}`;
      const userName = `${name.replaceAll(/[^a-z]/gi, '').toLowerCase()}${name.length}@example.com`;
      const id = await company.provision(userName);
      const before = await company.seats();
      const useOwned = await issueOwned(company, id, colleague);
      expect(await useOwned()).toEqual(accepted);
      const [first, second] = [await company.signIn(userName, 'saml'), await company.signIn(userName, 'oidc')];
      for (const { browser, page } of [first, second]) {
        expect(page.status).toBe(200);
        expect(JSON.parse(page.body)).toMatchObject({ user: { id, userName } });
        expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
      }
      const everyDoor = await Promise.all([first, second].map(({ browser }) => company.showUp(browser)));
      const everywhere = () => Promise.all(everyDoor.map((ask) => ask()));
      for (const doors of await everywhere()) expect(isIn(doors)).toBe('everywhere');
      for (const { browser } of [first, second]) expect(await pagesOf(company, browser)).toEqual([200, 303]);

      expect(Math.floor((await act(company, id)) / 100)).toBe(2);

      for (const { browser } of [first, second])
        expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      for (const doors of await everywhere()) expect(isIn(doors)).toBe('nowhere');
      expect(await useOwned()).toEqual(refused);
      for (const { browser } of [first, second]) expect(await pagesOf(company, browser)).toEqual([403, 403]);
      expect(await company.seats()).toMatchObject({ used: before.used - 1 });
      for (const protocol of ['saml', 'oidc'] as const) {
        const { browser, page } = await company.signIn(userName, protocol);
        expect(page.status).toBe(403);
        expect(page.url).not.toContain('/sso/session');
        expect(await company.doors(browser)).toEqual({ session: 401, forwardAuth: 401 });
      }

      await company.settle();
      for (const { browser } of [first, second]) {
        expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
        expect(await pagesOf(company, browser)).toEqual([403, 403]);
      }
      expect(await useOwned()).toEqual(refused);
      for (const doors of await everywhere()) expect(isIn(doors)).toBe('nowhere');
      const { body } = await company.admin('GET', `${base}/audit?limit=200`);
      const actions = (body['items'] as AuditItem[])
        .filter(({ target }) => target.id === id)
        .map(({ action }) => action);
      expect(actions.filter((action) => /^user\.(deactivated|deleted)$/.test(action))).toHaveLength(1);
      const signIns = await company.admin('GET', `${base}/sign-ins?outcome=refused&limit=2`);
      expect(signIns.body['items']).toHaveLength(2);
    });

    test('of a suspended organisation is out at every door, and in again when it is resumed', async () => {
      const company = open();
      const base = `/organizations/${company.organization}`;
      const id = await company.provision('everybody@example.com');
      const useOwned = await issueOwned(company, id, colleague);
      expect(await useOwned()).toEqual(accepted);
      const { browser } = await company.signIn('everybody@example.com', 'saml');
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
      const everyDoor = await company.showUp(browser);
      expect(isIn(await everyDoor())).toBe('everywhere');
      expect((await company.admin('POST', `${base}/suspend`)).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      expect(isIn(await everyDoor())).toBe('nowhere');
      expect(await pagesOf(company, browser)).toEqual([403, 403]);
      // Apps ask for people, so their keys open nothing; provisioning and administration go on.
      const closed = Object.fromEntries(
        Object.keys(accepted).map((name) => [name, name.startsWith('app') ? 403 : 200]),
      );
      expect(await useOwned()).toEqual(closed);
      const { page } = await company.signIn('everybody@example.com', 'saml');
      expect(page.status).toBe(403);
      expect((await company.admin('POST', `${base}/resume`)).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
      expect(await useOwned()).toEqual(accepted);
    });

    test('of an organisation past its end is out, and in again when it is resumed', async () => {
      const company = open();
      const base = `/organizations/${company.organization}`;
      await company.provision('last@example.com');
      const { browser } = await company.signIn('last@example.com', 'saml');
      const everyDoor = await company.showUp(browser);
      expect(isIn(await everyDoor())).toBe('everywhere');
      expect((await company.admin('POST', `${base}/suspend`, { endsAt: '2020-01-01T00:00:00Z' })).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      expect(isIn(await everyDoor())).toBe('nowhere');
      expect((await company.admin('POST', `${base}/resume`)).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
    });

    test('leaves an intact chain in the audit trail', async () => {
      const company = open();
      await company.settle();
      const { body } = await company.admin('POST', `/organizations/${company.organization}/audit/verify`);
      expect(body).toMatchObject({ intact: true });
    });
  },
  null,
);

/** The person's own sessions, and the way into an app on a host of its own: doors of the gate that the proxy and the app do not ask. */
async function pagesOf(company: Company, browser: Browser): Promise<readonly number[]> {
  const state = '0'.repeat(64);
  const visits = [
    await browser.go(`${company.url}/sso/sessions`, { follow: false }),
    await browser.go(`${company.url}/gate/sign-in?app=https://owned.example.com&state=${state}`, { follow: false }),
  ];
  return visits.map(({ status }) => status);
}
