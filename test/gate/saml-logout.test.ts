// Single logout by SAML through the public door, on both stores: S08's LogoutRequest, S25, the way there and back.

import { deflateRawSync } from 'node:zlib';
import type { SamlSignIn } from '#directory/connection.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { listSessions } from '#gate/sessions/end-sessions.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { replaceOnce } from '../harness/saml-identity-provider.ts';
import {
  readOurRedirect,
  toRedirectQuery,
  toSignedForm,
  writeLogoutRequest,
  writeLogoutResponse,
  type LogoutRequestWords,
} from '../harness/saml-logout.ts';
import {
  ecdsa,
  ecdsaSha1,
  ecdsaSha256,
  goodAlgorithms,
  type MakeValue,
  pssSha1,
  pssSha256,
  rsa,
  rsaPss,
  rsaSha1,
  rsaSha256,
  valuesByName,
} from '../harness/saml-signature-values.ts';
import {
  createEllipticCertificate,
  createSelfSignedCertificate,
  type KeyWithCertificate,
} from '../harness/self-signed-certificate.ts';
import { organization } from './gate-world.ts';
import { sessionStatus } from './oidc-world.ts';
import { begin, openSamlWorld, post, reasons, type SamlWorld } from './saml-world.ts';

const stranger = createSelfSignedCertificate('stranger');
const keyOfKind = (kind: string): KeyWithCertificate =>
  kind === 'rsa' ? createSelfSignedCertificate(kind) : createEllipticCertificate(kind, kind);
const there = 'https://idp.example/slo?tenant=1';

describeAtDoors('single logout by SAML', (open) => {
  let world: SamlWorld;
  let slo: string;
  beforeEach(async () => {
    world = await openSamlWorld(await open());
    slo = `${world.baseUrl}/sso/acme/corp/saml/slo`;
    await setUp({ logout: 'on', logoutService: { url: there } });
  });
  afterEach(() => world.close());

  const setUp = async (options: Partial<SamlSignIn>): Promise<void> => {
    const store = world.storage.records(connectionRecords);
    const record = await store.get(connectionRecordId(organization, 'corp' as ConnectionId), world.clock.now);
    if (record === null) throw new Error('no connection');
    await store.replace({ ...record, value: { ...record.value, signIn: { ...world.signIn, ...options } } });
  };
  const signIn = async (): Promise<Browser> => {
    // Providers know seconds: what they said of a logout within this one they are taken to have said afterwards.
    world.clock.now += 1_000;
    const browser = new Browser();
    await post(world, browser, await begin(world, browser));
    expect(await sessionStatus(world, browser)).toBe(200);
    return browser;
  };
  const key = () => world.page.identityProvider.key;
  const wish = (change: Partial<LogoutRequestWords> = {}) =>
    writeLogoutRequest({
      entityId: world.page.entityId,
      destination: slo,
      nameId: 'aoki@example.com',
      now: world.clock.now,
      ...change,
    });
  const redirect = (query: string, browser = new Browser()): Promise<Visit> =>
    browser.go(`${slo}?${query}`, { follow: false });
  const asForm = (body: URLSearchParams | string, browser = new Browser()): Promise<Visit> =>
    post(world, browser, body, slo);
  const liveSessions = async (): Promise<number> =>
    (await listSessions(world.context, organization, world.user.id)).filter(({ value }) => value.endedAt === undefined)
      .length;
  const ours = async (): Promise<string> =>
    (await world.context.samlKeys.signer({ organizationId: organization, id: 'corp' as ConnectionId })).certificatePem;

  test('a signed request ends all of the person’s sessions, by either binding, and is answered signed', async () => {
    for (const send of [
      (message: { xml: string; id: string }, browser: Browser) =>
        redirect(toRedirectQuery(message.xml, key(), { relayState: 'their words' }), browser),
      (message: { xml: string; id: string }, browser: Browser) =>
        asForm(toSignedForm(message, key(), 'their words'), browser),
    ]) {
      const [first, second] = [await signIn(), await signIn()];
      const message = wish();
      const answer = await send(message, first);
      expect([302, 303]).toContain(answer.status);
      const location = answer.headers.get('location') ?? '';
      expect(location.startsWith(`${there}&SAMLResponse=`)).toBe(true);
      const sent = readOurRedirect(location, await ours());
      expect(sent).toMatchObject({ isSigned: true, relayState: 'their words' });
      expect(sent.xml).toContain(`InResponseTo="${message.id}"`);
      expect(sent.xml).toContain('status:Success');
      expect(await sessionStatus(world, first)).toBe(401);
      expect(await sessionStatus(world, second)).toBe(401);
      expect(await liveSessions()).toBe(0);
    }
  });

  test.each(goodAlgorithms)('signed by %s (%s), by either binding, it ends their sessions', async (algorithm, kind) => {
    const other = keyOfKind(kind);
    await setUp({
      logout: 'on',
      logoutService: { url: there },
      certificates: [...world.signIn.certificates, other.certificatePem],
    });
    for (const send of [
      ({ xml }: { xml: string }) => redirect(toRedirectQuery(xml, other, { algorithm })),
      (message: { xml: string; id: string }) =>
        asForm(toSignedForm(message, other, undefined, { signatureAlgorithm: algorithm })),
    ]) {
      const browser = await signIn();
      expect([302, 303]).toContain((await send(wish())).status);
      expect(await sessionStatus(world, browser)).toBe(401);
    }
  });

  test('what is nearly one of the algorithms ends nobody’s session, by either binding', async () => {
    const elliptic = keyOfKind('P-256');
    await setUp({
      logout: 'on',
      logoutService: { url: there },
      certificates: [...world.signIn.certificates, elliptic.certificatePem],
    });
    const browser = await signIn();
    const cases: readonly (readonly [string, KeyWithCertificate, string, MakeValue | undefined])[] = [
      ['algorithmRefused', key(), rsaSha1, undefined],
      ['algorithmRefused', key(), pssSha1, undefined],
      ['algorithmRefused', elliptic, ecdsaSha1, undefined],
      ['signatureInvalid', key(), pssSha256, rsaPss('sha1')],
      ['signatureInvalid', elliptic, ecdsaSha256, ecdsa('sha1')],
      ['signatureInvalid', elliptic, rsaSha256, ecdsa('sha256', 'der')],
      ['signatureInvalid', key(), ecdsaSha256, rsa('sha256')],
      ['signatureInvalid', elliptic, ecdsaSha256, ecdsa('sha256', 'der')],
    ];
    for (const [reason, signer, algorithm, makeValue] of cases) {
      const message = wish();
      const choices = { signatureAlgorithm: algorithm, ...(makeValue === undefined ? {} : { makeValue }) };
      for (const send of [
        () =>
          redirect(
            toRedirectQuery(message.xml, signer, { algorithm, makeValue: makeValue ?? valuesByName.get(algorithm) }),
          ),
        () => asForm(toSignedForm(message, signer, undefined, choices)),
      ]) {
        expect((await send()).status).toBe(403);
        expect((await reasons(world))[0]).toBe(reason);
      }
    }
    expect(await sessionStatus(world, browser)).toBe(200);
    const good = toRedirectQuery(wish().xml, elliptic, { algorithm: ecdsaSha256 });
    expect((await redirect(good)).status).toBe(302);
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test('a request that names a session of theirs ends only those', async () => {
    const browser = await signIn();
    expect((await redirect(toRedirectQuery(wish({ sessionIndexes: ['_another'] }).xml, key()))).status).toBe(302);
    expect(await sessionStatus(world, browser)).toBe(200);
    const named = wish({ sessionIndexes: ['_another', '_session-1'] });
    expect((await redirect(toRedirectQuery(named.xml, key()))).status).toBe(302);
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test('off unless it is on', async () => {
    const browser = await signIn();
    await setUp({});
    expect((await redirect(toRedirectQuery(wish().xml, key()))).status).toBe(404);
    expect(await sessionStatus(world, browser)).toBe(200);
    await setUp({ logout: 'on', logoutService: { url: there } });
    expect((await redirect(toRedirectQuery(wish().xml, key()))).status).toBe(302);
  });

  const swap = (from: string | RegExp, to: string) => (xml: string) => replaceOnce(xml, from, to);
  const hostile: readonly (readonly [string, string, Partial<LogoutRequestWords>])[] = [
    ['S08 a processing instruction in the NameID', 'samlResponseInvalid', { edit: swap('aoki@', '<?x not-?>aoki@') }],
    ['S08 a comment in the NameID', 'samlResponseInvalid', { edit: swap('aoki@', 'a<!---->oki@') }],
    ['S25 expired', 'assertionExpired', { notOnOrAfter: Date.now() - 3_600_000 }],
    ['S25 without NotOnOrAfter', 'logoutInvalid', { edit: swap(/ NotOnOrAfter="[^"]*"/, '') }],
    ['S25 another Destination', 'destinationMismatch', { destination: 'https://other.example/slo' }],
    ['S25 no Destination', 'destinationMismatch', { edit: swap(/ Destination="[^"]*"/, '') }],
    ['S25 another Issuer', 'issuerMismatch', { entityId: 'https://other.example' }],
    [
      'S25 two NameIDs',
      'subjectInvalid',
      { edit: swap('</saml:NameID>', '</saml:NameID><saml:NameID>b</saml:NameID>') },
    ],
    [
      'S25 an encrypted NameID',
      'encryptionRefused',
      { edit: swap(/<saml:NameID>.*<\/saml:NameID>/, '<saml:EncryptedID/>') },
    ],
    [
      'S25 a sign-in message',
      'samlResponseInvalid',
      { edit: (xml) => xml.replaceAll('LogoutRequest', 'AuthnRequest') },
    ],
  ];
  test.each(hostile)('%s: refused by either binding, nobody is logged out', async (_what, reason, change) => {
    const browser = await signIn();
    const message = wish(change);
    for (const answer of [
      await redirect(toRedirectQuery(message.xml, key())),
      await asForm(toSignedForm(message, key())),
    ]) {
      expect([answer.status, answer.headers.get('location')]).toEqual([403, null]);
      expect((await reasons(world))[0]).toBe(reason);
    }
    expect(await sessionStatus(world, browser)).toBe(200);
    expect((await redirect(toRedirectQuery(wish().xml, key()))).status).toBe(302);
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test('S25 unsigned, signed by a stranger, by SHA-1, or changed after it was signed: refused, sessions stay', async () => {
    const browser = await signIn();
    const message = wish();
    const plain = encodeURIComponent(deflateRawSync(message.xml).toString('base64'));
    const base64 = Buffer.from(message.xml).toString('base64');
    const good = toRedirectQuery(message.xml, key(), { relayState: 'a' });
    const sent: readonly (readonly [() => Promise<Visit>, string])[] = [
      [() => redirect(`SAMLRequest=${plain}`), 'notSigned'],
      [() => asForm(new URLSearchParams({ SAMLRequest: base64 })), 'notSigned'],
      [() => redirect(toRedirectQuery(message.xml, stranger)), 'signatureInvalid'],
      [() => asForm(toSignedForm(message, stranger)), 'signatureInvalid'],
      [() => redirect(toRedirectQuery(message.xml, key(), { algorithm: rsaSha1 })), 'algorithmRefused'],
      [() => redirect(good.replace('RelayState=a', 'RelayState=b')), 'signatureInvalid'],
      [() => redirect(good.replace('&RelayState=a', '')), 'signatureInvalid'],
    ];
    for (const [send, reason] of sent) {
      expect((await send()).status).toBe(403);
      expect((await reasons(world))[0]).toBe(reason);
    }
    expect(await sessionStatus(world, browser)).toBe(200);
    expect((await redirect(good)).status).toBe(302);
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test('S25 a replayed request is refused: a session opened since stays', async () => {
    const message = wish();
    const query = toRedirectQuery(message.xml, key());
    await signIn();
    expect((await redirect(query)).status).toBe(302);
    const browser = await signIn();
    expect((await redirect(query)).status).toBe(403);
    expect((await asForm(toSignedForm(message, key()))).status).toBe(403);
    expect((await reasons(world)).slice(0, 2)).toEqual(['replayed', 'replayed']);
    expect(await sessionStatus(world, browser)).toBe(200);
  });

  test('S25 messages split over parameters, named twice or otherwise, or that inflate to 200 MB: 400, sessions stay', async () => {
    const browser = await signIn();
    const good = toRedirectQuery(wish().xml, key());
    const evil = encodeURIComponent(deflateRawSync(wish({ nameId: 'aoki@example.com' }).xml).toString('base64'));
    const fillers = Array.from({ length: 1000 }, (_, at) => `f${at}=`).join('&');
    const bomb = encodeURIComponent(deflateRawSync(Buffer.alloc(200_000_000)).toString('base64')).slice(0, 300_000);
    const malformed = [
      `SAML%52equest=${evil}&${fillers}&${good}`,
      `SAML%52equest=${evil}&${good}`,
      `SAMLRequest=${evil}&${good}`,
      `${good}&SAMLRequest=${evil}`,
      `samlrequest=${evil}&${good}`,
      `SAMLRequest[]=${evil}&${good}`,
      `${good}&SigAlg=x`,
      `${good}&SAMLResponse=${evil}`,
      `${good}&SAMLEncoding=none`,
      'SAMLRequest=%21%21&SigAlg=a&Signature=YQ%3D%3D',
      '',
      toRedirectQuery('x'.repeat(300_000), key()),
    ];
    for (const query of malformed) {
      const answer = await redirect(query);
      expect([query.slice(0, 40), answer.status]).toEqual([query.slice(0, 40), 400]);
    }
    // So long a query does not even reach us as a request.
    expect((await redirect(`SAMLRequest=${bomb}&SigAlg=a&Signature=YQ%3D%3D`)).status).toBeGreaterThanOrEqual(400);
    expect((await asForm('SAMLRequest=PHg%2B&SAMLResponse=PHg%2B')).status).toBe(400);
    expect(await sessionStatus(world, browser)).toBe(200);
    expect((await redirect(good)).status).toBe(302);
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test('S25 a request in the query or form of the assertion consumer service: refused, sessions stay', async () => {
    const browser = await signIn();
    const message = wish();
    const query = toRedirectQuery(message.xml, key());
    for (const answer of [
      await post(world, browser, '', `${world.acs}?${query}`, { 'content-type': 'application/x-www-form-urlencoded' }),
      await post(world, browser, toSignedForm(message, key())),
    ]) {
      expect(answer.status).toBe(400);
      expect((await reasons(world))[0]).toBe('malformedRequest');
    }
    expect(await sessionStatus(world, browser)).toBe(200);
    expect((await redirect(query)).status).toBe(302);
  });

  describe('from here', () => {
    const goThere = async (browser: Browser): Promise<string> => {
      const left = await browser.go(`${world.baseUrl}/sso/logout`, {
        headers: { 'sec-fetch-site': 'same-origin' },
        follow: false,
      });
      expect(left.status).toBe(303);
      return left.headers.get('location') ?? '';
    };
    const answerTo = (xml: string, status = 'Success'): string =>
      writeLogoutResponse({
        entityId: world.page.entityId,
        destination: slo,
        inResponseTo: /ID="([^"]*)"/.exec(xml)?.[1] ?? '',
        now: world.clock.now,
        status,
      });

    test('the person is signed out here, goes there with a signed request, and comes back to a page that knows', async () => {
      const browser = await signIn();
      const location = await goThere(browser);
      expect(await sessionStatus(world, browser)).toBe(401);
      const asked = readOurRedirect(location, await ours());
      expect(asked.isSigned).toBe(true);
      for (const part of ['>aoki@example.com</saml:NameID>', '>_session-1</samlp:SessionIndex>', ' NotOnOrAfter="']) {
        expect(asked.xml).toContain(part);
      }
      const options = { name: 'SAMLResponse', relayState: asked.relayState ?? '' };
      const query = toRedirectQuery(answerTo(asked.xml), key(), options);
      const back = await redirect(query, browser);
      expect([back.status, back.body.includes('here and at your identity provider')]).toEqual([200, true]);
      expect((await redirect(query, browser)).status).toBe(403);
    });

    test('when it did not work there, the page does not say so', async () => {
      const asked = readOurRedirect(await goThere(await signIn()), await ours());
      const options = { name: 'SAMLResponse', relayState: asked.relayState ?? '' };
      const back = await redirect(toRedirectQuery(answerTo(asked.xml, 'Responder'), key(), options));
      expect([back.status, back.body.includes('here and at your identity provider')]).toEqual([200, false]);
    });

    test('an answer to another request, or by a stranger, is refused', async () => {
      const asked = readOurRedirect(await goThere(await signIn()), await ours());
      const options = { name: 'SAMLResponse', relayState: asked.relayState ?? '' };
      const byStranger = await redirect(toRedirectQuery(answerTo(asked.xml), stranger, options));
      const other = await redirect(toRedirectQuery(answerTo('ID="_other"'), key(), options));
      expect([byStranger.status, other.status]).toEqual([403, 403]);
      expect((await reasons(world)).slice(0, 2)).toEqual(['unsolicited', 'signatureInvalid']);
    });

    test('from the page’s form by a page that goes on, because forms lead nowhere else; a program gets 204', async () => {
      const browser = await signIn();
      const headers = { 'sec-fetch-site': 'same-origin' };
      const page = await browser.go(`${world.baseUrl}/sso/logout`, {
        method: 'POST',
        body: '',
        headers,
        follow: false,
      });
      expect(page.status).toBe(200);
      expect(page.headers.get('refresh')?.startsWith(`0; url=${there}&SAMLRequest=`)).toBe(true);
      const program = await signIn();
      const plain = { ...headers, accept: 'application/json' };
      const answer = await program.go(`${world.baseUrl}/sso/logout`, { method: 'POST', body: '', headers: plain });
      expect([answer.status, await sessionStatus(world, program)]).toEqual([204, 401]);
    });
  });
});
