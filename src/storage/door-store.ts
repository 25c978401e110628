// Port: what a door asks at every request of every app. The answers could be had one by one from the other ports; together they take one read
// where a store can, and nothing of them is ever remembered.

import type { AccessState } from '#directory/access-decision.ts';
import type { Instant, UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { RecordKind, StoredRecord } from './record-store.ts';

/** A record that belongs to a person, with what decides whether that person may come in. */
export interface PersonRecord<Value> {
  readonly record: StoredRecord<Value>;
  /** As in `UserStore.accessState`: null when there is no such user in the record's organisation. */
  readonly user: AccessState | null;
  readonly organization: Organization | null;
}

export interface DoorStore {
  /** The record, and the person and organisation as they are after the record was read or at that moment; null when it is unknown or expired. */
  recordOfPerson<Value extends { readonly userId: UserId }>(
    kind: RecordKind<Value>,
    id: string,
    now: Instant,
  ): Promise<PersonRecord<Value> | null>;
}
