// Random tokens that browsers carry and the hashes under which they are stored: a stolen dump holds no usable cookie (gate.md 9, L05).

import { hash } from 'node:crypto';
import type { RandomBytes } from '#directory/identifiers.ts';

const tokenBytes = 32;

/** A new token: 256 random bits, 43 characters of base64url. */
export function createToken(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(tokenBytes)).toString('base64url');
}

/** Whether `text` has the form of a token; anything else is not worth a look-up. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** The id under which the record of a token is stored: SHA-256, hex. */
export function idOfToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** One id for several parts, which no other split of the same text gives. */
export function idOfParts(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex');
}
