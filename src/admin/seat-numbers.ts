// The seats of an organisation as numbers, read now.

import { DirectoryError } from '#directory/directory-error.ts';
import type { Organization } from '#directory/organization.ts';
import { readSeatContract, rowInForce } from '#provisioning/seat-contract.ts';
import type { AdminContext } from './admin-operation.ts';

/** `billed` is the contract, whatever is used. */
export async function readSeats(context: AdminContext, organization: Organization) {
  const ledger = await context.storage.seats.read(organization.id);
  if (ledger === null) throw new DirectoryError('organizationNotFound', 'There is no such organisation.');
  const { waiting, inactive, onLeave } = await context.storage.users.counts(organization.id);
  const row = rowInForce(await readSeatContract(context, organization.id), organization, context.now());
  return {
    licensed: ledger.licensed,
    billed: row === undefined ? ledger.licensed : row.licensed,
    used: ledger.used,
    free: ledger.licensed === null ? null : ledger.free,
    over: ledger.over,
    reserved: ledger.reserved,
    waiting,
    inactive,
    onLeave,
    policy: organization.seatPolicy,
  };
}
