// The secret of an embedded store: made on first start beside the database file, readable by its owner only.
// Linking a finished file into place makes two starts at once agree on one secret.

import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StorageAddress } from './config-rules.ts';

/** `memory`: random, gone with the process, as is what it sealed. */
export type SecretSource = 'configured' | 'file' | 'made' | 'memory';

export type SecretOutcome =
  | { readonly kind: 'secret'; readonly secret: Uint8Array; readonly source: SecretSource }
  | { readonly kind: 'fault'; readonly fault: string };

/** The configured secret (base64), or the one in the data folder, made there if `make` and there is none. */
export function readOrMakeSecret(
  configured: string | undefined,
  storage: StorageAddress,
  make: boolean,
): SecretOutcome {
  if (configured !== undefined) return { kind: 'secret', secret: decode(configured), source: 'configured' };
  if (storage.kind === 'mongodb') return { kind: 'fault', fault: 'FURLOUGH_SECRET (secret) is required with MongoDB' };
  if (storage.path === null || !make) {
    const known = storage.path === null ? null : readSecret(secretPathOf(storage.path));
    return known ?? { kind: 'secret', secret: randomBytes(32), source: 'memory' };
  }
  const path = secretPathOf(storage.path);
  try {
    const known = readSecret(path);
    if (known !== null) return known;
    if (existsSync(storage.path)) {
      return {
        kind: 'fault',
        fault: `FURLOUGH_SECRET (secret): ${storage.path} is there but ${path} is not; what is sealed in it needs the secret it was made with`,
      };
    }
    return makeSecret(path);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
    return { kind: 'fault', fault: `FURLOUGH_SECRET (secret): ${path} cannot be read or made (${code})` };
  }
}

/** Where the secret of a database file lies. */
export function secretPathOf(databasePath: string): string {
  return join(dirname(databasePath), 'secret');
}

function readSecret(path: string): SecretOutcome | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const secret = decode(text);
  if (secret.length === 32) return { kind: 'secret', secret, source: 'file' };
  return {
    kind: 'fault',
    fault: `FURLOUGH_SECRET (secret): ${path} does not hold 32 bytes in base64; what it sealed cannot be read with another one`,
  };
}

function makeSecret(path: string): SecretOutcome {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.secret-${process.pid}-${randomBytes(6).toString('hex')}`);
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    const known = typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';
    if (!known) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = readSecret(path);
  if (made === null) throw new TypeError(`${path} vanished.`);
  return made.kind === 'secret' ? { ...made, source: 'made' } : made;
}

function decode(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.trim(), 'base64'));
}
