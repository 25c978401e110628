// The history of seats as it is stored: one record per step, under the id of the effect that told of it, and one per day that is over.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { LocalDate } from '#directory/leave.ts';
import type { SeatDay, SeatEvent } from '#directory/seat-history.ts';
import type { RecordKind } from './record-store.ts';

export const seatEventRecords: RecordKind<SeatEvent> = {
  name: 'seatEvent',
  keysOf: (event) => [dayKey(event.day), ...('userId' in event ? [userKey(event.userId)] : [])],
};

export function dayKey(day: LocalDate): string {
  return `day=${day}`;
}

export function userKey(userId: string): string {
  return `user=${userId}`;
}

export interface StoredSeatDay extends SeatDay {
  readonly day: LocalDate;
}

export const seatDayRecords: RecordKind<StoredSeatDay> = {
  name: 'seatDay',
  keysOf: () => [],
};

/** In order of the days. */
export function seatDayId(organizationId: OrganizationId, day: LocalDate): string {
  return `${organizationId}/${day}`;
}
