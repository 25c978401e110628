// The sweep of records that have ended: they are not found any more since their instant passed, this only makes room.

import type { Instant } from '#directory/identifiers.ts';
import type { AnnouncedKind } from './record-store.ts';
import type { Storage } from './storage.ts';

/** Some records take fifty keys with them: so many at once hold up nobody. */
const piece = 50;

/** Deletes expired records in small pieces, so that nothing else waits for it. Throws `StorageError`. */
export async function expireRecords(
  storage: Pick<Storage, 'records'>,
  kinds: readonly AnnouncedKind[],
  now: Instant,
): Promise<void> {
  for (const kind of kinds) {
    const store = storage.records({ ...kind, keysOf: () => [] });
    while ((await store.deleteExpired(now, piece)) === piece) await new Promise((resolve) => setImmediate(resolve));
  }
}
