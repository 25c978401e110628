// An RSA key with a self-signed X.509 certificate around it, for those who take a public key in no other form (SAML metadata). Node reads
// certificates but cannot make them; what is written here is the one fixed shape we need (RFC 5280 4.1, X.690). Nobody trusts it for its
// signature: the other side pins it.

import { sign, type KeyObject } from 'node:crypto';
import type { RandomBytes } from '#directory/identifiers.ts';
import { createRsaKey, type CreateRsaKey } from './rsa-key.ts';

export interface CertifiedKey {
  /** PKCS#8, PEM. */
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

export interface CertificateWords {
  readonly commonName: string;
  /** Milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const serialBytes = 16;

/** A new key with its certificate. */
export async function createCertifiedKey(
  words: CertificateWords,
  randomBytes: RandomBytes,
  createKey: CreateRsaKey = createRsaKey,
): Promise<CertifiedKey> {
  const { privateKey, publicKey } = await createKey();
  const der = writeCertificate(words, privateKey, publicKey, randomBytes(serialBytes));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function writeCertificate(words: CertificateWords, key: KeyObject, publicKey: KeyObject, random: Uint8Array): Buffer {
  const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'));
  const idCommonName = Buffer.from('0603550403', 'hex');
  // A common name has at most 64 characters (RFC 5280 appendix A.1).
  const text = tagged(0x0c, Buffer.from(words.commonName.slice(0, 64)));
  const name = sequence(tagged(0x31, sequence(idCommonName, text)));
  const serial = Buffer.from(random);
  // A positive number without leading zeros.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    tagged(0x02, serial),
    sha256WithRsa,
    name,
    sequence(timeOf(words.notBefore), timeOf(words.notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, key);
  return sequence(body, sha256WithRsa, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). */
function timeOf(instant: number): Buffer {
  const digits = new Date(instant).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  return digits < '2050' ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tagged(0x18, Buffer.from(`${digits}Z`));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
