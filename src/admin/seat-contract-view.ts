// The contract of seats as administrators see it.

import type { Organization } from '#directory/organization.ts';
import { rowInForce } from '#provisioning/seat-contract.ts';
import type { SeatContractRow } from '#storage/seat-contract-records.ts';
import { toIso, type AdminContext } from './admin-operation.ts';

export function toContractAnswer(
  context: Pick<AdminContext, 'now'>,
  organization: Organization,
  rows: readonly SeatContractRow[],
) {
  const now = rowInForce(rows, organization, context.now());
  return {
    rows: rows.map(({ appliedAt, ...row }) => ({
      ...row,
      inForce: row.from === now?.from,
      ...(appliedAt === undefined ? {} : { appliedAt: toIso(appliedAt) }),
    })),
  };
}
