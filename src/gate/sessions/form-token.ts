// The token in our own forms: whoever posts one has seen a page that only this session gets. It is worked out from the session's token and is
// no use as one; nothing is stored (gate.md 9, L08).

import { createHash, timingSafeEqual } from 'node:crypto';

/** The token for forms of the session with this cookie value. */
export function formTokenOf(sessionToken: string): string {
  return digest(sessionToken).toString('base64url');
}

export function isFormTokenOf(sessionToken: string, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const bytes = Buffer.from(given, 'base64url');
  const wanted = digest(sessionToken);
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}

function digest(sessionToken: string): Buffer {
  return createHash('sha256').update(`form of session ${sessionToken}`).digest();
}
