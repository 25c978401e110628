// SAML end to end over HTTP, with real signatures: S20 and S21, and what the records say.

import { listSessions } from '#gate/sessions/end-sessions.ts';
import { usedOnceRecords } from '#gate/sign-in/used-once.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { addOrganization, organization } from './gate-world.ts';
import { sessionStatus } from './oidc-world.ts';
import { startNode } from './second-node.ts';
import { begin, openSamlWorld, post, reasons, type SamlWorld } from './saml-world.ts';
import { runs } from '../harness/test-scale.ts';

const parallel = runs(20, 50);

describeAtDoors('signing in by SAML', (open) => {
  let world: SamlWorld;
  beforeEach(async () => {
    world = await openSamlWorld(await open());
  });
  afterEach(() => world.close());

  const sessions = () => listSessions(world.context, organization, world.user.id);

  test('a person comes in, is locked out at once, and the record says how far each sign-in came', async () => {
    const browser = new Browser();
    const form = await begin(world, browser, '?return_to=/sso/session');
    const landed = await post(world, browser, form);
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `${world.baseUrl}/sso/session`]);
    expect(await sessionStatus(world, browser)).toBe(200);
    expect((await world.signIns())[0]).toMatchObject({
      outcome: 'allowed',
      protocol: 'saml',
      userId: world.user.id,
      claimed: { issuer: world.page.entityId, subject: 'aoki@example.com' },
      checks: ['provider', 'attempt', 'once', 'match', 'access', 'link', 'session'].map((step) => ({
        step,
        passed: true,
      })),
    });
    await world.deactivate(world.user);
    expect(await sessionStatus(world, browser)).toBe(403);
    const held = new Browser();
    expect((await post(world, held, await begin(world, held))).status).toBe(403);
    const [record] = await world.signIns();
    expect(record).toMatchObject({ outcome: 'refused', reason: 'accountInactive', userId: world.user.id });
    expect(record?.checks.at(-1)).toMatchObject({ step: 'access', passed: false });
  });

  test('S20 a response posted again: refused, one session', async () => {
    const browser = new Browser();
    const form = await begin(world, browser);
    expect((await post(world, browser, form)).status).toBe(303);
    expect((await post(world, browser, form)).status).toBe(403);
    expect(await sessions()).toHaveLength(1);
    expect(await reasons(world)).toEqual(['unsolicited', 'allowed']);
  });

  test('S20 posted many times at once, on two nodes: exactly one session', async () => {
    const other = await startNode(world);
    try {
      const browser = new Browser();
      const form = await begin(world, browser);
      const targets = Array.from({ length: parallel }, (_, index) =>
        index % 2 === 0 ? world.acs : `${other.url}/sso/acme/corp/saml/acs`,
      );
      const answers = await Promise.all(targets.map((url) => post(world, copyOf(browser, world.baseUrl), form, url)));
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
    const form = await begin(world, browser);
    expect((await post(world, browser, form)).status).toBe(303);
    const other = await startNode(world);
    try {
      expect((await post(world, browser, form, `${other.url}/sso/acme/corp/saml/acs`)).status).toBe(403);
      await begin(world, browser);
      expect((await post(world, browser, form, `${other.url}/sso/acme/corp/saml/acs`)).status).toBe(403);
      expect(await reasons(world)).toEqual(['requestMismatch', 'unsolicited', 'allowed']);
      expect(await sessions()).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test('S20 the same assertion id under a second request of this browser: replayed', async () => {
    const browser = new Browser();
    const assertionId = '_one-and-the-same';
    const respond = async (): Promise<Visit> => {
      const form = await begin(world, browser);
      const requestId =
        /InResponseTo="([^"]*)"/.exec(Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString())?.[1] ?? '';
      const audience = `${world.baseUrl}/sso/acme/corp/saml/metadata`;
      const nameId = 'aoki@example.com';
      form.set(
        'SAMLResponse',
        world.page.identityProvider.respond({
          acsUrl: world.acs,
          audience,
          inResponseTo: requestId,
          nameId,
          assertionId,
        }),
      );
      return post(world, browser, form);
    };
    expect((await respond()).status).toBe(303);
    expect((await respond()).status).toBe(403);
    expect(await reasons(world)).toEqual(['replayed', 'allowed']);
    expect(await sessions()).toHaveLength(1);
  });

  test('Z02 used, past its time and swept away: with the clock ten minutes behind again it opens nothing', async () => {
    const browser = new Browser();
    const respond = async (at: number): Promise<Visit> => {
      const form = await begin(world, browser);
      const request = Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString();
      const inResponseTo = /InResponseTo="([^"]*)"/.exec(request)?.[1] ?? '';
      const audience = `${world.baseUrl}/sso/acme/corp/saml/metadata`;
      const wanted = { acsUrl: world.acs, audience, inResponseTo, nameId: 'aoki@example.com', now: at };
      form.set('SAMLResponse', world.page.identityProvider.respond({ ...wanted, assertionId: '_once-in-a-lifetime' }));
      return post(world, browser, form);
    };
    const began = world.clock.now;
    expect((await respond(began)).status).toBe(303);
    // Nobody can use it any more, the skew granted.
    const minute = 60_000;
    const refusedAt = async (later: number): Promise<number> => {
      world.clock.now = began + later;
      return (await respond(began)).status;
    };
    expect(await refusedAt(9 * minute)).toBe(403);
    const used = { ...usedOnceRecords, keysOf: () => [] };
    for (const later of [9, 12, 14]) {
      await world.context.storage.records(used).deleteExpired(began + later * minute, 100);
      expect(await refusedAt((later - 10) * minute)).toBe(403);
    }
    expect((await reasons(world)).filter((reason) => reason === 'allowed')).toHaveLength(1);
    expect(await sessions()).toHaveLength(1);
  });

  test("S21 another browser's answer is refused, with and without an attempt; the first browser's still works", async () => {
    const [mine, other, stranger] = [new Browser(), new Browser(), new Browser()];
    const form = await begin(world, mine);
    await begin(world, other);
    expect((await post(world, other, form)).status).toBe(403);
    expect((await post(world, stranger, form)).status).toBe(403);
    expect(await reasons(world)).toEqual(['unsolicited', 'requestMismatch']);
    expect(await sessions()).toHaveLength(0);
    expect((await post(world, mine, form)).status).toBe(303);
    expect(await sessionStatus(world, mine)).toBe(200);
  });

  test("S21 another organisation's answer is refused, with and without an attempt here", async () => {
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    await world.addConnection('corp', { organizationId: beta, signIn: world.signIn });
    await world.addPerson({ userName: 'aoki@example.com' }, { at: beta });
    const browser = new Browser();
    const theirs = await begin(world, browser, '', 'beta');
    expect((await post(world, browser, theirs)).status).toBe(403);
    const here = await begin(world, browser);
    expect((await post(world, browser, theirs)).status).toBe(403);
    expect(await reasons(world)).toEqual(['destinationMismatch', 'unsolicited']);
    expect(await sessions()).toHaveLength(0);
    expect((await post(world, browser, here)).status).toBe(303);
    expect((await post(world, browser, theirs, world.acs.replace('/acme/', '/beta/'))).status).toBe(303);
  });
});

/** A browser with the same cookies, so that many can post at once without seeing each other's answers. */
function copyOf(browser: Browser, url: string): Browser {
  const copy = new Browser();
  for (const pair of browser.cookieHeader(url).split('; ')) {
    const equals = pair.indexOf('=');
    copy.setCookie(url, pair.slice(0, equals), pair.slice(equals + 1));
  }
  return copy;
}
