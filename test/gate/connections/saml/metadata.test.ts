// An identity provider's metadata, as pasted or fetched (gate.md 2.4).

import { parseIdentityProviderMetadata } from '#gate/connections/saml/metadata.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import { replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { createSelfSignedCertificate } from '../../../harness/self-signed-certificate.ts';
import { closeScene, idp, now } from './saml-scene.ts';

afterAll(closeScene);

const good = idp.metadata();
const parse = (text: string) => parseIdentityProviderMetadata(text, now);
const keyDescriptor = /<md:KeyDescriptor.*<\/md:KeyDescriptor>/;

test("an identity provider's is read", () => {
  const expected = {
    entityId: idp.entityId,
    ssoUrl: idp.ssoUrl,
    certificates: [readSigningCertificate(idp.certificatePem).pem],
    wantAuthnRequestsSigned: false,
  };
  expect(parse(good)).toEqual(expected);
  expect(parse(`\uFEFF${good}`)).toEqual(expected);
  const bare = good.slice(good.indexOf('?>') + 2);
  expect(
    parse(`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${bare}</md:EntitiesDescriptor>`),
  ).toEqual(expected);
});

test.each([
  ['true', true],
  ['1', true],
  ['false', false],
])('WantAuthnRequestsSigned="%s" is read', (written, wanted) => {
  const asked = replaceOnce(good, '<md:IDPSSODescriptor', `<md:IDPSSODescriptor WantAuthnRequestsSigned="${written}"`);
  expect(parse(asked).wantAuthnRequestsSigned).toBe(wanted);
});

test('old and new keys come together, encryption keys stay out', () => {
  const next = createSelfSignedCertificate('Next').certificatePem;
  const descriptor = keyDescriptor.exec(good)?.[0] ?? '';
  const base64 = next.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const other = descriptor.replace(/(?<=<ds:X509Certificate>)[^<]*/, base64);
  expect(parse(replaceOnce(good, descriptor, descriptor + other)).certificates).toHaveLength(2);
  expect(
    parse(replaceOnce(good, descriptor, descriptor + other.replace(' use="signing"', ''))).certificates,
  ).toHaveLength(2);
  expect(
    parse(replaceOnce(good, descriptor, descriptor + other.replace('signing', 'encryption'))).certificates,
  ).toHaveLength(1);
  expect(parse(replaceOnce(good, descriptor, descriptor + descriptor)).certificates).toHaveLength(1);
});

test.each([
  ['not XML', 'hello'],
  ['DOCTYPE', good.replace('<md:Entity', '<!DOCTYPE x><md:Entity')],
  ['a comment', good.replace('</md:Entity', '<!-- x --></md:Entity')],
  ['another root', '<x/>'],
  ['no entityID', good.replace(/ entityID="[^"]*"/, '')],
  ['no role', good.replaceAll('IDPSSODescriptor', 'SPSSODescriptor')],
  ['another protocol', good.replace('SAML:2.0:protocol', 'SAML:1.1:protocol')],
  ['no key', good.replace(keyDescriptor, '')],
  ['only an encryption key', good.replace('"signing"', '"encryption"')],
  ['no redirect binding', good.replace('HTTP-Redirect', 'HTTP-POST')],
  ['a sign-on address without TLS', good.replace(/(?<=Location=")[^"]*/, 'http://idp.example/sso')],
  ['a sign-on address that is script', good.replace(/(?<=Location=")[^"]*/, 'javascript:alert(1)')],
  ['past its time', good.replace(' entityID', ' validUntil="2031-05-06T08:59:59Z" entityID')],
  ['an unreadable time', good.replace(' entityID', ' validUntil="never" entityID')],
  ['too many elements', good.replace('</md:Entity', `${'<a/>'.repeat(10_001)}</md:Entity`)],
  ['too large', good.replace('</md:Entity', `${' '.repeat(1024 * 1024)}</md:Entity`)],
])('refused: %s', (_name, text) => {
  expect(text).not.toBe(good);
  expect(() => parse(text)).toThrow(expect.objectContaining({ reason: 'metadataInvalid' }));
});

test('a certificate that cannot be used is said so', () => {
  const text = good.replace(/(?<=<ds:X509Certificate>)[^<]*/, 'AAAA');
  expect(() => parse(text)).toThrow(expect.objectContaining({ reason: 'noCertificate' }));
});
