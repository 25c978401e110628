// Seals the secrets we must be able to read again (an OIDC client secret, a signing key): AES-256-GCM, bound to the place where they lie.
// A sealed text moved to another organisation, record or field does not open (gate.md 9). Which field is sealed is the caller's business.

import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes } from '#directory/identifiers.ts';
import type { Keyring } from './secret-key.ts';

/** Where a sealed text lies. It opens in exactly this place. */
export interface SealContext {
  readonly organization: string;
  readonly collection: string;
  readonly field: string;
  readonly id: string;
}

export type SealErrorCode =
  /** Sealed with another `FURLOUGH_SECRET`. */
  | 'otherKey'
  /** Changed, cut, or taken from another place. */
  | 'tampered';

export class SealError extends Error {
  readonly code: SealErrorCode;

  constructor(code: SealErrorCode, message: string) {
    super(message);
    this.name = 'SealError';
    this.code = code;
  }
}

export interface Sealing {
  /** `seal1.<key id>.<nonce>.<ciphertext and tag>`, the last two base64url. */
  seal(text: string, context: SealContext): string;
  /** The text again; throws `SealError`. */
  unseal(sealed: string, context: SealContext): string;
}

const nonceBytes = 12;
const tagBytes = 16;

export function createSealing(keyring: Pick<Keyring, 'id' | 'seal'>, randomBytes: RandomBytes): Sealing {
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', keyring.seal, nonce, { authTagLength: tagBytes });
      cipher.setAAD(bindingOf(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `seal1.${keyring.id}.${Buffer.from(nonce).toString('base64url')}.${body.toString('base64url')}`;
    },
    unseal(sealed, context) {
      const [form, keyId, nonceText, bodyText, ...rest] = sealed.split('.');
      const nonce = Buffer.from(nonceText ?? '', 'base64url');
      const body = Buffer.from(bodyText ?? '', 'base64url');
      if (form !== 'seal1' || rest.length > 0 || nonce.length !== nonceBytes || body.length < tagBytes) {
        throw new SealError('tampered', 'This is not a sealed text.');
      }
      if (keyId !== keyring.id) {
        throw new SealError('otherKey', `Sealed with secret ${keyId}, but FURLOUGH_SECRET is ${keyring.id}.`);
      }
      const decipher = createDecipheriv('aes-256-gcm', keyring.seal, nonce, { authTagLength: tagBytes });
      decipher.setAAD(bindingOf(context));
      decipher.setAuthTag(body.subarray(body.length - tagBytes));
      try {
        const start = decipher.update(body.subarray(0, body.length - tagBytes));
        return Buffer.concat([start, decipher.final()]).toString('utf8');
      } catch {
        throw new SealError('tampered', 'The sealed text was changed or belongs somewhere else.');
      }
    },
  };
}

/** JSON keeps the parts apart: `a|b` and `c` must not equal `a` and `b|c`. */
function bindingOf(context: SealContext): Buffer {
  return Buffer.from(JSON.stringify([context.organization, context.collection, context.field, context.id]), 'utf8');
}
