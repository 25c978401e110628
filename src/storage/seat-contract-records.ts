// The contract of an organisation's seats: from when how many, and for how much. One record each.

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { LocalDate } from '#directory/leave.ts';
import type { RecordKind } from './record-store.ts';

export interface SeatContractRow {
  /** The first day, local to the organisation; the row holds until the next one begins. */
  readonly from: LocalDate;
  /** null is unlimited. */
  readonly licensed: number | null;
  /** For one seat and one month, a decimal number as text. */
  readonly unitPrice?: string;
  /** ISO 4217. */
  readonly currency?: string;
  readonly note?: string;
  /** When the ledger came to say so. */
  readonly appliedAt?: Instant;
}

export interface SeatContractRows {
  /** By date. */
  readonly rows: readonly SeatContractRow[];
}

export const seatContractRecords: RecordKind<SeatContractRows> = {
  name: 'seatContract',
  carriesEffects: true,
  keysOf: () => [],
};

export function seatContractId(organizationId: OrganizationId): string {
  return organizationId;
}
