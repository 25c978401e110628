// What is to be mailed next, over all organisations: one small record each, its id begins with the instant, so that the first page says whether
// there is anything to do. It is a pointer only: what is sent, and when, says the mail. One pointer too many does no harm.

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';

/** `address`: a notice whose readers are still to be found. `send`: a mail to one of them. */
export interface MailDue {
  readonly kind: 'address' | 'send';
  readonly id: string;
  readonly at: Instant;
}

export type StoredMailDue = StoredRecord<MailDue>;

export const mailDueRecords: RecordKind<MailDue> = { name: 'mailDue', keysOf: () => [] };

/** In the place of an organisation, one for each kind; no organisation can have it as its id. */
function placeOf(kind: MailDue['kind']): OrganizationId {
  return `*${kind}` as OrganizationId;
}

/** Idempotent. Throws `StorageError`. */
export async function putMailDue(storage: Storage, due: MailDue): Promise<void> {
  const id = `${String(due.at).padStart(15, '0')}-${due.kind}-${due.id}`;
  await storage.records(mailDueRecords).insertOnce({ id, organizationId: placeOf(due.kind), value: due });
}

/** Those of a kind whose time has come, in order of time, after the one of this id. */
export async function listMailDue(
  storage: Storage,
  kind: MailDue['kind'],
  now: Instant,
  limit: number,
  after?: string,
): Promise<readonly StoredMailDue[]> {
  const page = { limit, ...(after === undefined ? {} : { after }) };
  const found = await storage.records(mailDueRecords).list(placeOf(kind), page, now);
  return found.filter(({ value }) => value.at <= now);
}

/** Looked at, and to be looked at again at `at`; null: never. The new one first: whoever dies in between leaves one too many. */
export async function moveMailDue(storage: Storage, due: StoredMailDue, at: Instant | null): Promise<void> {
  if (at === due.value.at) return;
  if (at !== null) await putMailDue(storage, { ...due.value, at });
  await storage.records(mailDueRecords).delete(due.id);
}
