// Hire while away: ten of ten seats; one is switched off, another is hired on the free seat, the first comes back and waits, a seat is bought,
// and the first is active by itself.

import { patchOp } from './company.ts';
import { describeJourney } from './journey.ts';

const setActive = (active: boolean) => ({
  schemas: [patchOp],
  Operations: [{ op: 'replace', path: 'active', value: active }],
});
const furlough = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User';

describeJourney('hire while away', (open) => {
  test('User-S has User-A’s seat, User-A waits for the next one', async () => {
    const company = open();
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) ids.push(await company.provision(`user${i}@example.com`));
    const [aoki = ''] = ids;
    expect(await company.seats()).toMatchObject({ licensed: 10, used: 10, free: 0, waiting: 0 });

    await company.scim('PATCH', `/Users/${aoki}`, setActive(false));
    expect(await company.seats()).toMatchObject({ licensed: 10, used: 9, free: 1 });
    const suzuki = await company.provision('suzuki@example.com');
    expect((await company.scim('GET', `/Users/${suzuki}`)).body).toMatchObject({ active: true });
    expect(await company.seats()).toMatchObject({ used: 10, free: 0 });

    const back = await company.scim('PATCH', `/Users/${aoki}`, setActive(true));
    expect(back.status).toBe(200);
    expect(back.body).toMatchObject({ active: false, [furlough]: { status: 'waiting', holds: [{ kind: 'seat' }] } });
    expect(await company.seats()).toMatchObject({ used: 10, waiting: 1 });
    const { page } = await company.signIn('user0@example.com', 'saml');
    expect(page.status).toBe(403);

    const bought = await company.admin('PUT', `/organizations/${company.organization}/seats`, { licensed: 11 });
    expect(bought.status).toBe(200);
    expect((await company.scim('GET', `/Users/${aoki}`)).body).toMatchObject({ active: true });
    expect(await company.seats()).toMatchObject({ licensed: 11, used: 11, free: 0, waiting: 0 });
    const { browser } = await company.signIn('user0@example.com', 'saml');
    expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });

    await company.settle();
    const recount = await company.admin('POST', `/organizations/${company.organization}/seats/recount`);
    expect(recount.body).toMatchObject({ drift: 0 });
  });
});
