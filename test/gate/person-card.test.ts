// `/people/{id}`: colleagues see each other, also while one of them is inactive, and then without what their organisation hides; nobody else sees anybody.

import type { OrganizationId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { addOrganization, by, organization } from './gate-world.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';

const json = { accept: 'application/json' };
const elsewhere = 'other' as OrganizationId;

describeAtDoors('a person as colleagues see them', (open) => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
  });
  afterEach(() => world.close());

  const profile = {
    userName: 'baba@example.com',
    displayName: '馬場 花子 <i>',
    name: { familyName: '馬場', givenName: '花子' },
    title: '課長',
    emails: [{ value: 'baba@example.com', type: 'work' }],
    phoneNumbers: [{ value: '03-1234-5678', type: 'work' }],
    person: { phoneticName: { familyName: 'ばば', givenName: 'はなこ' }, birthday: '1990-01-01', aboutMe: 'climbs' },
  };
  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser();
    await login(world, browser);
    return browser;
  };
  const ask = async (browser: Browser, id: string) => {
    const { status, body } = await browser.go(`${world.baseUrl}/people/${id}`, { headers: json });
    return { status, body: JSON.parse(body) as Record<string, unknown> };
  };

  test('all of the card while active; inactive without what is hidden, with their state; in again as before', async () => {
    const { provisioning } = world;
    const { department } = await provisioning.createDepartment(organization, { profile: { name: '営業部' } }, by);
    const departments = [{ value: department.id, primary: true, jobTitle: '主任' }];
    const baba = await world.addPerson({ ...profile, person: { ...profile.person, departments } });
    const browser = await signedIn();
    const whole = (await ask(browser, baba.id)).body;
    const { birthday: _never, ...person } = profile.person;
    expect(whole).toEqual({
      id: baba.id,
      userName: profile.userName,
      displayName: profile.displayName,
      status: 'active',
      active: true,
      name: profile.name,
      title: profile.title,
      emails: profile.emails,
      phoneNumbers: profile.phoneNumbers,
      ...person,
      departments: [{ id: department.id, name: '営業部', primary: true, jobTitle: '主任' }],
    });
    await world.deactivate(baba);
    expect((await ask(browser, baba.id)).body).toEqual({ ...whole, status: 'inactive', active: false });
    const hiddenWhileInactive = ['emails', 'phoneNumbers', 'aboutMe'] as const;
    await provisioning.changeOrganization(organization, { hiddenWhileInactive }, by);
    const { emails: _e, phoneNumbers: _p, aboutMe: _a, ...rest } = whole;
    expect((await ask(browser, baba.id)).body).toEqual({ ...rest, status: 'inactive', active: false });
    const page = await browser.go(`${world.baseUrl}/people/${baba.id}`, { headers: { 'accept-language': 'ja' } });
    expect([page.status, page.body]).toEqual([200, expect.stringMatching(/停止中/)]);
    expect(page.body).toContain('馬場 花子 &lt;i&gt;');
    expect(page.body).toContain('所属: 営業部 (主任)');
    expect(page.body).not.toMatch(/baba@example\.com.*03-1234|climbs/s);
    await world.reactivate(baba);
    expect((await ask(browser, baba.id)).body).toEqual(whole);
  });

  test('a name that is hidden is not told by a display name made of it', async () => {
    const { displayName: _none, ...unnamed } = profile;
    const baba = await world.addPerson(unnamed);
    await world.deactivate(baba);
    await world.provisioning.changeOrganization(organization, { hiddenWhileInactive: ['name', 'phoneticName'] }, by);
    const { body } = await ask(await signedIn(), baba.id);
    expect(body).toMatchObject({ displayName: profile.userName, status: 'inactive' });
    expect(JSON.stringify(body)).not.toMatch(/馬場|ばば/);
  });

  test('nobody’s browser sees nobody, and neither does one whose person was deactivated', async () => {
    const baba = await world.addPerson(profile);
    const stranger = new Browser();
    expect(await ask(stranger, baba.id)).toMatchObject({ status: 401, body: { code: 'notSignedIn' } });
    expect((await stranger.go(`${world.baseUrl}/people/${baba.id}`)).status).toBe(401);
    const browser = await signedIn();
    const { body } = await browser.go(`${world.baseUrl}/sso/session`, { headers: json });
    const { id } = JSON.parse(body).user;
    await world.deactivate({ id, organizationId: organization });
    expect((await ask(browser, baba.id)).status).toBe(403);
  });

  test('of another organisation, deleted, never there: one and the same 404', async () => {
    await addOrganization(world.provisioning, elsewhere);
    const foreign = await world.addPerson(profile, { at: elsewhere });
    const gone = await world.addPerson(profile);
    await world.provisioning.removeUser(organization, gone.id, by);
    const browser = await signedIn();
    const answers = [];
    for (const id of [foreign.id, gone.id, '01a228df-9fd0-7000-8000-6f34b74cc933', 'x%00y', '__proto__'])
      answers.push(await ask(browser, id));
    for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: { code: 'userNotFound' } });
    const page = await browser.go(`${world.baseUrl}/people/${foreign.id}`);
    expect([page.status, page.body.includes('馬場')]).toEqual([404, false]);
  });
});
