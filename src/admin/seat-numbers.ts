// The seats of an organisation as numbers, read now.

import { DirectoryError } from '#directory/directory-error.ts';
import type { Organization } from '#directory/organization.ts';
import { countReservedSeats } from '#provisioning/reserved-seats.ts';
import { readSeatContract, rowInForce } from '#provisioning/seat-contract.ts';
import type { AdminContext } from './admin-operation.ts';

/**
 * `billed` is the contract, whatever is used. A seat that is reserved is not used yet, and free for nobody else: `free` below zero means that more
 * are used than a reduced contract has.
 */
export async function readSeats(context: AdminContext, organization: Organization) {
  const [ledger, reserved] = await Promise.all([
    context.storage.seats.read(organization.id),
    countReservedSeats(context.storage, organization.id),
  ]);
  if (ledger === null) throw new DirectoryError('organizationNotFound', 'There is no such organisation.');
  const { waiting, inactive, onLeave } = await context.storage.users.counts(organization.id);
  const row = rowInForce(await readSeatContract(context, organization.id), organization, context.now());
  return {
    licensed: ledger.licensed,
    billed: row === undefined ? ledger.licensed : row.licensed,
    used: ledger.used - reserved,
    free: ledger.licensed === null ? null : ledger.free + reserved,
    over: ledger.over,
    overUntil: organization.overUntil ?? null,
    reserved,
    reserveForReturn: organization.reserveForReturn ?? 0,
    waiting,
    inactive,
    onLeave,
    policy: organization.seatPolicy,
  };
}
