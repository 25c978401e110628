// RSA keys made before the run (global-setup.mjs): finding one takes up to seconds, and most tests only need one that differs from its neighbours.
// Each process begins somewhere and takes them in turn. Without such a file, as in the demo, a key is made.

import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RsaKeyPair } from '#secrets/rsa-key.ts';

let spare: readonly RsaKeyPair[] | undefined;
let next = 0;

/** A key pair of 2,048 bits; the same again only after all others. */
export function takeRsaKey(): RsaKeyPair {
  const path = process.env['FURLOUGH_TEST_RSA_KEYS'];
  if (path === undefined) return generateKeyPairSync('rsa', { modulusLength: 2_048 });
  spare ??= (JSON.parse(readFileSync(path, 'utf8')) as readonly string[]).map((pem) => ({
    privateKey: createPrivateKey(pem),
    publicKey: createPublicKey(pem),
  }));
  if (next === 0) next = process.pid;
  next += 1;
  const pair = spare[next % spare.length];
  if (pair === undefined) throw new Error(`${path} holds no keys`);
  return pair;
}

/** The same for whoever takes a maker of keys. */
export const takeSpareRsaKey = (): Promise<RsaKeyPair> => Promise.resolve(takeRsaKey());
