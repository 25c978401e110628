// Owns cursors (RFC 9865): where a walk through a list stands, as a text that only we can make. It holds the last item answered, not a number
// of items passed over, so that items that come and go do not move it. Stateless; bound to one query of one organisation.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isJsonObject, type JsonValue } from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';

/** Seconds for which a cursor is good; `cursorTimeout` of ServiceProviderConfig. */
export const cursorTimeoutSeconds = 3_600;

export interface CursorPosition {
  /** The last item that was answered. */
  readonly id: string;
  /** What it was sorted by; undefined in the default order, or where it had no value. */
  readonly sortValue?: JsonValue;
  /** Items per page, the same throughout the walk. */
  readonly count: number;
}

export interface CursorSigner {
  readonly key: Uint8Array;
  /** Milliseconds. */
  readonly now: () => number;
}

/** `query` is everything that decides which items there are and in which order. */
export function createCursor(signer: CursorSigner, query: readonly unknown[], position: CursorPosition): string {
  const text = JSON.stringify({ ...position, at: signer.now() });
  const payload = Buffer.from(text, 'utf8').toString('base64url');
  return `${payload}.${sign(signer, query, payload)}`;
}

/**
 * Reads a cursor; undefined for the empty one, which begins a walk.
 * @throws ProtocolError invalidCursor for one that was not made by us for this query, expiredCursor, invalidCount when `count` is another now
 */
export function readCursor(
  signer: CursorSigner,
  query: readonly unknown[],
  cursor: unknown,
  count: number | undefined,
): CursorPosition | undefined {
  if (cursor === '' || cursor === null) return undefined;
  const [payload = '', signature = '', ...more] = typeof cursor === 'string' ? cursor.split('.') : [];
  if (more.length > 0 || !isSame(signature, sign(signer, query, payload)))
    throw new ProtocolError('invalidCursor', 'The cursor was not made for this query.');
  const read: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  if (!isJsonObject(read as JsonValue)) throw new ProtocolError('invalidCursor', 'The cursor cannot be read.');
  const { at, ...position } = read as CursorPosition & { readonly at: number };
  if (signer.now() - at > cursorTimeoutSeconds * 1_000)
    throw new ProtocolError('expiredCursor', 'The cursor is too old; begin again.');
  if (count !== undefined && count !== position.count)
    throw new ProtocolError('invalidCount', `The cursor goes on with pages of ${position.count}.`);
  return position;
}

function sign({ key }: CursorSigner, query: readonly unknown[], payload: string): string {
  const about = createHash('sha256').update(JSON.stringify(query)).digest('base64url');
  return createHmac('sha256', key).update(`cursor ${about} ${payload}`).digest('base64url').slice(0, 32);
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
