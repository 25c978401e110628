// The secret of a credential as text: what kind it is, 256 random bits, and a checksum by which scanners recognise a leaked one.
// Only its SHA-256 is stored: with 256 random bits a slow hash would add nothing (gate.md 9). What is signed with must be known, so it is sealed too.

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Credential, CredentialKind } from '#directory/credential.ts';
import type { RandomBytes } from '#directory/identifiers.ts';
import type { SealContext } from './sealing.ts';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 is the first power of 62 above 2^256; 62^6 the first above 2^32. */
const bodyLength = 43;
const checksumLength = 6;

/** A new secret: `furl_<kind>_` and 49 letters and digits, the last six of them the checksum. */
export function createCredentialSecret(kind: CredentialKind, randomBytes: RandomBytes): string {
  const start = `furl_${kind}_${toBase62(BigInt(`0x${Buffer.from(randomBytes(32)).toString('hex')}`), bodyLength)}`;
  return start + checksumOf(start);
}

/** Whether `text` has the form and the checksum of a secret made here. Tokens set by configuration have neither and are as good. */
export function isCredentialSecret(text: string): boolean {
  if (!/^furl_(scim|hr|admin|app)_[0-9A-Za-z]{49}$/.test(text)) return false;
  return checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}

/** SHA-256 of a secret in lower-case hex: the id under which its credential is stored. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** The id of the record of a credential that has no secret; it follows from the credential's own, by which its client names itself. */
export function trustRecordId(credentialId: string): string {
  return hashSecret(`trust ${credentialId}`);
}

/** Where the secret of a credential lies that is signed with. */
export function sealedPlaceOf({ id, organizationId }: Pick<Credential, 'id' | 'organizationId'>): SealContext {
  return { organization: organizationId, collection: 'credentials', field: 'secret', id };
}

function checksumOf(text: string): string {
  return toBase62(BigInt(crc32(text)), checksumLength);
}

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = (digits[Number(rest % 62n)] ?? '') + text;
  return text;
}
