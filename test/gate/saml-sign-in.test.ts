// SAML end to end over HTTP, with real signatures: S20, S21, S23, malformed posts (S12), and what the records say.

import { createHttpApp } from '#http/app.ts';
import { createGate } from '#gate/gate.ts';
import { listSessions } from '#gate/sessions/end-sessions.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { createLogger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { startSamlSignInPage, type SamlSignInPage } from '../harness/saml-sign-in-page.ts';
import { addOrganization, openGateWorld, organization, type GateWorld } from './gate-world.ts';

const parallel = process.env['FURLOUGH_TEST_SCALE'] === 'full' ? 50 : 20;

describeOnBothStorages('signing in by SAML', (open) => {
  let world: GateWorld;
  let page: SamlSignInPage;
  let user: User;
  let signIn: { kind: 'saml'; entityId: string; ssoUrl: string; certificates: readonly string[]; wantSigned: 'any' };

  beforeEach(async () => {
    world = await openGateWorld(await open());
    page = await startSamlSignInPage(() => world.clock.now);
    signIn = {
      kind: 'saml',
      entityId: page.entityId,
      ssoUrl: page.ssoUrl,
      certificates: [page.identityProvider.certificatePem],
      wantSigned: 'any',
    };
    await world.addConnection('corp', { signIn });
    user = await world.addPerson({ userName: 'aoki@example.com' });
    page.signInAs('aoki@example.com');
  });
  afterEach(async () => {
    await page.close();
    await world.close();
  });

  const acs = () => `${world.baseUrl}/sso/acme/corp/saml/acs`;
  /** What the provider's page would post for this browser. */
  const begin = async (browser: Browser, query = '', at = 'acme'): Promise<URLSearchParams> => {
    const shown = await browser.go(`${world.baseUrl}/sso/${at}/login${query}`);
    const inputs = [...shown.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
    expect(inputs).toHaveLength(2);
    return new URLSearchParams(inputs.map(([, name = '', value = '']) => [name, value]));
  };
  const post = (
    browser: Browser,
    form: URLSearchParams | string,
    url = acs(),
    headers: Record<string, string> = {},
  ): Promise<Visit> => browser.go(url, { method: 'POST', body: form, headers, follow: false });
  const sessions = () => listSessions(world.context, organization, user.id);
  const status = async (browser: Browser) =>
    (await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } })).status;
  const reasons = async () => (await world.signIns()).map(({ outcome, reason }) => reason ?? outcome);

  test('a person comes in, is locked out at once, and the record says how far each sign-in came', async () => {
    const browser = new Browser();
    const form = await begin(browser, '?return_to=/sso/session');
    const landed = await post(browser, form);
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `${world.baseUrl}/sso/session`]);
    expect(await status(browser)).toBe(200);
    expect((await world.signIns())[0]).toMatchObject({
      outcome: 'allowed',
      protocol: 'saml',
      userId: user.id,
      claimed: { issuer: page.entityId, subject: 'aoki@example.com' },
      checks: ['provider', 'attempt', 'once', 'match', 'access', 'link', 'session'].map((step) => ({
        step,
        passed: true,
      })),
    });
    await world.deactivate(user);
    expect(await status(browser)).toBe(403);
    const held = new Browser();
    expect((await post(held, await begin(held))).status).toBe(403);
    const [record] = await world.signIns();
    expect(record).toMatchObject({ outcome: 'refused', reason: 'accountInactive', userId: user.id });
    expect(record?.checks.at(-1)).toMatchObject({ step: 'access', passed: false });
  });

  test('S20 a response posted again: refused, one session', async () => {
    const browser = new Browser();
    const form = await begin(browser);
    expect((await post(browser, form)).status).toBe(303);
    expect((await post(browser, form)).status).toBe(403);
    expect(await sessions()).toHaveLength(1);
    expect(await reasons()).toEqual(['unsolicited', 'allowed']);
  });

  test('S20 posted many times at once, on two nodes: exactly one session', async () => {
    const other = await startNode(world);
    try {
      const browser = new Browser();
      const form = await begin(browser);
      const targets = Array.from({ length: parallel }, (_, index) =>
        index % 2 === 0 ? acs() : `${other.url}/sso/acme/corp/saml/acs`,
      );
      const answers = await Promise.all(targets.map((url) => post(copyOf(browser, world.baseUrl), form, url)));
      expect(answers.filter(({ status: code }) => code === 303)).toHaveLength(1);
      expect(answers.filter(({ status: code }) => code === 403)).toHaveLength(parallel - 1);
      expect(await sessions()).toHaveLength(1);
      expect((await world.signIns()).filter(({ outcome }) => outcome === 'allowed')).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test('S20 after a restart, and with a new attempt of the same browser, an assertion used before opens nothing', async () => {
    const browser = new Browser();
    const form = await begin(browser);
    expect((await post(browser, form)).status).toBe(303);
    const other = await startNode(world);
    try {
      expect((await post(browser, form, `${other.url}/sso/acme/corp/saml/acs`)).status).toBe(403);
      await begin(browser);
      expect((await post(browser, form, `${other.url}/sso/acme/corp/saml/acs`)).status).toBe(403);
      expect(await reasons()).toEqual(['requestMismatch', 'unsolicited', 'allowed']);
      expect(await sessions()).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test('S20 the same assertion id under a second request of this browser: replayed', async () => {
    const browser = new Browser();
    const assertionId = '_one-and-the-same';
    const respond = async (): Promise<Visit> => {
      const form = await begin(browser);
      const requestId =
        /InResponseTo="([^"]*)"/.exec(Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString())?.[1] ?? '';
      const audience = `${world.baseUrl}/sso/acme/corp/saml/metadata`;
      const nameId = 'aoki@example.com';
      form.set(
        'SAMLResponse',
        page.identityProvider.respond({ acsUrl: acs(), audience, inResponseTo: requestId, nameId, assertionId }),
      );
      return post(browser, form);
    };
    expect((await respond()).status).toBe(303);
    expect((await respond()).status).toBe(403);
    expect(await reasons()).toEqual(['replayed', 'allowed']);
    expect(await sessions()).toHaveLength(1);
  });

  test("S21 another browser's answer is refused, with and without an attempt; the first browser's still works", async () => {
    const [mine, other, stranger] = [new Browser(), new Browser(), new Browser()];
    const form = await begin(mine);
    await begin(other);
    expect((await post(other, form)).status).toBe(403);
    expect((await post(stranger, form)).status).toBe(403);
    expect(await reasons()).toEqual(['unsolicited', 'requestMismatch']);
    expect(await sessions()).toHaveLength(0);
    expect((await post(mine, form)).status).toBe(303);
    expect(await status(mine)).toBe(200);
  });

  test("S21 another organisation's answer is refused, with and without an attempt here", async () => {
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    await world.addConnection('corp', { organizationId: beta, signIn });
    await world.addPerson({ userName: 'aoki@example.com' }, { at: beta });
    const browser = new Browser();
    const theirs = await begin(browser, '', 'beta');
    expect((await post(browser, theirs)).status).toBe(403);
    const here = await begin(browser);
    expect((await post(browser, theirs)).status).toBe(403);
    expect(await reasons()).toEqual(['destinationMismatch', 'unsolicited']);
    expect(await sessions()).toHaveLength(0);
    expect((await post(browser, here)).status).toBe(303);
    expect((await post(browser, theirs, acs().replace('/acme/', '/beta/'))).status).toBe(303);
  });

  test.each([
    ['https://evil.example/'],
    ['//evil.example'],
    ['/\\evil.example'],
    ['javascript:alert(1)'],
    ['x'.repeat(10_240)],
    ['/path\r\nSet-Cookie: a=b'],
  ])('S23 RelayState and return_to %j lead to the default page', async (hostile) => {
    const control = new Browser();
    const genuine = await begin(control, '?return_to=/sso/session');
    expect((await post(control, genuine)).headers.get('location')).toBe(`${world.baseUrl}/sso/session`);

    const browser = new Browser();
    const form = await begin(browser, '?return_to=/sso/session');
    form.set('RelayState', hostile);
    const landed = await post(browser, form);
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `${world.baseUrl}/sso/acme/signed-in`]);
    expect(landed.headers.getSetCookie().join()).not.toContain('a=b');
    expect(await status(browser)).toBe(200);

    const asked = new Browser();
    const answered = await begin(asked, `?return_to=${encodeURIComponent(hostile)}`);
    expect((await post(asked, answered)).headers.get('location')).toBe(`${world.baseUrl}/sso/acme/signed-in`);
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
    const form = await begin(browser);
    const refused = await post(browser, body, acs(), {
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    });
    expect(refused.status).toBe(400);
    expect(await reasons()).toEqual(['malformedRequest']);
    expect((await post(browser, form)).status).toBe(303);
  });

  test('metadata names our addresses; unknown organisations and connections are 404', async () => {
    const browser = new Browser();
    const metadata = await browser.go(`${world.baseUrl}/sso/acme/corp/saml/metadata`);
    expect(metadata.headers.get('content-type')).toContain('application/samlmetadata+xml');
    expect(metadata.body).toContain(acs());
    for (const path of [
      'acme/other/saml/metadata',
      'beta/corp/saml/metadata',
      'beta/login',
      'acme/login?connection=other',
      'session/login',
    ]) {
      expect((await browser.go(`${world.baseUrl}/sso/${path}`)).status).toBe(404);
    }
  });

  test('with several connections and none named the person chooses; names are shown as text', async () => {
    await world.addConnection('second', { signIn, name: '<script>alert(1)</script>' });
    const browser = new Browser();
    const chooser = await browser.go(`${world.baseUrl}/sso/acme/login?return_to=/sso/session`, {
      headers: { 'accept-language': 'ja' },
    });
    expect(chooser.status).toBe(200);
    expect(chooser.body).toContain('サインインの方法');
    expect(chooser.body).toContain('&lt;script&gt;');
    expect(chooser.body).not.toContain('<script>');
    expect(chooser.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(chooser.body).toContain('/sso/acme/login?connection=corp&amp;return_to=%2Fsso%2Fsession');
    expect((await begin(browser, '?connection=corp')).get('SAMLResponse')).not.toBeNull();
  });
});

/** One more node over the same store and for the same public origin. */
async function startNode(world: GateWorld): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const gate = createGate(world.context);
  const app = createHttpApp({
    baseUrl: world.baseUrl,
    trustedProxies: [],
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics({ version: 'test', readValues: () => Promise.reject(new Error('nobody scrapes here')) }),
    createRequestId: () => 'second-node',
    mounts: [{ path: '/', router: gate.router }],
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, 'localhost', () => resolve(listening));
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await gate.close();
    },
  };
}

/** A browser with the same cookies, so that many can post at once without seeing each other's answers. */
function copyOf(browser: Browser, url: string): Browser {
  const copy = new Browser();
  for (const pair of browser.cookieHeader(url).split('; ')) {
    const equals = pair.indexOf('=');
    copy.setCookie(url, pair.slice(0, equals), pair.slice(equals + 1));
  }
  return copy;
}
