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

/** Names one record. */
export interface RecordName<Value> {
  readonly kind: RecordKind<Value>;
  readonly id: string;
}

export interface DoorStore {
  /** The record, and the person and organisation as they are after the record was read or at that moment; null when it is unknown or expired. */
  recordOfPerson<Value extends { readonly userId: UserId }>(
    name: RecordName<Value>,
    now: Instant,
  ): Promise<PersonRecord<Value> | null>;
  /** The same, with the value of another record, null when that is unknown or expired. */
  recordOfPersonBeside<Value extends { readonly userId: UserId }, Other>(
    name: RecordName<Value>,
    other: RecordName<Other>,
    now: Instant,
  ): Promise<{ readonly ofPerson: PersonRecord<Value> | null; readonly other: Other | null }>;
}
