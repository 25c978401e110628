// The leaver: whichever way the account is switched off, the same things happen, at once.

import { describeJourney } from './journey.ts';
import { waysOut } from './ways-out.ts';

interface AuditItem {
  readonly action: string;
  readonly target: { readonly id: string };
}

describeJourney(
  'L01 the leaver',
  (open) => {
    test.each(waysOut)('by $name is out at every door, and the seat is free', async ({ name, act }) => {
      const company = open();
      const base = `/organizations/${company.organization}`;
      const userName = `${name.replaceAll(/[^a-z]/gi, '').toLowerCase()}${name.length}@example.com`;
      const id = await company.provision(userName);
      const before = await company.seats();
      const owned = await company.admin('POST', `${base}/credentials`, {
        kind: 'scim',
        connection: 'first',
        owner: id,
        name: 'owned',
      });
      const key = await company.admin('POST', `${base}/credentials`, { kind: 'admin', owner: id, name: 'their key' });
      const useOwned = async () => [
        (await company.scimAs(owned.body['secret'], 'GET', '/Users?count=1')).status,
        (await company.adminAs(key.body['secret'], 'GET', `${base}/seats`)).status,
      ];
      expect(await useOwned()).toEqual([200, 200]);
      const [first, second] = [await company.signIn(userName, 'saml'), await company.signIn(userName, 'oidc')];
      for (const { browser, page } of [first, second]) {
        expect(page.status).toBe(200);
        expect(JSON.parse(page.body)).toMatchObject({ user: { id, userName } });
        expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
      }
      const everyDoor = await Promise.all([first, second].map(({ browser }) => company.showUp(browser)));
      const everywhere = () => Promise.all(everyDoor.map((ask) => ask()));
      for (const doors of await everywhere()) expect(Object.values(doors)).toEqual([true, true, true, true]);

      expect(Math.floor((await act(company, id)) / 100)).toBe(2);

      for (const { browser } of [first, second])
        expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      for (const doors of await everywhere()) expect(Object.values(doors)).toEqual([false, false, false, false]);
      expect(await useOwned()).toEqual([401, 401]);
      expect(await company.seats()).toMatchObject({ used: before.used - 1 });
      for (const protocol of ['saml', 'oidc'] as const) {
        const { browser, page } = await company.signIn(userName, protocol);
        expect(page.status).toBe(403);
        expect(page.url).not.toContain('/sso/session');
        expect(await company.doors(browser)).toEqual({ session: 401, forwardAuth: 401 });
      }

      await company.settle();
      for (const { browser } of [first, second])
        expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      for (const doors of await everywhere()) expect(Object.values(doors)).toEqual([false, false, false, false]);
      const { body } = await company.admin('GET', `${base}/audit?limit=200`);
      const actions = (body['items'] as AuditItem[])
        .filter(({ target }) => target.id === id)
        .map(({ action }) => action);
      expect(actions.filter((action) => /^user\.(deactivated|deleted)$/.test(action))).toHaveLength(1);
      const refused = await company.admin('GET', `${base}/sign-ins?outcome=refused&limit=2`);
      expect(refused.body['items']).toHaveLength(2);
    });

    test('of a suspended organisation is out at every door, and in again when it is resumed', async () => {
      const company = open();
      const base = `/organizations/${company.organization}`;
      await company.provision('everybody@example.com');
      const { browser } = await company.signIn('everybody@example.com', 'saml');
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
      const everyDoor = await company.showUp(browser);
      expect(Object.values(await everyDoor())).toEqual([true, true, true, true]);
      expect((await company.admin('POST', `${base}/suspend`)).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      expect(Object.values(await everyDoor())).toEqual([false, false, false, false]);
      const { page } = await company.signIn('everybody@example.com', 'saml');
      expect(page.status).toBe(403);
      expect((await company.admin('POST', `${base}/resume`)).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
    });

    test('of an organisation past its end is out, and in again when it is resumed', async () => {
      const company = open();
      const base = `/organizations/${company.organization}`;
      await company.provision('last@example.com');
      const { browser } = await company.signIn('last@example.com', 'saml');
      const everyDoor = await company.showUp(browser);
      expect(Object.values(await everyDoor())).toEqual([true, true, true, true]);
      expect((await company.admin('POST', `${base}/suspend`, { endsAt: '2020-01-01T00:00:00Z' })).status).toBe(200);
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      expect(Object.values(await everyDoor())).toEqual([false, false, false, false]);
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
