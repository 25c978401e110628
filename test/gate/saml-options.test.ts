// What a SAML connection may be told, through the public door, on both stores: signed requests, encryption with our own keys, answers nobody asked
// for, asking people again, the provider's own end of a session, attributes, certificates that come and go on two nodes.

import { createVerify } from 'node:crypto';
import type { Connection, SamlSignIn } from '#directory/connection.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { listSessions } from '#gate/sessions/end-sessions.ts';
import { SealError } from '#secrets/sealing.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { encryptAssertion } from '../harness/saml-encryption.ts';
import { type ResponseOptions, replaceOnce } from '../harness/saml-identity-provider.ts';
import { createSelfSignedCertificate } from '../harness/self-signed-certificate.ts';
import { organization } from './gate-world.ts';
import { sessionStatus } from './oidc-world.ts';
import { startNode } from './second-node.ts';
import { begin, openSamlWorld, post, reasons, type SamlWorld } from './saml-world.ts';

describeAtDoors('options of a SAML connection', (open) => {
  let world: SamlWorld;
  beforeEach(async () => {
    world = await openSamlWorld(await open());
  });
  afterEach(() => world.close());

  const corp = { organizationId: organization, id: 'corp' as ConnectionId };
  const setUp = async (options: Partial<SamlSignIn>, more: Partial<Connection> = {}): Promise<void> => {
    const store = world.storage.records(connectionRecords);
    const record = await store.get(connectionRecordId(organization, corp.id), world.clock.now);
    if (record === null) throw new Error('no connection');
    await store.replace({ ...record, value: { ...record.value, ...more, signIn: { ...world.signIn, ...options } } });
  };
  const sessions = () => listSessions(world.context, organization, world.user.id);
  const metadata = async (): Promise<string> =>
    (await new Browser().go(`${world.baseUrl}/sso/acme/corp/saml/metadata`)).body;
  /** What the identity provider answers to the request that a form of its page belongs to, changed. */
  const answerTo = (form: URLSearchParams, change: Partial<ResponseOptions>): URLSearchParams => {
    const xml = Buffer.from(form.get('SAMLResponse') ?? '', 'base64').toString();
    const response = world.page.identityProvider.respond({
      acsUrl: world.acs,
      audience: `${world.baseUrl}/sso/acme/corp/saml/metadata`,
      inResponseTo: /InResponseTo="([^"]*)"/.exec(xml)?.[1] ?? '',
      nameId: 'aoki@example.com',
      ...change,
    });
    return new URLSearchParams({ SAMLResponse: response, RelayState: form.get('RelayState') ?? '' });
  };
  const signInWith = async (change: Partial<ResponseOptions> = {}, browser = new Browser()): Promise<Visit> =>
    post(world, browser, answerTo(await begin(world, browser), change));

  test('requests are signed over the raw query by the key our metadata names, where the connection says so', async () => {
    await setUp({ signRequests: true });
    const published = await metadata();
    expect(published).toContain('AuthnRequestsSigned="true"');
    const browser = new Browser();
    const left = await browser.go(`${world.baseUrl}/sso/acme/login`, { follow: false });
    const query = (left.headers.get('location') ?? '').split('?')[1] ?? '';
    expect(query).toMatch(/^SAMLRequest=[^&]+&RelayState=[^&]+&SigAlg=[^&]+&Signature=[^&]+$/);
    const [text = '', signature = ''] = query.split('&Signature=');
    const pem = (await world.context.samlKeys.signer(corp)).certificatePem;
    expect(published).toContain(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''));
    const verifier = createVerify('RSA-SHA256').update(text);
    expect(verifier.verify(pem, Buffer.from(decodeURIComponent(signature), 'base64'))).toBe(true);
    expect(new URLSearchParams(query).get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
    await setUp({});
    const plain = await browser.go(`${world.baseUrl}/sso/acme/login`, { follow: false });
    expect(plain.headers.get('location')).not.toContain('Signature=');
  });

  test('S24 an assertion encrypted to the key of our metadata signs in; while the key is replaced both do, then the new one alone', async () => {
    await setUp({ encryption: 'required' });
    const keyOf = (xml: string): readonly string[] =>
      [...xml.matchAll(/use="encryption">.*?<ds:X509Certificate>([^<]*)/g)].map(
        ([, text = '']) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
      );
    const encryptedTo = (pem: string): Partial<ResponseOptions> => ({
      edit: { between: (xml) => encryptAssertion(xml, pem) },
    });
    const [first = ''] = keyOf(await metadata());
    expect((await signInWith(encryptedTo(first))).status).toBe(303);
    expect((await signInWith()).status).toBe(403);
    expect((await reasons(world))[0]).toBe('notEncrypted');

    const keys = await world.context.samlKeys.add(corp, 'encryption', () => []);
    const [, second = ''] = keyOf(await metadata());
    expect((await signInWith(encryptedTo(first))).status).toBe(303);
    expect((await signInWith(encryptedTo(second))).status).toBe(303);
    const oldest = keys?.find(({ use }) => use === 'encryption');
    await world.context.samlKeys.remove(corp, oldest?.id ?? '', () => []);
    expect((await signInWith(encryptedTo(second))).status).toBe(303);
    expect((await signInWith(encryptedTo(first))).status).toBe(403);
    expect((await reasons(world))[0]).toBe('encryptionRefused');
  });

  test('S22 an answer nobody asked for: refused, or a sign-in of our own begun anew, and never a session from it', async () => {
    const unsolicited = (change: Partial<ResponseOptions> = {}): URLSearchParams => {
      const edit = {
        unsigned: (xml: string) => xml.replaceAll(/ InResponseTo="[^"]*"/g, ''),
      };
      const form = answerTo(new URLSearchParams(), { edit, ...change });
      form.set('RelayState', '/sso/session');
      return form;
    };
    const off = new Browser();
    expect((await post(world, off, unsolicited())).status).toBe(403);
    expect(await reasons(world)).toEqual(['unsolicited']);

    await setUp({ idpInitiated: 'restart' });
    const on = new Browser();
    const sent = await post(world, on, unsolicited());
    expect([sent.status, sent.headers.get('location')?.startsWith(`${world.page.ssoUrl}?SAMLRequest=`)]).toEqual([
      303,
      true,
    ]);
    expect(await sessions()).toEqual([]);
    expect(await sessionStatus(world, on)).toBe(401);
    const asked = await on.go(sent.headers.get('location') ?? '');
    const form = new URLSearchParams(
      [...asked.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
    const landed = await post(world, on, form);
    expect([landed.status, landed.headers.get('location')]).toEqual([303, `${world.baseUrl}/sso/session`]);
    expect(await sessions()).toHaveLength(1);

    // Whoever's answer to a request, or another provider's, begins nothing: a browser without cookies must not go in circles.
    const answered = answerTo(new URLSearchParams(), { inResponseTo: '_somebody-else' });
    expect((await post(world, new Browser(), answered)).status).toBe(403);
    const elsewhere = unsolicited({
      edit: {
        unsigned: (xml) =>
          xml.replaceAll(/ InResponseTo="[^"]*"/g, '').replaceAll(world.page.entityId, 'https://x.example'),
      },
    });
    expect((await post(world, new Browser(), elsewhere)).status).toBe(403);
    expect((await post(world, new Browser(), 'SAMLResponse=PHg%2B')).status).toBe(400);
    const away = unsolicited();
    away.set('RelayState', 'https://evil.example/');
    const toDefault = new Browser();
    const restarted = await toDefault.go((await post(world, toDefault, away)).headers.get('location') ?? '');
    const again = new URLSearchParams(
      [...restarted.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, n = '', v = '']) => [n, v]),
    );
    expect((await post(world, toDefault, again)).headers.get('location')).toBe(`${world.baseUrl}/sso/acme/signed-in`);
  });

  test('with forceAuthn the person is asked again, and must have been', async () => {
    await setUp({ forceAuthn: true });
    const instant = (at: number): Partial<ResponseOptions> => ({
      edit: {
        unsigned: (xml) => replaceOnce(xml, /AuthnInstant="[^"]*"/, `AuthnInstant="${new Date(at).toISOString()}"`),
      },
    });
    expect((await signInWith(instant(world.clock.now - 61_000))).status).toBe(403);
    expect((await reasons(world))[0]).toBe('authenticationTooOld');
    expect((await signInWith(instant(world.clock.now - 59_000))).status).toBe(303);
    await setUp({});
    expect((await signInWith(instant(world.clock.now - 3_600_000))).status).toBe(303);
  });

  test('S18 a provider’s session that ends in five minutes ends ours then; one that is past opens none', async () => {
    const browser = new Browser();
    const end = world.clock.now + 300_000;
    expect((await signInWith({ sessionNotOnOrAfter: end }, browser)).status).toBe(303);
    expect(await sessionStatus(world, browser)).toBe(200);
    world.clock.now = end - 1;
    expect(await sessionStatus(world, browser)).toBe(200);
    world.clock.now = end;
    expect(await sessionStatus(world, browser)).toBe(401);
    expect((await signInWith({ sessionNotOnOrAfter: end - 1 })).status).toBe(403);
    expect((await reasons(world))[0]).toBe('sessionExpired');
  });

  test('a mapped attribute is the user name: without it, or with another, nobody is found', async () => {
    await setUp({ attributes: { userName: 'login' } });
    const nameId = 'opaque-7f3a';
    expect((await signInWith({ nameId, attributes: { login: ['aoki@example.com'] } })).status).toBe(303);
    expect((await signInWith({ nameId: 'aoki@example.com', attributes: {} })).status).toBe(403);
    expect((await reasons(world))[0]).toBe('noSuchUser');
  });

  test('S26 while a certificate is replaced both count; a removed one is refused at once on every node', async () => {
    const next = createSelfSignedCertificate('next');
    const old = world.page.identityProvider.key;
    const other = await startNode(world);
    try {
      const both = async (key: typeof next): Promise<readonly number[]> => {
        const statuses: number[] = [];
        for (const url of [world.acs, `${other.url}/sso/acme/corp/saml/acs`]) {
          const browser = new Browser();
          const form = answerTo(await begin(world, browser), { key });
          statuses.push((await post(world, browser, form, url)).status);
        }
        return statuses;
      };
      expect(await both(next)).toEqual([403, 403]);
      await setUp({ certificates: [old.certificatePem, next.certificatePem] });
      expect(await both(next)).toEqual([303, 303]);
      expect(await both(old)).toEqual([303, 303]);
      await setUp({ certificates: [next.certificatePem] });
      expect(await both(old)).toEqual([403, 403]);
      expect((await reasons(world))[0]).toBe('signatureInvalid');
      expect(await both(next)).toEqual([303, 303]);
    } finally {
      await other.close();
    }
  });

  test('S26 a pinned key counts after its certificate’s date', async () => {
    const past = createSelfSignedCertificate('past', {
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2021-01-01'),
    });
    await setUp({ certificates: [past.certificatePem] });
    expect((await signInWith({ key: past })).status).toBe(303);
    expect((await signInWith()).status).toBe(403);
  });

  test('a key sealed with another secret is the administrator’s trouble, not a way in', async () => {
    await setUp({ signRequests: true });
    await world.context.samlKeys.signer(corp);
    const elsewhere = {
      ...world.context,
      samlKeys: { ...world.context.samlKeys, signer: () => Promise.reject(sealed()) },
    };
    const node = await startNode({ ...world, context: elsewhere });
    try {
      const refused = await new Browser().go(`${node.url}/sso/acme/login`, { follow: false });
      expect([refused.status, (await reasons(world))[0]]).toEqual([403, 'connectionMisconfigured']);
    } finally {
      await node.close();
    }
    expect((await new Browser().go(`${world.baseUrl}/sso/acme/login`, { follow: false })).status).toBe(302);
  });
});

function sealed(): Error {
  return new SealError('otherKey', 'sealed with another secret');
}
