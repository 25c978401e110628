// When people were last seen: one record each, written once a day at most, apart from the user, whose revision a sign-in must not raise.

import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';
import type { Storage } from './storage.ts';

export interface LastSeen {
  readonly at: Instant;
}

export const lastSeenRecords: RecordKind<LastSeen> = { name: 'lastSeen', keysOf: () => [] };

const dayMs = 86_400_000;

export function lastSeenId(organizationId: OrganizationId, userId: UserId): string {
  return `${organizationId}/${userId}`;
}

/** Notes that somebody signed in, or used a session. To the day: nothing is written twice within one. Throws `StorageError`. */
export async function noteSeen(
  storage: Storage,
  organizationId: OrganizationId,
  userId: UserId,
  at: Instant,
): Promise<void> {
  const store = storage.records(lastSeenRecords);
  const id = lastSeenId(organizationId, userId);
  const record = await store.get(id, at);
  if (record === null) {
    // Another browser of theirs may be quicker.
    await store.insertOnce({ id, organizationId, value: { at } });
  } else if (dayOf(record.value.at) < dayOf(at)) await store.replace({ ...record, value: { at } });
}

/** Which day it is, in UTC, as a number. */
export function dayOf(at: Instant): number {
  return Math.floor(at / dayMs);
}
