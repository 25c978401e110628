// Encrypts the assertion of a SAML response as an identity provider does (XML Encryption 1.1), in the accepted ways and in those that are refused.

import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';

const xenc = 'http://www.w3.org/2001/04/xmlenc#';
const xenc11 = 'http://www.w3.org/2009/xmlenc11#';

const ciphers = {
  'aes-128-gcm': { algorithm: `${xenc11}aes128-gcm`, keyBytes: 16, nonceBytes: 12 },
  'aes-192-gcm': { algorithm: `${xenc11}aes192-gcm`, keyBytes: 24, nonceBytes: 12 },
  'aes-256-gcm': { algorithm: `${xenc11}aes256-gcm`, keyBytes: 32, nonceBytes: 12 },
  'aes-128-cbc': { algorithm: `${xenc}aes128-cbc`, keyBytes: 16, nonceBytes: 16 },
  'aes-256-cbc': { algorithm: `${xenc}aes256-cbc`, keyBytes: 32, nonceBytes: 16 },
  'des-ede3-cbc': { algorithm: `${xenc}tripledes-cbc`, keyBytes: 24, nonceBytes: 8 },
} as const;

const oaep = constants.RSA_PKCS1_OAEP_PADDING;
const transports = {
  mgf1p: { method: `Algorithm="${xenc}rsa-oaep-mgf1p"/>`, padding: oaep, oaepHash: 'sha1' },
  sha256: {
    method: `Algorithm="${xenc11}rsa-oaep"><ds:DigestMethod Algorithm="${xenc}sha256"/><xenc11:MGF xmlns:xenc11="${xenc11}" Algorithm="${xenc11}mgf1sha256"/></xenc:EncryptionMethod>`,
    padding: oaep,
    oaepHash: 'sha256',
  },
  'rsa-1_5': { method: `Algorithm="${xenc}rsa-1_5"/>`, padding: constants.RSA_PKCS1_PADDING, oaepHash: 'sha1' },
} as const;

export interface EncryptionChoices {
  readonly cipher?: keyof typeof ciphers;
  readonly transport?: keyof typeof transports;
  /** The EncryptedKey beside the EncryptedData instead of inside it. */
  readonly keyBeside?: boolean;
  /** Changes nonce, cipher text and tag. */
  readonly spoilData?: (bytes: Buffer) => Buffer;
  /** Changes the encrypted key. */
  readonly spoilKey?: (bytes: Buffer) => Buffer;
}

/** `xml` with its one Assertion encrypted to the key of `certificatePem`. Text is what stands between; the assertion must not lean on outer namespaces. */
export function encryptAssertion(xml: string, certificatePem: string, choices: EncryptionChoices = {}): string {
  const found = /<saml:Assertion[\s>][\s\S]*<\/saml:Assertion>/.exec(xml);
  if (found === null) throw new Error('no assertion to encrypt');
  return xml.replace(found[0], () => encryptElement(found[0], certificatePem, choices));
}

/** An EncryptedAssertion with `plain` inside. */
export function encryptElement(
  plain: string,
  certificatePem: string,
  {
    cipher = 'aes-256-gcm',
    transport = 'sha256',
    keyBeside = false,
    spoilData = (bytes) => bytes,
    spoilKey = (bytes) => bytes,
  }: EncryptionChoices = {},
): string {
  const { algorithm, keyBytes, nonceBytes } = ciphers[cipher];
  const { method, padding, oaepHash } = transports[transport];
  const key = randomBytes(keyBytes);
  const wrapped = spoilKey(publicEncrypt({ key: certificatePem, padding, oaepHash }, key));
  const data = spoilData(encipher(cipher, key, randomBytes(nonceBytes), plain));
  const cipherData = (bytes: Buffer): string =>
    `<xenc:CipherData><xenc:CipherValue>${bytes.toString('base64')}</xenc:CipherValue></xenc:CipherData>`;
  const encryptedKey = `<xenc:EncryptedKey><xenc:EncryptionMethod ${method}${cipherData(wrapped)}</xenc:EncryptedKey>`;
  const inside = keyBeside ? '' : `<ds:KeyInfo>${encryptedKey}</ds:KeyInfo>`;
  return [
    `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xenc="${xenc}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">`,
    `<xenc:EncryptedData Type="${xenc}Element"><xenc:EncryptionMethod Algorithm="${algorithm}"/>${inside}${cipherData(data)}</xenc:EncryptedData>`,
    keyBeside ? encryptedKey : '',
    '</saml:EncryptedAssertion>',
  ].join('');
}

function encipher(cipher: keyof typeof ciphers, key: Buffer, nonce: Buffer, plain: string): Buffer {
  if (cipher === 'aes-128-gcm' || cipher === 'aes-192-gcm' || cipher === 'aes-256-gcm') {
    const gcm = createCipheriv(cipher, key, nonce);
    return Buffer.concat([nonce, gcm.update(plain, 'utf8'), gcm.final(), gcm.getAuthTag()]);
  }
  const cbc = createCipheriv(cipher, key, nonce);
  return Buffer.concat([nonce, cbc.update(plain, 'utf8'), cbc.final()]);
}
