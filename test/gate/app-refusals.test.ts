// "Why was I refused?" where somebody may come in, but an app, or a part of it, is not for them: the person gets a reference and whom to ask, the
// record what was asked for, and no browser fills the store with it.

import * as client from 'openid-client';
import request from 'supertest';
import type { CredentialId, GroupId } from '#directory/identifiers.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { enterApp } from './app-visits.ts';
import { by, organization, serveGate } from './gate-world.ts';
import { observeStorage } from './observed-storage.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';
import { refusalOf, registerApp } from './openid-app.ts';

const host = 'wiki.example.com';
const contact = { text: 'IT help desk, 1234', email: 'help@acme.example' };

describeAtDoors('refused by an app', (open) => {
  let world: OidcWorld;
  let browser: Browser;
  let cookie: string;
  let staff: GroupId;
  let admins: GroupId;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
    await world.provisioning.changeOrganization(organization, { contact }, by);
    [staff, admins] = [await createGroup('Staff'), await createGroup('Admins')];
    await world.addApp('wiki', [host], {
      groups: [staff],
      forwardAuth: {
        hosts: [host],
        rules: [
          { path: '/public/', access: 'public' },
          { path: '/admin/', access: { groups: [admins] } },
        ],
      },
    });
    await issue('key-of-wiki');
    browser = new Browser();
    await login(world, browser);
    cookie = await enterApp(world, browser, host);
    // At the beginning of an hour, so that no test crosses its end.
    world.clock.now = Math.ceil(world.clock.now / 3_600_000) * 3_600_000;
  });
  afterEach(() => world.close());

  async function createGroup(displayName: string): Promise<GroupId> {
    const created = await world.provisioning.createGroup(organization, { profile: { displayName }, members: [] }, by);
    return created.group.id;
  }
  async function issue(secret: string): Promise<void> {
    await world.storage.records(credentialRecords).insert({
      id: hashSecret(secret),
      organizationId: organization,
      value: {
        id: secret as CredentialId,
        organizationId: organization,
        kind: 'app',
        name: secret,
        scopes: [],
        secretHash: hashSecret(secret),
        lastFour: '',
        createdAt: world.clock.now,
      },
    });
  }
  const members = (group: GroupId, add: readonly string[], remove: readonly string[] = []) =>
    world.provisioning.changeGroup(organization, group, async ({ profile }) => ({ profile, add, remove }), by);
  const check = (uri: string | undefined, at = world.baseUrl) =>
    request(at)
      .post('/gate/check')
      .set('authorization', 'Bearer key-of-wiki')
      .send({ cookie, host, ...(uri === undefined ? {} : { uri }) });
  const refusals = async () => (await world.signIns()).filter(({ reason }) => reason === 'notAllowed');

  test('behind a proxy: a page with the reference and whom to ask, a problem for programs, and one record for both', async () => {
    const ask = (uri: string, accept: string, at = world.baseUrl) =>
      new Browser().go(`${at}/gate/forward-auth`, {
        follow: false,
        headers: {
          accept,
          cookie: `__Host-furlough-app=${cookie}`,
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': host,
          'x-forwarded-uri': uri,
        },
      });
    expect((await ask('/public/x', 'text/html')).status).toBe(200);
    const page = await ask('/page?secret=x', 'text/html');
    const [record] = await refusals();
    expect(record).toMatchObject({
      door: { name: 'forwardAuth', app: 'wiki', path: '/page' },
      userId: world.user.id,
      then: { holds: [], demands: [{ groups: [staff], isMember: false }] },
    });
    expect([page.status, page.headers.has('remote-user')]).toEqual([403, false]);
    for (const words of [record?.reference, contact.text, `mailto:${contact.email}?subject=${record?.reference ?? ''}`])
      expect(page.body).toContain(words);
    expect(page.body).not.toContain('You are not signed in');
    const problem = await ask('/page', 'application/json');
    expect(JSON.parse(problem.body)).toMatchObject({ reason: 'notAllowed', reference: record?.reference, contact });
    for (let turn = 0; turn < 5; turn += 1) {
      const many = Array.from({ length: 20 }, (_, n) => ask(`/page/${turn}/${n}`, 'text/html'));
      expect((await Promise.all(many)).every(({ status }) => status === 403)).toBe(true);
    }
    expect(await refusals()).toHaveLength(1);
    await members(staff, [world.user.id]);
    expect((await ask('/page', 'text/html')).status).toBe(200);
    expect((await ask('/admin/', 'text/html')).status).toBe(403);
    expect((await refusals())[0]?.then?.demands).toEqual([{ groups: [admins], isMember: false }]);
  });

  test('POST /gate/check: a reference, whom to ask, and what was asked for; in the group they are in', async () => {
    const { body } = await check('/page?secret=x').expect(403);
    expect(body).toMatchObject({ reason: 'notAllowed', reference: expect.any(String), contact });
    const [record, ...others] = await refusals();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      reference: body.reference,
      outcome: 'refused',
      protocol: 'session',
      door: { name: 'appCheck', app: 'wiki', path: '/page' },
      userId: world.user.id,
      checks: [
        { step: 'session', passed: true },
        { step: 'access', passed: true },
        { step: 'app', passed: false },
      ],
      then: { organizationOpen: true, exists: true, holds: [], demands: [{ groups: [staff], isMember: false }] },
    });
    expect(JSON.stringify(record)).not.toContain('secret');
    await members(staff, [world.user.id]);
    await check('/page').expect(200);
    const inner = (await check('/admin/x').expect(403)).body;
    expect(inner.reference).not.toBe(body.reference);
    expect((await refusals())[0]).toMatchObject({
      reference: inner.reference,
      door: { path: '/admin/x' },
      then: { demands: [{ groups: [admins], isMember: false }] },
    });
  });

  test('a path that can be read in two ways is not kept, and what was not met comes first', async () => {
    await members(staff, [world.user.id]);
    await check('/x/../admin/y').expect(403);
    await check(undefined).expect(403);
    const [record, ...others] = await refusals();
    expect(others).toEqual([]);
    expect(record?.door).toEqual({ name: 'appCheck', app: 'wiki' });
    expect(record?.then?.demands).toEqual([
      { groups: [admins], isMember: false },
      { groups: [staff], isMember: true },
    ]);
  });

  test('asked a hundred times, on two nodes, at ever new addresses: one record an hour for what was asked for', async () => {
    // What one process remembers, another does not know.
    const second = await serveGate({ ...world.context, storage: observeStorage(world.storage, async () => undefined) });
    const nodes = [world.baseUrl, second.baseUrl];
    const ask = async () => {
      const answers: request.Response[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        answers.push(
          ...(await Promise.all(
            Array.from({ length: 10 }, (_, n) => check(`/page/${turn}/${n}`, nodes[n % 2]).expect(403)),
          )),
        );
      }
      return new Set(answers.map(({ body }) => String(body.reference)));
    };
    const references = await ask();
    const stored = new Set((await refusals()).map(({ reference }) => reference));
    // Nodes that look at the same moment may both write; afterwards both find what was written.
    expect(stored.size).toBeLessThanOrEqual(nodes.length);
    expect([...references].every((reference) => stored.has(reference))).toBe(true);
    await ask();
    expect(await refusals()).toHaveLength(stored.size);
    await check('/admin/x').expect(403);
    expect(await refusals()).toHaveLength(stored.size + 1);
    world.clock.now += 3_600_000;
    await check('/page').expect(403);
    expect(await refusals()).toHaveLength(stored.size + 2);
    await second.close();
  });

  test('an app by OpenID Connect: the reference and the address to write to go to it with the refusal', async () => {
    const closed = await registerApp(world, 'closed', { groups: [admins] });
    const { url } = await closed.send(browser, await closed.ask());
    const [record, ...others] = await refusals();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      door: { name: 'openidProvider', app: 'closed' },
      then: { demands: [{ groups: [admins], isMember: false }] },
    });
    expect(refusalOf(url)).toEqual({
      error: 'access_denied',
      description: `notAllowed: this app is not for this person, reference ${record?.reference ?? ''}, ask ${contact.email}`,
    });
    // Something that has no place in an error of the protocol is left out.
    await world.provisioning.changeOrganization(organization, { contact: { email: 'héⅼp"@acme.example' } }, by);
    expect(refusalOf((await closed.send(browser, await closed.ask())).url).description).toMatch(
      /, reference [-0-9A-Z]+$/,
    );
    await members(admins, [world.user.id]);
    expect((await closed.signIn(browser)).access_token).toEqual(expect.any(String));
    expect(await refusals()).toHaveLength(1);
  });

  test('without a page (prompt=none), and later with what the app got: recorded once, too', async () => {
    const closed = await registerApp(world, 'closed', { groups: [admins] });
    const silent = async () => refusalOf((await closed.send(browser, await closed.ask({ prompt: 'none' }))).url).error;
    expect(await silent()).toBe('access_denied');
    expect(await refusals()).toHaveLength(1);
    await members(admins, [world.user.id]);
    const tokens = await closed.signIn(browser);
    const isActive = async () => (await client.tokenIntrospection(closed.config, tokens.access_token)).active;
    expect(await isActive()).toBe(true);
    world.clock.now += 3_600_000 - 240_000;
    const later = await closed.signIn(browser);
    await members(admins, [], [world.user.id]);
    for (let turn = 0; turn < 5; turn += 1) {
      expect((await client.tokenIntrospection(closed.config, later.access_token)).active).toBe(false);
      const userinfo = await fetch(`${closed.issuer}/me`, {
        headers: { authorization: `Bearer ${later.access_token}` },
      });
      expect(userinfo.status).toBe(401);
    }
    // The hour is the same; what was found is, too.
    expect(await refusals()).toHaveLength(1);
    world.clock.now += 240_000;
    const form = { grant_type: 'refresh_token', refresh_token: later.refresh_token ?? '' };
    expect((await closed.post('/token', form)).body['error']).toBe('invalid_grant');
    const [latest, ...others] = await refusals();
    expect(others).toHaveLength(1);
    expect(latest).toMatchObject({ door: { name: 'openidProvider', app: 'closed' } });
  });

  test('who is kept out altogether is told so, not that the app is not for them', async () => {
    await check('/page').expect(403);
    await world.deactivate(world.user);
    expect((await check('/page').expect(403)).body).toMatchObject({ reason: 'accountInactive' });
    expect(await refusals()).toHaveLength(1);
  });
});
