// Signature values as an honest identity provider makes them, by the names of XML Signature (RFC 6931 2.3); written beside the sources' table and
// not from it.

import { constants, sign } from 'node:crypto';

/** The value of a signature over `text`. */
export type MakeValue = (text: string, privateKeyPem: string) => Buffer;

export const rsa =
  (hash: string): MakeValue =>
  (text, key) =>
    sign(hash, Buffer.from(text), { key, padding: constants.RSA_PKCS1_PADDING });

export const rsaPss =
  (hash: string, saltLength: number = constants.RSA_PSS_SALTLEN_DIGEST): MakeValue =>
  (text, key) =>
    sign(hash, Buffer.from(text), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

export const ecdsa =
  (hash: string, dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363'): MakeValue =>
  (text, key) =>
    sign(hash, Buffer.from(text), { key, dsaEncoding });

const [of2001, of2007] = ['http://www.w3.org/2001/04/xmldsig-more#', 'http://www.w3.org/2007/05/xmldsig-more#'];
export const rsaSha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
export const pssSha1 = `${of2007}sha1-rsa-MGF1`;
export const ecdsaSha1 = `${of2001}ecdsa-sha1`;
export const rsaSha256 = `${of2001}rsa-sha256`;
export const pssSha256 = `${of2007}sha256-rsa-MGF1`;
export const ecdsaSha256 = `${of2001}ecdsa-sha256`;

/** What counts, each with the kind of key it needs. */
export const goodAlgorithms: readonly (readonly [name: string, key: 'rsa' | 'P-256' | 'P-384' | 'P-521', MakeValue])[] =
  [
    [rsaSha256, 'rsa', rsa('sha256')],
    [`${of2001}rsa-sha384`, 'rsa', rsa('sha384')],
    [`${of2001}rsa-sha512`, 'rsa', rsa('sha512')],
    [pssSha256, 'rsa', rsaPss('sha256')],
    [`${of2007}sha384-rsa-MGF1`, 'rsa', rsaPss('sha384')],
    [`${of2007}sha512-rsa-MGF1`, 'rsa', rsaPss('sha512')],
    [ecdsaSha256, 'P-256', ecdsa('sha256')],
    [`${of2001}ecdsa-sha384`, 'P-384', ecdsa('sha384')],
    [`${of2001}ecdsa-sha512`, 'P-521', ecdsa('sha512')],
  ];

export const valuesByName: ReadonlyMap<string, MakeValue> = new Map([
  [rsaSha1, rsa('sha1')],
  [pssSha1, rsaPss('sha1')],
  [ecdsaSha1, ecdsa('sha1')],
  ...goodAlgorithms.map(([name, , make]) => [name, make] as const),
]);
