// What an EncryptedAssertion must look like before anything is decrypted: one key, one cipher text, algorithms from a short list (gate.md 2.1
// "encryption"; XML Encryption 1.1). No cryptography here: decryption runs in the verification thread, keys come from service-keys.ts.

import { childrenCalled, encryption11Namespace, encryptionNamespace, nameOf, onlyChildCalled } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import type { XmlElement } from './xml-tree.ts';

export type DataCipher = 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
export type OaepHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface EncryptedAssertion {
  readonly dataCipher: DataCipher;
  /** Nonce, cipher text and tag (XML Encryption 1.1, 5.2.4). */
  readonly data: Uint8Array;
  readonly oaepHash: OaepHash;
  readonly key: Uint8Array;
}

/** Authenticated ciphers only: with CBC and 3DES every answer to a changed cipher text tells something of the plain text. */
const dataCiphers: ReadonlyMap<string, DataCipher> = new Map([
  [`${encryption11Namespace}aes128-gcm`, 'aes-128-gcm'],
  [`${encryption11Namespace}aes192-gcm`, 'aes-192-gcm'],
  [`${encryption11Namespace}aes256-gcm`, 'aes-256-gcm'],
]);

const digests: ReadonlyMap<string, OaepHash> = new Map([
  ['http://www.w3.org/2000/09/xmldsig#sha1', 'sha1'],
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
]);

const masks: ReadonlyMap<string, OaepHash> = new Map([
  [`${encryption11Namespace}mgf1sha1`, 'sha1'],
  [`${encryption11Namespace}mgf1sha256`, 'sha256'],
  [`${encryption11Namespace}mgf1sha384`, 'sha384'],
  [`${encryption11Namespace}mgf1sha512`, 'sha512'],
]);

/** An RSA key of 8,192 bits; whether it fits our key is seen when it is used. */
const maxKeyBytes = 1024;

/** @throws SamlRefusal `encryptionRefused` */
export function readEncryptedAssertion(element: XmlElement): EncryptedAssertion {
  const data = only(element, 'xenc:EncryptedData');
  const type = data.attributes.get('Type');
  if (type !== undefined && type !== `${encryptionNamespace}Element`) throw refusal('EncryptedData is no element');
  const method = only(data, 'xenc:EncryptionMethod');
  const dataCipher = dataCiphers.get(algorithmOf(method));
  if (dataCipher === undefined) throw refusal(`the cipher ${quoted(algorithmOf(method))}`);
  if (method.children.length > 0) throw refusal('a cipher with parameters');

  const keyInfos = childrenCalled(data, 'ds:KeyInfo');
  const [key, ...otherKeys] = [element, ...keyInfos].flatMap((place) => childrenCalled(place, 'xenc:EncryptedKey'));
  if (key === undefined || otherKeys.length > 0 || keyInfos.length > 1) throw refusal('not exactly one EncryptedKey');
  return {
    dataCipher,
    data: cipherOf(data, Number.POSITIVE_INFINITY),
    oaepHash: readOaepHash(only(key, 'xenc:EncryptionMethod')),
    key: cipherOf(key, maxKeyBytes),
  };
}

/** Digest and mask must use one hash, as they do unless somebody chose otherwise: the two halves of OAEP are not taken apart here. */
function readOaepHash(method: XmlElement): OaepHash {
  const algorithm = algorithmOf(method);
  const isOriginal = algorithm === `${encryptionNamespace}rsa-oaep-mgf1p`;
  if (!isOriginal && algorithm !== `${encryption11Namespace}rsa-oaep`) {
    throw refusal(`the key transport ${quoted(algorithm)}`);
  }
  const names = method.children.map(nameOf);
  if (names.some((name) => name !== 'ds:DigestMethod' && name !== 'xenc11:MGF') || new Set(names).size < names.length) {
    throw refusal('a key transport with other parameters than digest and mask');
  }
  const digest = childOf(method, 'ds:DigestMethod', digests);
  const mask = isOriginal ? 'sha1' : childOf(method, 'xenc11:MGF', masks);
  if (isOriginal && names.includes('xenc11:MGF')) throw refusal('rsa-oaep-mgf1p with a mask of its own');
  if (digest !== mask) throw refusal(`OAEP with the digest ${digest} and the mask ${mask}`);
  return digest;
}

/** Left out it is SHA-1 for both (XML Encryption 1.1, 5.5.2), which is no weakness within OAEP. */
function childOf(method: XmlElement, name: string, known: ReadonlyMap<string, OaepHash>): OaepHash {
  const child = onlyChildCalled(method, name);
  if (child === undefined) return 'sha1';
  const hash = known.get(algorithmOf(child));
  if (hash === undefined) throw refusal(`${name} ${quoted(algorithmOf(child))}`);
  return hash;
}

function cipherOf(element: XmlElement, maxBytes: number): Uint8Array {
  const value = only(only(element, 'xenc:CipherData'), 'xenc:CipherValue');
  const text = value.text.replaceAll(/[ \t\r\n]/g, '');
  const bytes = Buffer.from(text, 'base64');
  if (value.children.length > 0 || bytes.length === 0 || bytes.toString('base64') !== text)
    throw refusal('CipherValue');
  if (bytes.length > maxBytes) throw refusal('an encrypted key that is too long');
  return bytes;
}

function algorithmOf(element: XmlElement): string {
  return element.attributes.get('Algorithm') ?? '';
}

function only(element: XmlElement, name: string): XmlElement {
  const child = onlyChildCalled(element, name);
  if (child === undefined) throw refusal(`${nameOf(element)}: one ${name}`);
  return child;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function refusal(detail: string): SamlRefusal {
  return new SamlRefusal('encryptionRefused', detail);
}
