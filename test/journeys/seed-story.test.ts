// The story that Furlough was made for: ten seats, one person goes on leave, another takes the seat, and the one who comes back waits for it.

import { describeJourney } from './journey.ts';

const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

describeJourney(
  'the seed story',
  (open) => {
    test('leave, a seat for somebody else, a return that waits, one more seat', async () => {
      const company = open();
      const at = `/organizations/${company.organization}`;
      const contract = { rows: [{ from: '2020-01-01', licensed: 10, unitPrice: '1200', currency: 'JPY' }] };
      expect((await company.admin('PUT', `${at}/seats/contract`, contract)).status).toBe(200);
      const aoki = 'aoki@example.com';
      const id = await company.provision(aoki);
      for (let n = 2; n <= 10; n += 1) await company.provision(`person${n}@example.com`);
      expect(await company.seats()).toMatchObject({ licensed: 10, billed: 10, used: 10, free: 0 });
      const { browser } = await company.signIn(aoki, 'saml');
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });

      const leave = { reason: 'Leave', type: 'parental', until: day(40) };
      const { status, body: away } = await company.admin('POST', `${at}/users/${id}/deactivate`, leave);
      expect([status, away]).toMatchObject([200, { user: { status: 'onLeave', active: false }, seat: 'none' }]);
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
      expect(await company.seats()).toMatchObject({ licensed: 10, billed: 10, used: 9, free: 1, onLeave: 1 });

      const { status: hired } = await company.admin(
        'GET',
        `${at}/users/${await company.provision('sato@example.com')}`,
      );
      expect(hired).toBe(200);
      expect(await company.seats()).toMatchObject({ used: 10, free: 0, waiting: 0 });
      const { body: profile } = await company.scim('GET', `/Users/${id}`);
      expect(profile).toMatchObject({ userName: aoki, active: false });
      for (const protocol of ['saml', 'oidc'] as const)
        expect((await company.signIn(aoki, protocol)).page.status).toBe(403);
      const { body: forecast } = await company.admin('GET', `${at}/seats/forecast?days=90`);
      expect(forecast['firstShortage']).toMatchObject({ short: 1 });
      expect(JSON.stringify(forecast)).toMatch(/one seat short: .* returns, 10 of 10 in use/);

      const { body: planned } = await company.admin('GET', `${at}/users/${id}/leaves`);
      const end = `${at}/users/${id}/leaves/${planned['leaves'][0].id}/end`;
      const { body: back } = await company.admin('POST', end, {});
      expect(back['user']).toMatchObject({ status: 'waiting', active: false });
      expect((await company.signIn(aoki, 'oidc')).page.status).toBe(403);
      expect(await company.seats()).toMatchObject({ used: 10, waiting: 1 });

      expect((await company.admin('PUT', `${at}/seats`, { licensed: 11 })).status).toBe(200);
      expect((await company.admin('GET', `${at}/users/${id}`)).body).toMatchObject({ status: 'active', seat: 'held' });
      expect(await company.seats()).toMatchObject({ licensed: 11, used: 11, waiting: 0 });
      const { browser: again } = await company.signIn(aoki, 'saml');
      expect(await company.doors(again)).toEqual({ session: 200, forwardAuth: 200 });
      expect(await company.doors(browser)).toEqual({ session: 401, forwardAuth: 401 });
    });
  },
  10,
);
