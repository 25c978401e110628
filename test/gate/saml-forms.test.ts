// What is posted to our assertion consumer service and asked of our sign-in page: S12, S23, metadata, the chooser. No storage takes part in
// these rules, so they run on one.

import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { recordKinds } from '#record-kinds.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { Browser } from '../harness/browser.ts';
import { addOrganization, organization } from './gate-world.ts';
import { sessionStatus } from './oidc-world.ts';
import { begin, openSamlWorld, post, reasons, type SamlWorld } from './saml-world.ts';

describe('the doors of a SAML sign-in', () => {
  let world: SamlWorld;
  beforeAll(async () => {
    world = await openSamlWorld(await openSqliteStorage({ path: ':memory:', recordKinds }));
  });
  afterAll(async () => {
    await world.close();
    await world.storage.close();
  });

  test.each([
    ['another site', 'https://evil.example/'],
    ['another host', '//evil.example'],
    ['another host by backslash', '/\\evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['10 kB', 'x'.repeat(10_240)],
    ['a header line', '/path\r\nSet-Cookie: a=b'],
  ])('S23 %s as RelayState or return_to leads to the default page', async (_what, hostile) => {
    const control = new Browser();
    const genuine = await begin(world, control, '?return_to=/sso/session');
    expect((await post(world, control, genuine)).headers.get('location')).toBe(`${world.baseUrl}/sso/session`);

    const browser = new Browser();
    const form = await begin(world, browser, '?return_to=/sso/session');
    form.set('RelayState', hostile);
    const landed = await post(world, browser, form);
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `${world.baseUrl}/sso/acme/signed-in`]);
    expect(landed.headers.getSetCookie().join()).not.toContain('a=b');
    expect(await sessionStatus(world, browser)).toBe(200);

    const asked = new Browser();
    const answered = await begin(world, asked, `?return_to=${encodeURIComponent(hostile)}`);
    expect((await post(world, asked, answered)).headers.get('location')).toBe(`${world.baseUrl}/sso/acme/signed-in`);
  });

  test.each([
    ['no SAMLResponse', 'RelayState=x', {}],
    ['SAMLResponse twice', 'SAMLResponse=PHg%2B&SAMLResponse=PHg%2B', {}],
    ['no base64', 'SAMLResponse=%21%21', {}],
    ['a SAMLRequest beside', 'SAMLResponse=PHg%2B&SAMLRequest=PHg%2B', {}],
    ['JSON', '{"SAMLResponse":"PHg+"}', { 'content-type': 'application/json' }],
    ['300 kB', `SAMLResponse=${'A'.repeat(300_000)}`, {}],
  ])('S12 %s: 400, recorded, and the genuine answer still works', async (_what, body, headers) => {
    const browser = new Browser();
    const form = await begin(world, browser);
    const before = (await reasons(world)).length;
    const refused = await post(world, browser, body, world.acs, {
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    });
    expect(refused.status).toBe(400);
    const [latest, ...earlier] = await reasons(world);
    expect(latest).toBe('malformedRequest');
    expect(earlier).toHaveLength(before);
    expect((await post(world, browser, form)).status).toBe(303);
  });

  test('S26 a connection without a certificate signs nobody in; with it restored it does', async () => {
    const store = world.storage.records(connectionRecords);
    const id = connectionRecordId(organization, 'corp' as ConnectionId);
    const change = async (certificates: readonly string[]): Promise<void> => {
      const record = await store.get(id, world.clock.now);
      if (record === null) throw new Error('no connection');
      await store.replace({ ...record, value: { ...record.value, signIn: { ...world.signIn, certificates } } });
    };
    const browser = new Browser();
    const form = await begin(world, browser);
    await change([]);
    for (const refused of [await post(world, browser, form), await browser.go(`${world.baseUrl}/sso/acme/login`)]) {
      expect(refused.status).toBe(403);
      expect((await reasons(world))[0]).toBe('noCertificate');
    }
    await change(world.signIn.certificates);
    expect((await post(world, browser, form)).status).toBe(303);
    expect(await sessionStatus(world, browser)).toBe(200);
  });

  test('metadata names our addresses; unknown organisations and connections are 404', async () => {
    const browser = new Browser();
    const metadata = await browser.go(`${world.baseUrl}/sso/acme/corp/saml/metadata`);
    expect(metadata.headers.get('content-type')).toContain('application/samlmetadata+xml');
    expect(metadata.body).toContain(world.acs);
    for (const path of [
      'acme/other/saml/metadata',
      'gamma/corp/saml/metadata',
      'gamma/login',
      'acme/login?connection=other',
      'session/login',
    ]) {
      expect((await browser.go(`${world.baseUrl}/sso/${path}`)).status).toBe(404);
    }
  });

  test('with several connections and none named the person chooses; names are shown as text', async () => {
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    const { signIn } = world;
    await world.addConnection('corp', { organizationId: beta, signIn });
    await world.addConnection('second', { organizationId: beta, signIn, name: '<script>alert(1)</script>' });
    const browser = new Browser();
    const chooser = await browser.go(`${world.baseUrl}/sso/beta/login?return_to=/sso/session`, {
      headers: { 'accept-language': 'ja' },
    });
    expect(chooser.status).toBe(200);
    expect(chooser.body).toContain('ログインの方法');
    expect(chooser.body).toContain('&lt;script&gt;');
    expect(chooser.body).not.toContain('<script>');
    expect(chooser.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(chooser.body).toContain('/sso/beta/login?connection=corp&amp;return_to=%2Fsso%2Fsession');
    expect((await begin(world, browser, '?connection=corp', 'beta')).get('SAMLResponse')).not.toBeNull();
  });
});
