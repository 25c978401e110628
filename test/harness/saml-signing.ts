// Puts a real XML signature into a SAML message, as an identity provider does. Knows nothing of what the message says;
// the demonstration's toy identity provider uses it too.

import { createHash } from 'node:crypto';
import { SignedXml, type SignatureAlgorithm } from 'xml-crypto';

import { rsaSha256, valuesByName, type MakeValue } from './saml-signature-values.ts';
import type { KeyWithCertificate } from './self-signed-certificate.ts';

export const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
export const sha384 = 'http://www.w3.org/2001/04/xmldsig-more#sha384';
export const sha512 = 'http://www.w3.org/2001/04/xmlenc#sha512';
export const sha1 = 'http://www.w3.org/2000/09/xmldsig#sha1';
export const exclusiveC14n = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

export interface SigningChoices {
  readonly signatureAlgorithm?: string;
  /** Makes the value, where that is not to be what the algorithm's name says. */
  readonly makeValue?: MakeValue;
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
  const { signatureAlgorithm = rsaSha256, makeValue = valuesByName.get(signatureAlgorithm) } = choices;
  const signer = new SignedXml({
    privateKey: choices.hmacWithCertificate === true ? key.certificatePem : key.privateKeyPem,
    publicCert: key.certificatePem,
    signatureAlgorithm,
    canonicalizationAlgorithm: choices.canonicalization ?? exclusiveC14n,
  });
  if (choices.hmacWithCertificate === true) {
    signer.enableHMAC();
    signer.signatureAlgorithm = 'http://www.w3.org/2000/09/xmldsig#hmac-sha1';
  } else if (makeValue !== undefined)
    signer.SignatureAlgorithms[signatureAlgorithm] = algorithmOf(signatureAlgorithm, makeValue);
  signer.HashAlgorithms[sha384] = Sha384;
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

function algorithmOf(name: string, makeValue: MakeValue): new () => SignatureAlgorithm {
  return class {
    getAlgorithmName = (): string => name;
    getSignature = (signedInfo: unknown, key: unknown): string =>
      makeValue(String(signedInfo), String(key)).toString('base64');
    verifySignature = (): never => {
      throw new Error('made to sign');
    };
  } as unknown as new () => SignatureAlgorithm;
}

class Sha384 {
  getAlgorithmName = (): string => sha384;
  getHash = (text: string): string => createHash('sha384').update(text).digest('base64');
}
