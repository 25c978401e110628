// Identifiers of the directory: branded strings, how they are made, and which are well formed.
// A user's id carries its creation time first, so that the order of ids is the order of creation.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'OrganizationId'>;
export type UserId = Branded<'UserId'>;
export type ConnectionId = Branded<'ConnectionId'>;
export type GroupId = Branded<'GroupId'>;
export type DepartmentId = Branded<'DepartmentId'>;
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

let lastInstant: Instant = -1;
let counter = 0;
const counterLimit = 2 ** 26;

/**
 * A new id whose text order is its creation order: UUID version 7 (RFC 9562 5.7) with 48 bits of milliseconds, a counter of 26 bits within
 * one millisecond (6.2, method 1) and 48 random bits. The counter is this process's; between processes one millisecond has no order.
 */
export function createTimeOrderedId(now: Instant, randomBytes: RandomBytes): string {
  const instant = Math.max(0, Math.floor(now));
  counter = instant === lastInstant ? (counter + 1) % counterLimit : 0;
  lastInstant = instant;
  const high = counter >> 14;
  const low = counter & 0x3fff;
  const time = instant.toString(16).padStart(12, '0');
  const middle = `7${high.toString(16).padStart(3, '0')}`;
  const clock = (0x8000 | low).toString(16);
  const node = Buffer.from(randomBytes(6)).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${middle}-${clock}-${node}`;
}

/** The form in which names that ignore case are compared and stored as keys: NFKC would merge distinct logins, so only case is folded. */
export function foldCase(text: string): string {
  return text.toLowerCase();
}
