// RSA keys, found beside the event loop: looking for one takes from a quarter of a second to several.

import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export interface RsaKeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A key pair of 2,048 bits that nobody else has. */
export type CreateRsaKey = () => Promise<RsaKeyPair>;

const generate = promisify(generateKeyPair);

export const createRsaKey: CreateRsaKey = () => generate('rsa', { modulusLength: 2_048 });
