// Which keys and algorithms count (gate.md S04, S05, S06, S07, S26).

import { readSigningCertificate, usableCertificates } from '#gate/connections/saml/signing-certificate.ts';
import { replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { rsaSha1 } from '../../../harness/saml-signature-values.ts';
import { enveloped, exclusiveC14n, sha1 } from '../../../harness/saml-signing.ts';
import { createHollowCertificate, createSelfSignedCertificate } from '../../../harness/self-signed-certificate.ts';
import { complete, connectionWith, goodResponse, idp, nameId, refuses } from './saml-scene.ts';

const otherKey = createSelfSignedCertificate('Somebody else');
const signs = ['response', 'assertion', 'both'] as const;

describe('S04 another key', () => {
  test.each(signs)('with its certificate in KeyInfo, signed %s', async (sign) => {
    expect(idp.respondXml({ ...goodResponse, sign, key: otherKey })).toContain('X509Certificate');
    await refuses({ sign, key: otherKey }, 'signatureInvalid');
  });
});

describe('S05 confused and unknown algorithms', () => {
  test.each(signs)('HMAC with the public certificate, signed %s', async (sign) => {
    await refuses({ sign, signing: { hmacWithCertificate: true } }, 'algorithmRefused');
  });

  test.each([
    'none',
    '',
    'http://www.w3.org/2000/09/xmldsig#dsa-sha1',
    'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
  ])('signature algorithm "%s"', async (algorithm) => {
    const signed = (xml: string): string => replaceOnce(xml, /(?<=<ds:SignatureMethod Algorithm=")[^"]*/, algorithm);
    await refuses({ edit: { signed } }, 'algorithmRefused');
  });
});

describe('S06 SHA-1', () => {
  test.each(signs)('RSA-SHA1, signed %s', async (sign) => {
    await refuses({ sign, signing: { signatureAlgorithm: rsaSha1 } }, 'algorithmRefused');
  });

  test.each(signs)('a SHA-1 digest, signed %s', async (sign) => {
    await refuses({ sign, signing: { digestAlgorithm: sha1 } }, 'algorithmRefused');
  });
});

describe('S07 signatures of another shape', () => {
  const signedInfo = /<ds:SignedInfo>[\s\S]*?<\/ds:SignedInfo>/;
  const reference = /<ds:Reference[\s\S]*?<\/ds:Reference>/;
  const double =
    (pattern: RegExp) =>
    (xml: string): string => {
      const found = pattern.exec(xml)?.[0] ?? '';
      return replaceOnce(xml, pattern, found + found);
    };

  test.each([
    ['two SignedInfo', double(signedInfo)],
    ['two References', double(reference)],
    ['three Transforms', double(/<ds:Transform [^>]*\/>/)],
    ['two DigestValues', double(/<ds:DigestValue>[^<]*<\/ds:DigestValue>/)],
    [
      'a SignedInfo inside KeyInfo',
      (xml: string) => replaceOnce(xml, '<ds:KeyInfo>', `<ds:KeyInfo>${signedInfo.exec(xml)?.[0] ?? ''}`),
    ],
    ['an Object', (xml: string) => replaceOnce(xml, '</ds:Signature>', '<ds:Object/></ds:Signature>')],
    [
      'an output length',
      (xml: string) =>
        replaceOnce(
          xml,
          /(<ds:SignatureMethod [^>]*)\/>/,
          '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
        ),
    ],
    ['a Reference to the whole document', (xml: string) => replaceOnce(xml, /(?<=<ds:Reference URI=")[^"]*/, '')],
    ['an XPointer', (xml: string) => replaceOnce(xml, /(?<=<ds:Reference URI=")[^"]*/, '#xpointer(/)')],
    ['elements in DigestValue', (xml: string) => replaceOnce(xml, '<ds:DigestValue>', '<ds:DigestValue><ds:X/>')],
  ])('%s', async (_name, signed) => {
    await refuses({ edit: { signed } }, 'samlResponseInvalid');
  });

  test.each([
    ['canonicalization with comments', { canonicalization: `${exclusiveC14n}WithComments` }],
    ['a transform with comments', { transforms: [enveloped, `${exclusiveC14n}WithComments`] }],
    ['inclusive canonicalization', { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }],
  ])('%s', async (_name, signing) => {
    await refuses({ signing }, 'algorithmRefused');
  });

  test.each(['http://www.w3.org/TR/1999/REC-xslt-19991116', 'http://www.w3.org/TR/1999/REC-xpath-19991116'])(
    'transform %s',
    async (algorithm) => {
      const signed = (xml: string): string => replaceOnce(xml, /(?<=<ds:Transform Algorithm=")[^"]*/, algorithm);
      await refuses({ edit: { signed } }, 'algorithmRefused');
    },
  );
});

describe('S26 certificates', () => {
  const expired = createSelfSignedCertificate('Expired', { notAfter: new Date('2021-01-01') });

  test.each([
    ['no certificate', []],
    ['an empty one', ['']],
    ['no certificate but text', ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']],
    ['S24 a key of 16,384 bits', [createHollowCertificate(16_384)]],
    ['a short key', [createSelfSignedCertificate('Short', { bits: 1024 }).certificatePem]],
  ])('%s: nobody signs in, nobody is sent away to', async (_name, certificates) => {
    await expect(complete(idp.respond(goodResponse), { certificates })).rejects.toMatchObject({
      reason: 'noCertificate',
    });
    await expect(connectionWith({ certificates }).begin()).rejects.toMatchObject({ reason: 'noCertificate' });
  });

  test('the largest key that is taken', () => {
    expect(usableCertificates([createHollowCertificate(8_192)])).toHaveLength(1);
  });

  test('while rolling, both keys count; a removed one no more', async () => {
    const both = [idp.certificatePem, otherKey.certificatePem];
    const byOther = idp.respond({ ...goodResponse, key: otherKey });
    await expect(complete(idp.respond(goodResponse), { certificates: both })).resolves.toMatchObject({
      subject: nameId,
    });
    await expect(complete(byOther, { certificates: both })).resolves.toMatchObject({ subject: nameId });
    await expect(complete(byOther, { certificates: [idp.certificatePem] })).rejects.toMatchObject({
      reason: 'signatureInvalid',
    });
  });

  test('a pinned key counts whatever its certificate says of dates', async () => {
    const response = idp.respond({ ...goodResponse, key: expired });
    await expect(complete(response, { certificates: [expired.certificatePem] })).resolves.toMatchObject({
      subject: nameId,
    });
    expect(readSigningCertificate(expired.certificatePem).notAfter.getUTCFullYear()).toBe(2021);
  });

  test('a bare base64 certificate is read, a chain is not', () => {
    const bare = idp.certificatePem.replaceAll(/-----[A-Z ]+-----/g, '');
    expect(usableCertificates([bare])).toEqual([readSigningCertificate(idp.certificatePem).pem]);
    expect(usableCertificates([idp.certificatePem + otherKey.certificatePem])).toEqual([]);
  });
});
