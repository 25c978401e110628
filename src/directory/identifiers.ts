// Identifiers of the directory: branded strings, how they are made, and which are well formed.
// A user's id carries its creation time first, so that the order of ids is the order of creation.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'OrganizationId'>;
export type UserId = Branded<'UserId'>;
export type ConnectionId = Branded<'ConnectionId'>;
export type CredentialId = Branded<'CredentialId'>;
export type EffectId = Branded<'EffectId'>;
export type ChangeId = Branded<'ChangeId'>;

/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Random source: `size` bytes. */
export type RandomBytes = (size: number) => Uint8Array;

const reserved = new Set(['session', 'logout', 'login']);

/** Whether `text` may name an organisation or a connection: `[a-z0-9-]{2,40}`, not a word of our own paths. */
export function isSlug(text: string): boolean {
  return /^[a-z0-9-]{2,40}$/.test(text) && !reserved.has(text);
}

/** A new id whose text order is its creation order: 48 bits of milliseconds, then 80 random bits, in UUID form (RFC 9562 version 7). */
export function createTimeOrderedId(now: Instant, randomBytes: RandomBytes): string {
  const bytes = new Uint8Array(16);
  bytes.set(randomBytes(10), 6);
  let rest = Math.max(0, Math.floor(now));
  for (let i = 5; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The form in which names that ignore case are compared and stored as keys: NFKC would merge distinct logins, so only case is folded. */
export function foldCase(text: string): string {
  return text.toLowerCase();
}
