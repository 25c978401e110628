// The certificates whose keys may sign for an identity provider. A certificate is a carrier of a key an administrator
// pinned, so its dates do not decide (gate.md 2.4: a pinned key wins over certificate dates); callers may show them.

import { type KeyObject, X509Certificate } from 'node:crypto';

import { SamlRefusal } from './saml-refusal.ts';

const minRsaBits = 2048;
/** Each signature is tried with each key: one that takes long must not be among them. */
const maxRsaBits = 8192;
const maxExponent = 0xffff_ffffn;
/** P-256, P-384 and P-521, by OpenSSL's names. A curve that is spelled out in the certificate has none, and could be anybody's. */
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

export interface SigningCertificate {
  readonly pem: string;
  /** SHA-256 of the certificate, hexadecimal pairs with colons. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/**
 * Reads one certificate, PEM or bare base64, with an RSA key of 2,048 to 8,192 bits or an elliptic one on P-256, P-384 or P-521.
 * @throws SamlRefusal `noCertificate`
 */
export function readSigningCertificate(text: string): SigningCertificate {
  const certificate = parseCertificate(text);
  assertUsableKey(certificate.publicKey);
  return {
    pem: certificate.toString(),
    fingerprint: certificate.fingerprint256,
    notAfter: new Date(certificate.validTo),
  };
}

function assertUsableKey({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): void {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'ec') {
    if (!curves.has(namedCurve))
      throw new SamlRefusal('noCertificate', 'an elliptic key on another curve than P-256, P-384, P-521');
    return;
  }
  if (asymmetricKeyType !== 'rsa') throw new SamlRefusal('noCertificate', 'neither an RSA nor an elliptic key');
  if (modulusLength < minRsaBits) {
    throw new SamlRefusal('noCertificate', `an RSA key below ${String(minRsaBits)} bits`);
  }
  if (modulusLength > maxRsaBits || publicExponent > maxExponent) {
    throw new SamlRefusal('noCertificate', `an RSA key above ${String(maxRsaBits)} bits, or with an unusual exponent`);
  }
}

/** The PEMs of those `texts` that can be used; unusable ones are left out, so that they never count as a certificate. */
export function usableCertificates(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    try {
      return [readSigningCertificate(text).pem];
    } catch {
      return [];
    }
  });
}

function parseCertificate(text: string): X509Certificate {
  const body = text.includes('-----BEGIN')
    ? /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(text)?.[1]
    : text;
  const base64 = (body ?? '').replaceAll(/\s+/g, '');
  // One certificate exactly: of a chain only the first would be read, and nobody would notice.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new SamlRefusal('noCertificate', 'not one certificate in PEM');
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    throw new SamlRefusal('noCertificate', 'not an X.509 certificate');
  }
}
