// Port: the steps of the history of seats, one row each, kept for good. What a day made of them is a record (seat-history-records.ts).

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { LocalDate } from '#directory/leave.ts';
import type { SeatEvent } from '#directory/seat-history.ts';

export interface StoredSeatEvent {
  /** Of the effect that told of it; ids are in order of time. */
  readonly id: string;
  readonly event: SeatEvent;
}

/** All methods throw `StorageError('unavailable')` when the store is away. */
export interface SeatEventStore {
  /** Those whose id is there already stay as they are: carrying an effect out twice is as good as once. */
  add(organizationId: OrganizationId, events: readonly StoredSeatEvent[]): Promise<void>;
  /** In order of id, from the one after `after` on. */
  ofDay(
    organizationId: OrganizationId,
    day: LocalDate,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly StoredSeatEvent[]>;
  /** The latest first, at most `limit`. */
  ofUser(organizationId: OrganizationId, userId: UserId, limit: number): Promise<readonly SeatEvent[]>;
  /** Null where there is none yet. */
  earliest(organizationId: OrganizationId): Promise<SeatEvent | null>;
}
