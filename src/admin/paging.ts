// Pages of a list: `limit`, `cursor`, `next`. A cursor is opaque to the caller: the place after the last item, not its number.

import { AdminError } from './admin-problem.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** One page out of items that were read one more than asked for. `keyOf` gives the place of an item. */
export function toPage<Item>(items: readonly Item[], limit: number, keyOf: (item: Item) => string): Page<Item> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: items.length > limit && last !== undefined ? writeCursor(keyOf(last)) : null };
}

export function writeCursor(place: string): string {
  return Buffer.from(`1:${place}`, 'utf8').toString('base64url');
}

/** The place a cursor of ours names; undefined without one. Throws `invalidCursor`. */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith('1:') || writeCursor(text.slice(2)) !== cursor || text.includes('\0')) {
    throw new AdminError('invalidCursor', 'This cursor is none of ours; start again without one.');
  }
  return text.slice(2);
}
