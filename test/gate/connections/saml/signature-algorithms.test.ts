// Every algorithm that counts, really signed, and what is nearly one of them (gate.md 2.1 "weak algorithms"; S05, S06). Single logout has its own.

import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { judgeMetadata } from '#gate/connections/saml/followed-metadata.ts';
import type { SamlRefusalReason } from '#gate/connections/saml/saml-refusal.ts';
import { createSignatureVerifier } from '#gate/connections/saml/signature-verifier.ts';
import { usableCertificates } from '#gate/connections/saml/signing-certificate.ts';
import { encodeResponse, replaceOnce } from '../../../harness/saml-identity-provider.ts';
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
} from '../../../harness/saml-signature-values.ts';
import { sha256, sha384, sha512, signSamlElement } from '../../../harness/saml-signing.ts';
import {
  certify,
  createEllipticCertificate,
  createSelfSignedCertificate,
} from '../../../harness/self-signed-certificate.ts';
import { complete, goodResponse, idp, nameId, now } from './saml-scene.ts';

const verifier = createSignatureVerifier({ deadlineMs: 10_000 });
afterAll(() => verifier.close());

const keys = {
  rsa: createSelfSignedCertificate('RSA'),
  'P-256': createEllipticCertificate('P-256', 'P-256'),
  'P-384': createEllipticCertificate('P-384', 'P-384'),
  'P-521': createEllipticCertificate('P-521', 'P-521'),
};
/** As while keys are replaced by keys of another kind. */
const certificates = Object.values(keys).map(({ certificatePem }) => certificatePem);
const signs = ['response', 'assertion', 'both'] as const;

describe.each(goodAlgorithms)('%s by a key of kind %s', (signatureAlgorithm, kind) => {
  test.each([
    ['SHA-256', sha256],
    ['SHA-384', sha384],
    ['SHA-512', sha512],
  ])('is taken with a digest by %s, whatever is signed', async (_name, digestAlgorithm) => {
    for (const sign of signs) {
      const signing = { signatureAlgorithm, digestAlgorithm };
      const response = idp.respond({ ...goodResponse, sign, key: keys[kind], signing });
      await expect(complete(response, { certificates })).resolves.toMatchObject({ subject: nameId });
    }
  });

  test('does not count once the text was changed, or by another key of the kind', async () => {
    const signing = { signatureAlgorithm };
    const other = kind === 'rsa' ? createSelfSignedCertificate('x') : createEllipticCertificate('x', kind);
    const edit = { signed: (xml: string) => replaceOnce(xml, nameId, 'eve@example.com') };
    for (const sign of signs) {
      for (const hostile of [
        { key: other, signing },
        { key: keys[kind], signing, edit },
      ]) {
        await expect(
          complete(idp.respond({ ...goodResponse, sign, ...hostile }), { certificates }),
        ).rejects.toMatchObject({ reason: 'signatureInvalid' });
      }
    }
  });

  test('is taken in metadata that is followed', async () => {
    // The tests' signer puts a signature behind an Issuer; metadata has none, so one of nobody's stands in.
    const text = replaceOnce(idp.metadata(), /<md:EntityDescriptor([^>]*)>/, '');
    const open = /<md:EntityDescriptor([^>]*)>/.exec(idp.metadata())?.[1] ?? '';
    const root = `<md:EntityDescriptor${open} ID="_m"><Issuer xmlns="urn:x"/>`;
    const signed = signSamlElement(root + text.slice(text.indexOf('<md:IDPSSO')), '_m', keys[kind], {
      signatureAlgorithm,
    });
    const judge = (document: string) =>
      judgeMetadata(document, { certificates, metadataCertificates: [] }, verifier, { connection: 'c' }, now);
    expect((await judge(signed)).isSigned).toBe(true);
    expect((await judge(replaceOnce(signed, idp.ssoUrl, 'https://evil.example/'))).isSigned).toBe(false);
  });
});

describe('signed by the XML Signature of a JDK, with its line ends in the values', () => {
  const folder = new URL('../../../fixtures/saml-signatures/', import.meta.url);
  const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
  const elsewhere = ['rsa.pem', 'p256.pem', 'p384.pem', 'p521.pem'].map(read);
  const responses = readdirSync(folder).filter((name) => name.endsWith('.xml'));

  test('there is one by each algorithm', () => {
    expect(responses).toHaveLength(goodAlgorithms.length);
  });

  test.each(responses)('%s', async (name) => {
    const xml = read(name);
    expect(xml).toContain('&#13;');
    await expect(complete(encodeResponse(xml), { certificates: elsewhere })).resolves.toMatchObject({
      subject: nameId,
    });
    const changed = encodeResponse(replaceOnce(xml, nameId, 'eve@example.com'));
    await expect(complete(changed, { certificates: elsewhere })).rejects.toMatchObject({ reason: 'signatureInvalid' });
    await expect(complete(encodeResponse(xml), { certificates })).rejects.toMatchObject({ reason: 'signatureInvalid' });
  });
});

describe('S05, S06 refused', () => {
  const cases: readonly (readonly [string, keyof typeof keys, string, MakeValue | undefined, SamlRefusalReason])[] = [
    ['RSA with SHA-1', 'rsa', rsaSha1, undefined, 'algorithmRefused'],
    ['RSA-PSS with SHA-1', 'rsa', pssSha1, undefined, 'algorithmRefused'],
    ['ECDSA with SHA-1', 'P-256', ecdsaSha1, undefined, 'algorithmRefused'],
    ['RSA with SHA-1 that is called SHA-256', 'rsa', rsaSha256, rsa('sha1'), 'signatureInvalid'],
    ['RSA-PSS with SHA-1 that is called SHA-256', 'rsa', pssSha256, rsaPss('sha1'), 'signatureInvalid'],
    ['ECDSA with SHA-1 that is called SHA-256', 'P-256', ecdsaSha256, ecdsa('sha1'), 'signatureInvalid'],
    ['ECDSA with SHA-512 that is called SHA-256', 'P-256', ecdsaSha256, ecdsa('sha512'), 'signatureInvalid'],
    ['RSA-PSS without salt', 'rsa', pssSha256, rsaPss('sha256', 0), 'signatureInvalid'],
    ['RSA-PSS with the salt of SHA-1', 'rsa', pssSha256, rsaPss('sha256', 20), 'signatureInvalid'],
    ['RSA-PSS with a salt as long as fits', 'rsa', pssSha256, rsaPss('sha256', 222), 'signatureInvalid'],
    ['RSA-PSS that is called RSA', 'rsa', rsaSha256, rsaPss('sha256'), 'signatureInvalid'],
    ['RSA that is called RSA-PSS', 'rsa', pssSha256, rsa('sha256'), 'signatureInvalid'],
    ['an elliptic key under the name RSA', 'P-256', rsaSha256, ecdsa('sha256', 'der'), 'signatureInvalid'],
    ['an elliptic key under the name RSA, r and s', 'P-256', rsaSha256, ecdsa('sha256'), 'signatureInvalid'],
    ['an elliptic key under the name RSA-PSS', 'P-256', pssSha256, ecdsa('sha256', 'der'), 'signatureInvalid'],
    ['an RSA key under the name ECDSA', 'rsa', ecdsaSha256, rsa('sha256'), 'signatureInvalid'],
    ['an RSA key under the name ECDSA, PSS', 'rsa', ecdsaSha256, rsaPss('sha256'), 'signatureInvalid'],
    ['ECDSA in DER', 'P-256', ecdsaSha256, ecdsa('sha256', 'der'), 'signatureInvalid'],
    ['ECDSA with zeros before r and s', 'P-256', ecdsaSha256, padded, 'signatureInvalid'],
    ['ECDSA with something behind', 'P-256', ecdsaSha256, followed, 'signatureInvalid'],
    ['ECDSA with r and s zero', 'P-256', ecdsaSha256, () => Buffer.alloc(64), 'signatureInvalid'],
    ['ECDSA as long as on another curve', 'P-256', ecdsaSha256, () => Buffer.alloc(96, 1), 'signatureInvalid'],
  ];

  describe.each(signs)('signed %s', (sign) => {
    test.each(cases)('%s', async (_name, kind, signatureAlgorithm, makeValue, reason) => {
      const key = keys[kind];
      const good = { signatureAlgorithm: kind === 'rsa' ? rsaSha256 : ecdsaSha256 };
      const hostile = { signatureAlgorithm, ...(makeValue === undefined ? {} : { makeValue }) };
      const answer = (signing: typeof hostile | typeof good) =>
        complete(idp.respond({ ...goodResponse, sign, key, signing }), { certificates });
      await expect(answer(good)).resolves.toMatchObject({ subject: nameId });
      await expect(answer(hostile)).rejects.toMatchObject({ reason });
    });
  });

  test('RSA-PSS that names its hashes in parameters', async () => {
    const method =
      '<ds:SignatureMethod Algorithm="http://www.w3.org/2007/05/xmldsig-more#rsa-pss"><pss:RSAPSSParams xmlns:pss="http://www.w3.org/2007/05/xmldsig-more#"/></ds:SignatureMethod>';
    const signed = (xml: string) => replaceOnce(xml, /<ds:SignatureMethod [^>]*\/>/, method);
    await expect(complete(idp.respond({ ...goodResponse, edit: { signed } }))).rejects.toMatchObject({
      reason: 'algorithmRefused',
    });
  });
});

describe('S26 keys that are not taken', () => {
  const control = createEllipticCertificate('good', 'P-256').certificatePem;
  const ed25519 = generateKeyPairSync('ed25519');
  const pss = generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha256',
    mgf1HashAlgorithm: 'sha1',
  });

  test.each([
    ['on secp256k1', createEllipticCertificate('x', 'secp256k1')],
    ['on P-224', createEllipticCertificate('x', 'secp224r1')],
    ['on brainpoolP256r1', createEllipticCertificate('x', 'brainpoolP256r1')],
    ['Ed25519', certify('x', ed25519)],
    ['RSA for PSS alone, with parameters of its own', certify('x', pss)],
  ])('%s', async (_name, { certificatePem }) => {
    expect(usableCertificates([certificatePem, control])).toEqual([control]);
    await expect(complete(idp.respond(goodResponse), { certificates: [certificatePem] })).rejects.toMatchObject({
      reason: 'noCertificate',
    });
  });
});

function padded(text: string, key: string): Buffer {
  const value = ecdsa('sha256')(text, key);
  const zero = Buffer.from([0]);
  return Buffer.concat([zero, value.subarray(0, 32), zero, value.subarray(32)]);
}

function followed(text: string, key: string): Buffer {
  return Buffer.concat([ecdsa('sha256')(text, key), Buffer.from([0])]);
}
