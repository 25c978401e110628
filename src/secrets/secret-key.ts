// The server's one secret and the keys made from it, one per purpose, so that no key is ever used for two things.
// Where the secret comes from is config/'s business; HKDF is RFC 5869.

import { hkdfSync } from 'node:crypto';

export interface Keyring {
  /** Names the secret without telling it: eight hex digits, written before everything that was sealed with it. */
  readonly id: string;
  /** AES-256-GCM for secrets we must read again. */
  readonly seal: Uint8Array;
  /** HMAC key for what the audit trail proves. */
  readonly audit: Uint8Array;
  /** HMAC key for cookies and browser binding. */
  readonly cookie: Uint8Array;
  /** HMAC key for states, references and other values we hand out and get back. */
  readonly signature: Uint8Array;
  /** HMAC key for the names of deleted people. */
  readonly names: Uint8Array;
}

/** Bytes of `FURLOUGH_SECRET`. */
export const secretBytes = 32;

/** The keys of one secret of 32 bytes. Throws `RangeError` for any other length: a short secret is a mistake nobody would see later. */
export function createKeyring(secret: Uint8Array): Keyring {
  if (secret.length !== secretBytes)
    throw new RangeError(`The secret must have ${secretBytes} bytes, not ${secret.length}.`);
  return {
    id: Buffer.from(deriveKey(secret, 'key id', 4)).toString('hex'),
    seal: deriveKey(secret, 'seal', 32),
    audit: deriveKey(secret, 'audit', 32),
    cookie: deriveKey(secret, 'cookie', 32),
    signature: deriveKey(secret, 'signature', 32),
    names: deriveKey(secret, 'names', 32),
  };
}

function deriveKey(secret: Uint8Array, purpose: string, size: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'furlough', `furlough/1/${purpose}`, size));
}
