// Puts a real XML signature into a SAML message, as an identity provider does. Knows nothing of what the message says;
// the demonstration's toy identity provider uses it too.

import { SignedXml } from 'xml-crypto';

import type { KeyWithCertificate } from './self-signed-certificate.ts';

export const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
export const rsaSha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
export const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
export const sha1 = 'http://www.w3.org/2000/09/xmldsig#sha1';
export const exclusiveC14n = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

export interface SigningChoices {
  readonly signatureAlgorithm?: string;
  readonly digestAlgorithm?: string;
  readonly transforms?: readonly string[];
  readonly canonicalization?: string;
  /** Sign with HMAC-SHA1, the certificate's text as the secret (a key-confusion attack). */
  readonly hmacWithCertificate?: boolean;
}

/**
 * Signs the element of `xml` whose `ID` is `id`; the signature becomes the sibling after its Issuer, as the SAML schema
 * wants. Returns the whole document.
 */
export function signSamlElement(
  xml: string,
  id: string,
  key: KeyWithCertificate,
  choices: SigningChoices = {},
): string {
  const signer = new SignedXml({
    privateKey: choices.hmacWithCertificate === true ? key.certificatePem : key.privateKeyPem,
    publicCert: key.certificatePem,
    signatureAlgorithm: choices.signatureAlgorithm ?? rsaSha256,
    canonicalizationAlgorithm: choices.canonicalization ?? exclusiveC14n,
  });
  if (choices.hmacWithCertificate === true) {
    signer.enableHMAC();
    signer.signatureAlgorithm = 'http://www.w3.org/2000/09/xmldsig#hmac-sha1';
  }
  signer.addReference({
    xpath: `//*[@ID='${id}']`,
    transforms: [...(choices.transforms ?? [enveloped, exclusiveC14n])],
    digestAlgorithm: choices.digestAlgorithm ?? sha256,
  });
  signer.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `//*[@ID='${id}']/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signer.getSignedXml();
}
