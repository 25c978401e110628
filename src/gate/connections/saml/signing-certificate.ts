// The certificates whose keys may sign for an identity provider. A certificate is a carrier of a key an administrator
// pinned, so its dates do not decide (gate.md 2.4: a pinned key wins over certificate dates); callers may show them.

import { X509Certificate } from 'node:crypto';

import { SamlRefusal } from './saml-refusal.ts';

const minRsaBits = 2048;
/** Each signature is tried with each key: one that takes long must not be among them. */
const maxRsaBits = 8192;
const maxExponent = 0xffff_ffffn;

export interface SigningCertificate {
  readonly pem: string;
  /** SHA-256 of the certificate, hexadecimal pairs with colons. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/**
 * Reads one certificate, PEM or bare base64, with an RSA key of 2,048 to 8,192 bits (the only kind we can verify).
 * @throws SamlRefusal `noCertificate`
 */
export function readSigningCertificate(text: string): SigningCertificate {
  const certificate = parseCertificate(text);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'rsa') throw new SamlRefusal('noCertificate', 'not an RSA key');
  if ((asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits) {
    throw new SamlRefusal('noCertificate', `an RSA key below ${String(minRsaBits)} bits`);
  }
  if (
    (asymmetricKeyDetails?.modulusLength ?? 0) > maxRsaBits ||
    (asymmetricKeyDetails?.publicExponent ?? 0n) > maxExponent
  ) {
    throw new SamlRefusal('noCertificate', `an RSA key above ${String(maxRsaBits)} bits, or with an unusual exponent`);
  }
  return {
    pem: certificate.toString(),
    fingerprint: certificate.fingerprint256,
    notAfter: new Date(certificate.validTo),
  };
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
