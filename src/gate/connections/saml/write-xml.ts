// Writes the small XML documents we send ourselves: text is escaped, and an enveloped signature put in where one is wanted (SAML core 5.4).

import { SignedXml } from 'xml-crypto';

import type { CertifiedKey } from '#secrets/self-signed-certificate.ts';
import { envelopedSignature, exclusiveC14n } from './saml-names.ts';

/** For text and for attributes in double quotes. Control characters have no place in XML and become nothing. */
export function escapeXml(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- these are exactly the characters XML 1.0 forbids
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

/**
 * Signs the document element, whose `ID` is `id`, with RSA-SHA256.
 * @param after the local name of the child the signature follows; without it the signature comes first
 */
export function signDocument(xml: string, id: string, key: CertifiedKey, after?: string): string {
  const signer = new SignedXml({
    privateKey: key.privateKeyPem,
    publicCert: key.certificatePem,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: exclusiveC14n,
  });
  const root = `/*[@ID='${id}']`;
  signer.addReference({
    xpath: root,
    transforms: [envelopedSignature, exclusiveC14n],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  const location =
    after === undefined
      ? ({ reference: root, action: 'prepend' } as const)
      : ({ reference: `${root}/*[local-name(.)='${after}']`, action: 'after' } as const);
  signer.computeSignature(xml, { prefix: 'ds', location });
  return signer.getSignedXml();
}
