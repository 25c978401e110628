// A key with a self-signed X.509 certificate, written in DER by hand because Node can read certificates but not
// make them (RFC 5280 4.1, X.690). For test and demonstration identity providers only.

import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { takeRsaKey } from './spare-rsa-keys.ts';

export interface KeyWithCertificate {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

/** A certificate with an RSA public key of `bits` that nobody made the other half of: large ones would take minutes. */
export function createHollowCertificate(bits: number): string {
  const modulus = randomBytes(bits / 8);
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  const publicKey = createPublicKey({
    key: { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' },
    format: 'jwk',
  });
  const { privateKey } = takeRsaKey();
  return toPem(writeCertificate('Hollow', privateKey, publicKey, new Date('2020-01-01'), new Date('2049-12-31')));
}

/** An RSA key of `bits` and a certificate for `commonName`, valid between the two dates (before 2050). */
export function createSelfSignedCertificate(
  commonName: string,
  { bits = 2048, notBefore = new Date('2020-01-01'), notAfter = new Date('2049-12-31') } = {},
): KeyWithCertificate {
  const keys = bits === 2048 ? takeRsaKey() : generateKeyPairSync('rsa', { modulusLength: bits });
  return certify(commonName, keys, notBefore, notAfter);
}

/** The same with a fresh key on an elliptic curve, by any of its names. */
export function createEllipticCertificate(commonName: string, namedCurve: string): KeyWithCertificate {
  return certify(commonName, generateKeyPairSync('ec', { namedCurve }));
}

/** A certificate for keys made elsewhere. */
export function certify(
  commonName: string,
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  notBefore = new Date('2020-01-01'),
  notAfter = new Date('2049-12-31'),
): KeyWithCertificate {
  const der = writeCertificate(commonName, privateKey, publicKey, notBefore, notAfter);
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: toPem(der),
  };
}

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}

function writeCertificate(commonName: string, key: KeyObject, publicKey: KeyObject, from: Date, to: Date): Buffer {
  const algorithm = algorithmOf(key);
  const idCommonName = Buffer.from('0603550403', 'hex');
  const name = sequence(tagged(0x31, sequence(idCommonName, tagged(0x0c, Buffer.from(commonName)))));
  const body = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('020101', 'hex'),
    algorithm,
    name,
    sequence(utcTime(from), utcTime(to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', body, key);
  return sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

/** RFC 4055 5, RFC 5758 3.2, RFC 8410 3. */
function algorithmOf({ asymmetricKeyType }: KeyObject): Buffer {
  if (asymmetricKeyType === 'ec') return sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  if (asymmetricKeyType === 'ed25519') return sequence(Buffer.from('06032b6570', 'hex'));
  return sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'));
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
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
