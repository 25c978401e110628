// The returner: everything is as before, but nothing that was ended comes back to life.

import { Browser } from '../harness/browser.ts';
import { passOn } from '../harness/saml-sign-in-page.ts';
import { patchOp } from './company.ts';
import { describeJourney } from './journey.ts';

const setActive = (active: boolean) => ({ schemas: [patchOp], Operations: [{ op: 'replace', value: { active } }] });

describeJourney('the returner', (open) => {
  test('comes back with profile, id and access; the old session stays dead', async () => {
    const company = open();
    const userName = 'aoki@example.com';
    const id = await company.provision(userName);
    const before = (await company.scim('GET', `/Users/${id}`)).body;
    const { browser: old } = await company.signIn(userName, 'saml');
    const everyDoor = await company.showUp(old);
    expect(Object.values(await everyDoor())).toEqual([true, true, true, true]);
    await company.scim('PATCH', `/Users/${id}`, setActive(false));
    expect(await company.doors(old)).toEqual({ session: 403, forwardAuth: 403 });

    const { status, body } = await company.scim('PATCH', `/Users/${id}`, setActive(true));
    expect(status).toBe(200);
    const { meta: _was, ...profile } = before;
    expect(body).toMatchObject(profile);
    expect(await company.doors(old)).toEqual({ session: 401, forwardAuth: 401 });
    expect(Object.values(await everyDoor())).toEqual([false, false, false, false]);
    await company.settle();
    expect(await company.doors(old)).toEqual({ session: 401, forwardAuth: 401 });
    expect(Object.values(await everyDoor())).toEqual([false, false, false, false]);
    const { browser } = await company.signIn(userName, 'saml');
    expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
  });

  test('who signs in again in one browser ends the earlier session, although the answer comes without its cookie (L05)', async () => {
    const company = open();
    await company.provision('doi@example.com');
    const { browser } = await company.signIn('doi@example.com', 'saml');
    const old = browser.cookie(company.url, 'furlough-session') ?? '';
    const page = await browser.go(`${company.url}/sso/${company.organization}/login?connection=first`);
    const thief = new Browser();
    thief.setCookie(company.url, 'furlough-session', old);
    expect(await company.doors(thief)).toEqual({ session: 200, forwardAuth: 200 });
    browser.setCookie(company.url, 'furlough-session', '');
    await passOn(browser, page);
    expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
    expect(await company.doors(thief)).toEqual({ session: 401, forwardAuth: 401 });
  });

  test('is not brought back by a sync when an administrator switched the account off', async () => {
    const company = open();
    const id = await company.provision('baba@example.com');
    await company.admin('POST', `/organizations/${company.organization}/users/${id}/deactivate`, {
      reason: 'Security',
    });
    const { body } = await company.scim('PATCH', `/Users/${id}`, setActive(true));
    expect(body).toMatchObject({
      active: false,
      'urn:ietf:params:scim:schemas:extension:furlough:2.0:User': { status: 'inactive', holds: [{ kind: 'security' }] },
    });
    const { page } = await company.signIn('baba@example.com', 'saml');
    expect(page.status).toBe(403);
  });

  test('who is posted again comes back under the same id', async () => {
    const company = open();
    const id = await company.provision('chiba@example.com');
    await company.scim('PATCH', `/Users/${id}`, setActive(false));
    expect(await company.provision('chiba@example.com')).toBe(id);
    const { browser } = await company.signIn('chiba@example.com', 'saml');
    expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
  });
});
