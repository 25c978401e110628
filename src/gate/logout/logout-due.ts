// Which logouts are due next, over all organisations: one small record for each that waits, its id begins with the instant, so that the first
// page says whether there is anything to do. It is a pointer only. What is delivered, and when, says the delivery; one pointer too many does no harm,
// and one too few, after a crash between two writes, is made again (deliver-logouts.ts, `recover`).

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';

export interface LogoutDue {
  /** Id of the delivery. */
  readonly delivery: string;
  readonly at: Instant;
}

export type StoredLogoutDue = StoredRecord<LogoutDue>;

export const logoutDueRecords: RecordKind<LogoutDue> = { name: 'logoutDue', keysOf: () => [] };

/** In the place of an organisation; no organisation can have it as its id. */
const everyOrganization = '*' as OrganizationId;

type Place = Pick<GateContext, 'storage' | 'now'>;

/** Says when a delivery is to be looked at. Idempotent. Throws `StorageError`. */
export async function putLogoutDue({ storage }: Place, delivery: string, at: Instant): Promise<void> {
  const id = `${String(at).padStart(15, '0')}-${delivery}`;
  await storage
    .records(logoutDueRecords)
    .insertOnce({ id, organizationId: everyOrganization, value: { delivery, at } });
}

/** The next ones in order of time, due or not, after the one of this id. */
export function listLogoutsDue(
  { storage, now }: Place,
  limit: number,
  after?: string,
): Promise<readonly StoredLogoutDue[]> {
  const page = { limit, ...(after === undefined ? {} : { after }) };
  return storage.records(logoutDueRecords).list(everyOrganization, page, now());
}

/** Looked at, and to be looked at again at `at`; null: never. The new one first: whoever dies in between leaves one too many. */
export async function moveLogoutDue(place: Place, due: StoredLogoutDue, at: Instant | null): Promise<void> {
  if (at === due.value.at) return;
  if (at !== null) await putLogoutDue(place, due.value.delivery, at);
  await place.storage.records(logoutDueRecords).delete(due.id);
}
