// Tells something once, whoever finds it and however often: the record's id is the guarantee, the notice is stored with it.

import { toEffects } from '#directory/effect.ts';
import type { Instant, OrganizationId, RandomBytes } from '#directory/identifiers.ts';
import type { Notice } from '#directory/notice.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';

export interface TellingPlace {
  readonly storage: Storage;
  readonly now: () => Instant;
  readonly randomBytes: RandomBytes;
  readonly wakeRelay: () => void;
}

export const toldOnceRecords: RecordKind<{ readonly at: Instant }> = {
  name: 'toldOnce',
  carriesEffects: true,
  keysOf: () => [],
};

/** True: it was told by this call. `until`: as long as it could be told again by mistake. Throws `StorageError`. */
export async function tellOnce(
  place: TellingPlace,
  organizationId: OrganizationId,
  what: string,
  notice: Notice,
  until: Instant,
): Promise<boolean> {
  const at = place.now();
  const id = `${organizationId}/${what}`;
  const store = place.storage.records(toldOnceRecords);
  // Mostly it was: a look is cheaper than an insert that is refused.
  if ((await store.get(id, at)) !== null) return false;
  const effects = toEffects(place, organizationId, [{ kind: 'notice', notice }]);
  const record = { id, organizationId, expiresAt: Math.max(until, at + 86_400_000), value: { at } };
  if (!(await store.insertOnce(record, effects))) return false;
  place.wakeRelay();
  return true;
}
