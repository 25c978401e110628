// SAML connections through the admin API, on both stores: metadata that is followed (S26), certificates that end, our own keys.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { followMetadata } from '#admin/follow-metadata.ts';
import { warnOfCertificates } from '#admin/warn-of-certificates.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { signSamlElement } from '../harness/saml-signing.ts';
import { createSelfSignedCertificate, type KeyWithCertificate } from '../harness/self-signed-certificate.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

const first = createSelfSignedCertificate('first');
const second = createSelfSignedCertificate('second');
const third = createSelfSignedCertificate('third');
const entityId = 'https://idp.example/entity';
const at = '/organizations/acme/connections';
const bare = (pem: string): string => pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');

interface Words {
  readonly keys: readonly KeyWithCertificate[];
  readonly ssoUrl?: string;
  readonly entity?: string;
  readonly signedBy?: KeyWithCertificate;
  readonly more?: string;
  readonly attributes?: string;
}

function write({
  keys,
  ssoUrl = 'https://idp.example/sso',
  entity = entityId,
  signedBy,
  more = '',
  attributes = '',
}: Words) {
  const descriptors = keys.map(
    ({ certificatePem }) =>
      `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bare(certificatePem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
  );
  // The place of the signature is found by an Issuer in these tests' signer; metadata has none, so one stands in and is taken out of sight.
  const xml = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_m" entityID="${entity}"><md:Extensions><x:Issuer xmlns:x="urn:x"/></md:Extensions><md:IDPSSODescriptor${attributes} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${descriptors.join('')}${more}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${ssoUrl}"/></md:IDPSSODescriptor></md:EntityDescriptor>`;
  if (signedBy === undefined) return xml;
  const signed = signSamlElement(
    xml.replace('<md:Extensions><x:Issuer xmlns:x="urn:x"/></md:Extensions>', '<Issuer xmlns="urn:x"/>'),
    '_m',
    signedBy,
  );
  return signed;
}

describeAtDoors('SAML connections', (open) => {
  let house: AdminHouse;
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  let asked: number;
  beforeEach(async () => {
    asked = 0;
    answer = { status: 200, body: write({ keys: [first] }) };
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status, answer.status === 302 ? { location: 'https://idp.example/elsewhere' } : {});
      response.end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata`;
    house = await openAdminHouse(await open(), 10, { FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS: 'true' });
  });
  afterEach(async () => {
    await house.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const add = async (more: object = {}) =>
    (await house.call('post', at, { kind: 'saml', id: 'corp', metadataUrl: url, ...more }).expect(201)).body.connection;
  const show = async () => (await house.call('get', `${at}/corp`).expect(200)).body;
  const watch = async () => (await house.call('get', `${at}/corp/metadata`).expect(200)).body;
  const fingerprints = async (): Promise<readonly string[]> =>
    (await show()).signIn.keys.map(({ fingerprint }: { fingerprint: string }) => fingerprint);
  const audit = async (action: string): Promise<number> => {
    await house.context.settleEffects();
    const { body } = await house.call('get', '/organizations/acme/audit?limit=200').expect(200);
    return body.items.filter(
      (item: { event?: { action: string }; action?: string }) => (item.event ?? item).action === action,
    ).length;
  };
  const later = async (ms: number): Promise<void> => {
    house.clock.now += ms;
    await followMetadata(house.context);
  };
  const sixHours = 6 * 3_600_000;

  test('an address is fetched when it is given; what the administrator who gives it finds there counts', async () => {
    const connection = await add();
    expect(connection.signIn).toMatchObject({ entityId, ssoUrl: 'https://idp.example/sso', metadataUrl: url });
    expect(asked).toBe(1);
    answer = { status: 404, body: '' };
    const refused = await house.call('post', at, { kind: 'saml', id: 'other', metadataUrl: url }).expect(400);
    expect(refused.body.code ?? refused.body.type).toContain('invalidValue');
    await house.call('get', `${at}/other`).expect(404);
  });

  test.each([
    ['a redirect to another place', { status: 302, body: '' }],
    ['more than a megabyte', { status: 200, body: `${write({ keys: [first] })}${' '.repeat(1_100_000)}` }],
    ['a document type', { status: 200, body: `<!DOCTYPE x>${write({ keys: [first] })}` }],
    ['no metadata', { status: 200, body: '<html/>' }],
  ])('%s is refused when it is given, and followed by nobody', async (_what, bad) => {
    const good = answer;
    answer = bad;
    await house.call('post', at, { kind: 'saml', id: 'corp', metadataUrl: url }).expect(400);
    answer = good;
    await add();
    answer = bad;
    await later(sixHours);
    expect((await watch()).failure).toEqual(expect.any(String));
    expect(await fingerprints()).toHaveLength(1);
    const { body } = await house.call('post', `${at}/corp/test`).expect(200);
    expect(body.checks.find(({ check }: { check: string }) => check === 'metadata')).toMatchObject({ ok: false });
  });

  test('private addresses and http are refused', async () => {
    for (const metadataUrl of [
      'http://idp.example/metadata',
      'https://10.0.0.1/metadata',
      'https://169.254.169.254/x',
    ]) {
      await house.call('post', at, { kind: 'saml', id: 'x', metadataUrl }).expect(400);
    }
  });

  test('S26 a new key under the signature of a known one counts, old and new together, and a key that is gone is refused', async () => {
    await add();
    const [old] = await fingerprints();
    await later(0);
    answer.body = write({ keys: [first, second], signedBy: first });
    await later(sixHours - 1);
    expect(await fingerprints()).toEqual([old]);
    await later(1);
    expect(await fingerprints()).toHaveLength(2);
    answer.body = write({ keys: [second], signedBy: second, ssoUrl: 'https://idp.example/sso2' });
    await later(sixHours);
    expect(await fingerprints()).not.toContain(old);
    expect((await show()).signIn.ssoUrl).toBe('https://idp.example/sso2');
    expect(await audit('connection.metadataFollowed')).toBe(2);
    await later(sixHours);
    expect(await audit('connection.metadataFollowed')).toBe(2);
  });

  test('S26 a pinned key for metadata counts beside those that sign assertions', async () => {
    await add({ metadataCertificates: [third.certificatePem] });
    answer.body = write({ keys: [second], signedBy: third });
    await later(sixHours);
    expect(await fingerprints()).toHaveLength(1);
    expect((await watch()).proposed).toBeUndefined();
  });

  test('S26 a new key without a known signature waits for an administrator, told of once; unsigned, a key may only go', async () => {
    await add({ metadataUrl: url });
    const before = await fingerprints();
    for (const signedBy of [undefined, second]) {
      answer.body = write({ keys: [first, second], ...(signedBy === undefined ? {} : { signedBy }) });
      await later(sixHours);
      expect(await fingerprints()).toEqual(before);
    }
    expect(await audit('connection.metadataProposed')).toBe(1);
    const { proposed } = await watch();
    expect(proposed.fingerprints).toHaveLength(2);
    await house.call('post', `${at}/corp/metadata/accept`, { digest: '0'.repeat(64) }).expect(409);
    await house.call('post', `${at}/corp/metadata/accept`, { digest: proposed.digest }).expect(200);
    expect(await fingerprints()).toHaveLength(2);
    expect((await watch()).proposed).toBeUndefined();
    expect(await audit('connection.metadataAccepted')).toBe(1);
    answer.body = write({ keys: [second] });
    await later(sixHours);
    expect(await fingerprints()).toHaveLength(1);
    answer.body = write({ keys: [third], ssoUrl: 'https://evil.example/sso' });
    await later(sixHours);
    expect((await show()).signIn.ssoUrl).toBe('https://idp.example/sso');
    expect(await fingerprints()).toHaveLength(1);
  });

  test('metadata of another entityID changes nothing; after a failure it is asked for again within the hour', async () => {
    await add();
    answer.body = write({ keys: [first, second], entity: 'https://other.example', signedBy: first });
    await later(sixHours);
    expect((await watch()).failure).toContain('another entityID');
    answer.body = write({ keys: [first, second], signedBy: first });
    await later(3_600_000);
    expect((await watch()).failure).toBeUndefined();
    expect(await fingerprints()).toHaveLength(2);
  });

  test('can be fetched at once; a connection that follows none says so', async () => {
    await add();
    answer.body = write({ keys: [first, second], signedBy: first });
    const { body } = await house.call('post', `${at}/corp/metadata/fetch`).expect(200);
    expect(body.change).toEqual(expect.any(String));
    expect(await fingerprints()).toHaveLength(2);
    await house.call('post', at, { kind: 'scim', id: 'people' }).expect(201);
    await house.call('post', `${at}/people/metadata/fetch`).expect(404);
    await house.call('get', `${at}/people/keys`).expect(404);
  });

  test('requests are signed where the metadata wants it; logout needs a place to go', async () => {
    await house.call('post', at, { kind: 'saml', id: 'x', metadata: answer.body, logout: 'on' }).expect(400);
    answer.body = write({
      keys: [first],
      attributes: ' WantAuthnRequestsSigned="true"',
      more: '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/slo"/>',
    });
    const connection = await add({ logout: 'on' });
    expect(connection.signIn).toMatchObject({
      signRequests: true,
      logout: 'on',
      logoutService: { url: 'https://idp.example/slo' },
    });
    expect(connection.urls.samlSlo).toBe('https://people.example.com/sso/acme/corp/saml/slo');
    const told = { kind: 'saml', metadataUrl: url, signRequests: false, encryption: 'required' };
    const { body } = await house.call('put', `${at}/corp`, told).expect(200);
    expect(body.connection.signIn.signRequests).toBeUndefined();
    expect(body.connection.signIn.encryption).toBe('required');
    expect(body.connection.urls.samlSlo).toBeUndefined();
  });

  test('a certificate that ends is told of thirty, fourteen and three days ahead, once each, and shown', async () => {
    const day = 86_400_000;
    const notAfter = new Date(house.clock.now + 40 * day);
    const ending = createSelfSignedCertificate('ending', { notAfter });
    const saml = { kind: 'saml', id: 'corp', entityId, ssoUrl: 'https://idp.example/sso' };
    await house.call('post', at, { ...saml, certificates: [ending.certificatePem] }).expect(201);
    const warn = async (): Promise<number> => {
      await Promise.all([warnOfCertificates(house.context), warnOfCertificates(house.context)]);
      return audit('connection.certificateEnds');
    };
    expect(await warn()).toBe(0);
    expect((await show()).signIn.keys[0].endsInDays).toBeUndefined();
    for (const [left, told] of [
      [30, 1],
      [20, 1],
      [14, 2],
      [3, 3],
      [1, 3],
    ] as const) {
      house.clock.now = notAfter.getTime() - left * day;
      expect([left, await warn()]).toEqual([left, told]);
      expect((await show()).signIn.keys[0].endsInDays).toBe(left);
    }
    const { body } = await house.call('post', `${at}/corp/test`).expect(200);
    expect(body.checks[0].detail).toContain('in 1 days');
    expect(house.lines.filter((line) => line.includes('certificate.ends'))).toHaveLength(3);
  });

  test('so are our own certificates and those that sign the metadata; each says whose it is', async () => {
    const day = 86_400_000;
    const ends = new Date(house.clock.now + 20 * day);
    const metadataKey = createSelfSignedCertificate('metadata', { notAfter: ends });
    const saml = { kind: 'saml', id: 'corp', entityId, ssoUrl: 'https://idp.example/sso', signRequests: true };
    const lasting = createSelfSignedCertificate('lasting', { notAfter: new Date(house.clock.now + 20 * 365 * day) });
    const certificates = { certificates: [lasting.certificatePem], metadataCertificates: [metadataKey.certificatePem] };
    await house.call('post', at, { ...saml, ...certificates }).expect(201);
    await house.call('post', `${at}/corp/keys`, { use: 'signing' }).expect(201);
    const owners = async (): Promise<readonly unknown[]> => {
      await warnOfCertificates(house.context);
      const told = house.lines.filter((line) => line.includes('certificate.ends'));
      return told.map((line) => (JSON.parse(line) as { owner: unknown }).owner);
    };
    expect(await owners()).toEqual(['metadata']);
    house.clock.now += 10 * 365 * day - 2 * day;
    expect(await owners()).toEqual(['metadata', 'metadata', 'furlough', 'furlough']);
  });

  test('our keys: none before they are needed, a second beside the first, never fewer than one; each change in the audit trail', async () => {
    await add({ encryption: 'optional' });
    const keys = async () => (await house.call('get', `${at}/corp/keys`).expect(200)).body.keys;
    expect(await keys()).toEqual([]);
    const { body: added } = await house.call('post', `${at}/corp/keys`, { use: 'signing' }).expect(201);
    expect(added.keys).toHaveLength(2);
    expect(added.keys.map(({ signs }: { signs: boolean }) => signs)).toEqual([true, false]);
    expect(JSON.stringify(added)).not.toContain('PRIVATE');
    expect(JSON.stringify(added)).not.toContain('seal1.');
    await house.call('post', `${at}/corp/keys`, { use: 'signing' }).expect(409);
    const [older, newer] = added.keys;
    const { body: left } = await house.call('delete', `${at}/corp/keys/${older.id}`).expect(200);
    expect(left.keys).toMatchObject([{ id: newer.id, signs: true }]);
    await house.call('delete', `${at}/corp/keys/${newer.id}`).expect(409);
    await house.call('delete', `${at}/corp/keys/${older.id}`).expect(404);
    await house.call('post', `${at}/corp/keys`, { use: 'other' }).expect(400);
    expect([await audit('samlKeys.added'), await audit('samlKeys.removed')]).toEqual([1, 1]);
    await house.call('delete', `${at}/corp`).expect(200);
    await add({ encryption: 'optional' });
    expect(await keys()).toEqual([]);
  });
});
