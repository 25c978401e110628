// An identity provider's metadata, as pasted or fetched (gate.md 2.4).

import { parseIdentityProviderMetadata } from '#gate/connections/saml/metadata.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import { replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { createSelfSignedCertificate } from '../../../harness/self-signed-certificate.ts';
import { idp, now } from './saml-scene.ts';

const good = idp.metadata();
const parse = (text: string) => parseIdentityProviderMetadata(text, now);
const keyDescriptor = /<md:KeyDescriptor.*<\/md:KeyDescriptor>/;

test("an identity provider's is read", async () => {
  const expected = {
    entityId: idp.entityId,
    ssoUrl: idp.ssoUrl,
    certificates: [readSigningCertificate(idp.certificatePem).pem],
    wantAuthnRequestsSigned: false,
  };
  expect(await parse(good)).toEqual(expected);
  expect(await parse(`\uFEFF${good}`)).toEqual(expected);
  const bare = good.slice(good.indexOf('?>') + 2);
  expect(
    await parse(
      `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${bare}</md:EntitiesDescriptor>`,
    ),
  ).toEqual(expected);
});

test.each([
  ['true', true],
  ['1', true],
  ['false', false],
])('WantAuthnRequestsSigned="%s" is read', async (written, wanted) => {
  const asked = replaceOnce(good, '<md:IDPSSODescriptor', `<md:IDPSSODescriptor WantAuthnRequestsSigned="${written}"`);
  expect(await parse(asked)).toMatchObject({ wantAuthnRequestsSigned: wanted });
});

test('old and new keys come together, encryption keys stay out', async () => {
  const next = createSelfSignedCertificate('Next').certificatePem;
  const descriptor = keyDescriptor.exec(good)?.[0] ?? '';
  const base64 = next.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const other = descriptor.replace(/(?<=<ds:X509Certificate>)[^<]*/, base64);
  const count = async (second: string): Promise<number> =>
    (await parse(replaceOnce(good, descriptor, descriptor + second))).certificates.length;
  expect(await count(other)).toBe(2);
  expect(await count(other.replace(' use="signing"', ''))).toBe(2);
  expect(await count(other.replace('signing', 'encryption'))).toBe(1);
  expect(await count(descriptor)).toBe(1);
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
])('refused: %s', async (_name, text) => {
  expect(text).not.toBe(good);
  await expect(parse(text)).rejects.toMatchObject({ reason: 'metadataInvalid' });
});

test('a certificate that cannot be used is said so', async () => {
  const text = good.replace(/(?<=<ds:X509Certificate>)[^<]*/, 'AAAA');
  await expect(parse(text)).rejects.toMatchObject({ reason: 'noCertificate' });
});
