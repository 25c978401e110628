// Every page that refuses somebody ends with a reference and, where the organisation is known, with whom to ask; programs are told the same.

import request from 'supertest';
import type { Organization } from '#directory/organization.ts';
import type { CredentialId, OrganizationId } from '#directory/identifiers.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type GoOptions } from '../harness/browser.ts';
import { enterApp } from './app-visits.ts';
import { addOrganization, by, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';
import { registerApp } from './openid-app.ts';

const contact: Organization['contact'] = { text: 'IT <help> desk', email: 'help@acme.example' };
const form = 'application/x-www-form-urlencoded';

describeAtDoors('what a refused person can do next', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  beforeEach(async () => {
    observer = async () => undefined;
    world = await openOidcWorld(await open(), {
      config: { signInsPerMinute: 6 },
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    await world.provisioning.changeOrganization(organization, { contact }, by);
    await addOrganization(world.provisioning, 'beta' as OrganizationId);
  });
  afterEach(() => world.close());

  const go = (path: string, options: GoOptions = {}, browser = new Browser()) =>
    browser.go(`${world.baseUrl}${path}`, {
      ...options,
      headers: { 'x-request-id': 'request-seven', ...options.headers },
    });
  const untilTooMany = async (path: string) => {
    for (let n = 0; n < 100; n += 1) {
      const page = await go(path, { follow: false });
      if (page.status === 429) return page;
    }
    throw new Error('never too many');
  };
  const told = (body: string) => ({
    reference: body.includes('request-seven'),
    contact: body.includes('IT &lt;help&gt; desk') && body.includes('mailto:help@acme.example?subject=request-seven'),
  });
  const both = { reference: true, contact: true };
  const one = { reference: true, contact: false };

  test.each<[string, number, string, GoOptions, typeof both]>([
    ['no such connection', 404, '/sso/acme/nothing/oidc/callback', {}, both],
    ['no metadata of it', 404, '/sso/acme/corp/saml/metadata', {}, both],
    ['no such organisation', 404, '/sso/nobody/login', {}, one],
    ['an organisation without a contact', 404, '/sso/beta/login', {}, one],
    ['a form that is none', 400, '/sso/acme/login', { method: 'POST', body: '{}' }, both],
    ['the same where no organisation is named', 400, '/sso/login', { method: 'POST', body: '{}' }, one],
    ['a provider of nobody', 404, '/oidc/nobody/auth', {}, one],
    ['nothing at the provider', 404, '/oidc/acme/nothing', {}, both],
    ['an app that is unknown to the provider', 400, '/oidc/acme/auth?client_id=nothing&response_type=code', {}, both],
    ['an interaction of nobody', 400, '/oidc/acme/interaction/nothing', {}, both],
    ['no app to sign in to', 400, '/gate/sign-in', {}, one],
    ['a host that is no app', 403, `/gate/sign-in?app=https://no.example&state=${'0'.repeat(64)}`, {}, one],
    [
      'an answer that nobody waits for',
      403,
      '/sso/acme/corp/oidc/callback?code=x&state=x',
      {},
      { reference: false, contact: false },
    ],
  ])('%s: %d', async (_what, status, path, options, expected) => {
    const page = await go(path, options);
    expect([page.status, page.headers.get('content-type')]).toEqual([status, expect.stringContaining('text/html')]);
    expect(told(page.body)).toEqual(expected);
    // What was recorded has a reference of its own, and the same contact.
    const [record] = await world.signIns();
    if (!expected.reference) expect(page.body).toContain(`subject=${record?.reference ?? ''}`);
    else expect(record).toBeUndefined();
  });

  test('too many sign-ins: 429 with both, while the store is away with the reference alone, and for a while without asking it', async () => {
    const page = await untilTooMany('/sso/acme/login');
    expect([page.status, told(page.body)]).toEqual([429, both]);
    let asked = 0;
    observer = async (moment) => {
      if (moment === 'before organizations.get') asked += 1;
    };
    expect(told((await go('/sso/acme/login')).body)).toEqual(both);
    expect(asked).toBe(0);
    observer = async () => {
      throw new StorageError('unavailable', 'planted outage');
    };
    const away = await go('/sso/beta/login', { headers: { 'accept-language': 'ja' } });
    expect([away.status, told(away.body)]).toEqual([429, one]);
    const app = await go('/oidc/acme/auth');
    expect([app.status, told(app.body)]).toEqual([503, one]);
  });

  test('too many authorization requests: the same page', async () => {
    const app = await registerApp(world, 'wiki');
    const { url } = await app.ask({ prompt: 'none' });
    const path = `${url.pathname}${url.search}`;
    const page = await untilTooMany(path);
    expect([page.status, told(page.body)]).toEqual([429, both]);
  });

  test('a form of one’s own sessions that is out of date: a page for people, the problem for programs', async () => {
    const browser = new Browser();
    await login(world, browser);
    const post = (headers: Record<string, string>) =>
      go(
        '/sso/sessions/end-all',
        { method: 'POST', body: 'formToken=old', headers: { origin: world.baseUrl, 'content-type': form, ...headers } },
        browser,
      );
    const page = await post({});
    expect([page.status, told(page.body)]).toEqual([403, both]);
    expect(page.body).not.toContain('You are not signed in');
    const problem = await post({ accept: 'application/json' });
    expect([problem.status, JSON.parse(problem.body).code]).toEqual([403, 'formTokenWrong']);
    const foreign = await post({ origin: 'https://evil.example' });
    expect([foreign.status, told(foreign.body)]).toEqual([403, one]);
  });

  test('programs that are refused somebody are told the reference and whom to ask', async () => {
    const host = 'wiki.example.com';
    await world.addApp('wiki', [host]);
    await world.storage.records(credentialRecords).insert({
      id: hashSecret('key'),
      organizationId: organization,
      value: {
        id: 'key' as CredentialId,
        organizationId: organization,
        kind: 'app',
        name: 'key',
        scopes: [],
        secretHash: hashSecret('key'),
        lastFour: '',
        createdAt: world.clock.now,
      },
    });
    const browser = new Browser();
    await login(world, browser);
    const cookie = await enterApp(world, browser, host);
    const ask = (path: string, body: object) =>
      request(world.baseUrl)
        .post(path)
        .set('authorization', 'Bearer key')
        .set('x-request-id', 'request-seven')
        .send(body);
    await ask('/gate/check', { cookie, host }).expect(200);
    const again = await ask('/gate/exchange', { code: 'x', states: [], host }).expect(403);
    expect(again.body).toMatchObject({ reason: 'startAgain', reference: 'request-seven', contact });
    await world.deactivate(world.user);
    const held = await ask('/gate/check', { cookie, host }).expect(403);
    const [record] = await world.signIns();
    expect(held.body).toMatchObject({ reason: 'accountInactive', reference: record?.reference, contact });
    await world.reactivate(world.user);
    await world.provisioning.changeOrganization(organization, { state: 'suspended' }, by);
    expect((await ask('/gate/check', { cookie, host }).expect(403)).body).toMatchObject({
      reason: 'organizationSuspended',
      reference: expect.any(String),
    });
  });
});
