// T03: two organisations that use the same userName, externalId, connection, identity provider (entityID) and client (client_id): both work, and
// what happens to one is nothing to the other.

import { describeWithMongo } from '../harness/mongo-for-tests.ts';
import { passOn } from '../harness/saml-sign-in-page.ts';
import { Browser } from '../harness/browser.ts';
import { openTwoOrganizations, shared, USER, type Party, type TwoOrganizations } from './two-organizations.ts';

describe('T03 on SQLite', () => {
  declareSuite('sqlite');
});
describeWithMongo('T03 on MongoDB', () => {
  declareSuite('mongodb');
});

function declareSuite(kind: 'sqlite' | 'mongodb'): void {
  let world: TwoOrganizations;
  beforeAll(async () => {
    world = await openTwoOrganizations(kind);
  });
  afterAll(async () => {
    await world.stop();
  });

  /** Who `/sso/session` says is signed in, and where. */
  async function whoIs(browser: Browser): Promise<readonly unknown[]> {
    const { status, body } = await browser.go(`${world.url}/sso/session`, { headers: { accept: 'application/json' } });
    const { user, organization } = JSON.parse(body);
    return [status, user?.id ?? null, organization?.id ?? organization ?? null];
  }

  test.each([
    ['userName', `userName eq "${shared.userName}"`],
    ['externalId', `externalId eq "${shared.externalId}"`],
    ['e-mail', `emails.value eq "${shared.userName}"`],
  ])('T03 the same %s finds each organisation’s own person', async (_name, filter) => {
    for (const party of [world.a, world.b]) {
      const { body } = await party.scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
      expect(body['Resources'].map(({ id }: { id: string }) => id)).toEqual([party.samePerson]);
    }
  });

  test('T03 a userName that the other organisation has is free; one that the own one has is taken', async () => {
    const { a, b } = world;
    const body = { schemas: [USER], userName: b.userName };
    const created = await a.scim('POST', '/Users', body);
    expect(created.status).toBe(201);
    expect((await a.scim('POST', '/Users', { ...body, externalId: 'another' })).status).toBe(409);
    expect((await a.scim('DELETE', `/Users/${created.body['id']}`)).status).toBe(204);
    expect((await b.scim('GET', `/Users/${b.person}`)).body['userName']).toBe(b.userName);
  });

  test('T03 one identity provider and one client sign the same name in at both, each as its own person', async () => {
    const browserOf = async (party: Party, name: string, connection: string) =>
      (await party.signInAs(name, connection)).browser;
    for (const party of [world.a, world.b]) {
      const byOidc = await browserOf(party, shared.userName, shared.connection);
      expect(await whoIs(byOidc)).toEqual([200, party.samePerson, party.id]);
      const bySaml = await browserOf(party, party.userName, party.connection);
      expect(await whoIs(bySaml)).toEqual([200, party.person, party.id]);
    }
  });

  test('T03 the same subject of the same provider is linked in each organisation by itself', async () => {
    const { a, b } = world;
    const signedIn = async (party: Party) => whoIs((await party.signInAs(shared.userName, shared.connection)).browser);
    const rename = (userName: string) =>
      a.scim('PATCH', `/Users/${a.samePerson}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'userName', value: userName }],
      });
    expect(await signedIn(a)).toEqual([200, a.samePerson, a.id]);
    expect(await signedIn(b)).toEqual([200, b.samePerson, b.id]);
    // The name does not lead to the person any more: only the link does.
    expect((await rename('renamed@shared.test')).status).toBe(200);
    expect(await signedIn(a)).toEqual([200, a.samePerson, a.id]);
    expect((await rename(shared.userName)).status).toBe(200);
  });

  test('T03 what one identity provider says to one organisation does not open the other', async () => {
    const { a, b, saml, url } = world;
    saml.signInAs(b.userName);
    const browser = new Browser();
    const page = await browser.go(`${url}/sso/${a.id}/login?connection=${a.connection}`);
    const redirected = page.body.replaceAll(`/sso/${a.id}/${a.connection}/`, `/sso/${b.id}/${b.connection}/`);
    const refused = await passOn(browser, { ...page, body: redirected });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect((await whoIs(browser))[0]).toBe(401);
    saml.signInAs(a.userName);
    expect(await whoIs((await a.signInAs(a.userName)).browser)).toEqual([200, a.person, a.id]);
  });

  test('T03 the same Idempotency-Key and the same body in two organisations are two requests', async () => {
    const answers = await Promise.all(
      [world.a, world.b].map(async (party) =>
        JSON.parse(
          (
            await world.wire.send({
              method: 'POST',
              target: `/api/v1/organizations/${party.id}/credentials`,
              headers: {
                authorization: `Bearer ${party.adminKey}`,
                'content-type': 'application/json',
                'idempotency-key': 'the-same-key',
              },
              body: '{"kind":"app","name":"App"}',
            })
          ).text,
        ),
      ),
    );
    expect(answers.map(({ credential }) => credential.organization)).toEqual([world.a.id, world.b.id]);
    expect(answers[0].secret).not.toBe(answers[1].secret);
  });

  test('T03 the connection of the same id, the seats and the person of the same name of one stay when the other’s go', async () => {
    const { a, b } = world;
    const { browser } = await b.signInAs(shared.userName, shared.connection);
    const used = async (party: Party) => (await party.admin('GET', '/seats')).body['used'];
    const [usedByA, usedByB] = [await used(a), await used(b)];
    expect((await a.admin('POST', `/users/${a.samePerson}/deactivate`, {})).status).toBe(200);
    expect([await used(a), await used(b)]).toEqual([usedByA - 1, usedByB]);
    expect((await b.admin('GET', `/users/${b.samePerson}`)).body['active']).toBe(true);
    expect((await a.admin('DELETE', `/connections/${shared.connection}`)).status).toBe(200);
    expect((await a.admin('GET', `/connections/${shared.connection}`)).status).toBe(404);
    expect((await b.admin('GET', `/connections/${shared.connection}`)).status).toBe(200);
    expect((await a.scim('DELETE', `/Users/${a.samePerson}`)).status).toBe(204);
    await world.settle();
    expect(await whoIs(browser)).toEqual([200, b.samePerson, b.id]);
    const again = await b.signInAs(shared.userName, shared.connection);
    expect((await whoIs(again.browser))[0]).toBe(200);
  });
}
