// What became of each day in the history of seats: one record per day that is over. Its steps are in seat-event-store.ts.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { LocalDate } from '#directory/leave.ts';
import type { SeatDay } from '#directory/seat-history.ts';
import type { RecordKind } from './record-store.ts';

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
