// Signatures of Standard Webhooks (standardwebhooks.com, specification 1.0): `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.

import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedMessage {
  /** `webhook-id`: the same each time a message is sent again. */
  readonly id: string;
  /** `webhook-timestamp`, seconds since 1970. */
  readonly timestamp: string;
  /** `webhook-signature`: several, with spaces between, while a secret is rotated. */
  readonly signature: string;
  readonly body: string;
}

/** How far the sender's clock may be from ours, either way. */
const toleranceSeconds = 300;
const mostSignatures = 10;

/** The key in the form that libraries of Standard Webhooks take. */
export function toSigningSecret(secret: string): string {
  return `whsec_${Buffer.from(secret, 'utf8').toString('base64')}`;
}

/** Whether the message is fresh; `now` in milliseconds. */
export function isFresh({ timestamp }: Pick<SignedMessage, 'timestamp'>, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) - now / 1000) <= toleranceSeconds;
}

/** Whether one of the signatures was made with the secret: with its bytes as they are, or as `whsec_` and base64 spell them. */
export function isSignedWith(secret: string, { id, timestamp, signature, body }: SignedMessage): boolean {
  const given = signature
    .split(' ')
    .slice(0, mostSignatures)
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'));
  return keysOf(secret).some((key) => {
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`, 'utf8').digest();
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
}

function keysOf(secret: string): readonly Buffer[] {
  const plain = Buffer.from(secret, 'utf8');
  return secret.startsWith('whsec_') ? [plain, Buffer.from(secret.slice('whsec_'.length), 'base64')] : [plain];
}
