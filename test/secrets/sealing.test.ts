// Keys by purpose, sealing bound to its place, and the form of credential secrets.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { credentialKinds } from '#directory/credential.ts';
import { createCredentialSecret, hashSecret, isCredentialSecret } from '#secrets/credential-secret.ts';
import { createSealing, SealError } from '#secrets/sealing.ts';
import { createKeyring } from '#secrets/secret-key.ts';

const keyring = createKeyring(Buffer.alloc(32, 1));
const place = { organization: 'acme', collection: 'connection', field: 'clientSecret', id: 'okta' };

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof SealError) return error.code;
    throw error;
  }
  return undefined;
}

describe('keyring', () => {
  test('one secret gives one key per purpose, no two alike, the same every time', () => {
    const keys = [keyring.seal, keyring.audit, keyring.cookie, keyring.signature].map((key) =>
      Buffer.from(key).toString('hex'),
    );
    expect(new Set(keys).size).toBe(4);
    expect(keys.every((key) => key.length === 64)).toBe(true);
    expect(createKeyring(Buffer.alloc(32, 1))).toEqual(keyring);
    expect(createKeyring(Buffer.alloc(32, 2)).seal).not.toEqual(keyring.seal);
  });

  test.each([0, 16, 31, 33])('a secret of %i bytes is refused', (size) => {
    expect(() => createKeyring(Buffer.alloc(size))).toThrow(RangeError);
  });
});

describe('sealing', () => {
  const sealing = createSealing(keyring, randomBytes);

  test('any text comes back in its own place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(sealing.unseal(sealing.seal(text, place), place)).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test('the same text is sealed differently each time and stays hidden', () => {
    const [first, second] = [sealing.seal('planted-secret', place), sealing.seal('planted-secret', place)];
    expect(first).not.toBe(second);
    expect(first).not.toContain('planted-secret');
    expect(Buffer.from(first.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('planted-secret');
  });

  test.each(['organization', 'collection', 'field', 'id'] as const)('moved to another %s it does not open', (part) => {
    const sealed = sealing.seal('text', place);
    expect(sealing.unseal(sealed, place)).toBe('text');
    expect(codeOf(() => sealing.unseal(sealed, { ...place, [part]: 'other' }))).toBe('tampered');
  });

  test('parts of a place cannot be shifted into one another', () => {
    const sealed = sealing.seal('text', { ...place, organization: 'a', collection: 'b|c' });
    expect(codeOf(() => sealing.unseal(sealed, { ...place, organization: 'a|b', collection: 'c' }))).toBe('tampered');
  });

  test('a changed byte, a cut text and plain text do not open', () => {
    const sealed = sealing.seal('text', place);
    const body = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    for (const bad of [body, sealed.slice(0, -8), `${sealed}.x`, 'text', '']) {
      expect(codeOf(() => sealing.unseal(bad, place))).toBe('tampered');
    }
  });

  test('another secret says so instead of calling it tampered', () => {
    const other = createSealing(createKeyring(Buffer.alloc(32, 2)), randomBytes);
    expect(codeOf(() => other.unseal(sealing.seal('text', place), place))).toBe('otherKey');
  });
});

describe('credential secrets', () => {
  test.each(credentialKinds)('%s: says its kind, has 256 bits and a checksum that finds typing mistakes', (kind) => {
    const secret = createCredentialSecret(kind, randomBytes);
    expect(secret).toMatch(new RegExp(`^furl_${kind}_[0-9A-Za-z]{49}$`));
    expect(isCredentialSecret(secret)).toBe(true);
    for (let i = secret.length - 49; i < secret.length; i += 1) {
      const wrong = secret.slice(0, i) + (secret[i] === 'x' ? 'y' : 'x') + secret.slice(i + 1);
      expect(isCredentialSecret(wrong)).toBe(false);
    }
  });

  test('the highest and the lowest random value fit the form', () => {
    for (const byte of [0x00, 0xff]) {
      expect(isCredentialSecret(createCredentialSecret('scim', (size) => new Uint8Array(size).fill(byte)))).toBe(true);
    }
  });

  test('the hash is SHA-256 in hex', () => {
    expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
