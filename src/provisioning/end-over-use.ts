// Over-use that was allowed until a day ends with it, as a contract row does that is below the use: nobody is put out, nobody new gets in, and what is
// given back is withdrawn until the contract is met.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Organization } from '#directory/organization.ts';
import { changeSeats } from './administer-seats.ts';
import { toInstant } from './leave-dates.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

const by: ChangeContext = { actor: { kind: 'system', name: 'seat-contract' }, mouth: 'schedule', reason: 'overUntil' };

/** The sweep over all organisations: from that day on the policy is `wait`, and nothing is allowed over. Throws `StorageError`. */
export async function endOverUse(context: ProvisioningContext): Promise<void> {
  const listed = await context.storage.organizations.list();
  for (const { id } of listed.filter((organization) => isOver(context, organization))) {
    // Somebody may have moved the day since.
    const organization = await context.storage.organizations.get(id);
    if (organization === null || !isOver(context, organization)) continue;
    try {
      await changeSeats(context, id, { seatPolicy: 'wait', over: 0 }, by, { evenBelowUse: true });
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      context.reportTrouble(`the over-use of ${id} could not be ended`, error);
    }
  }
}

function isOver(context: ProvisioningContext, { seatPolicy, overUntil, timeZone }: Organization): boolean {
  if (seatPolicy !== 'allowOver' || overUntil === undefined) return false;
  return toInstant(overUntil, 0, timeZone, 'overUntil') <= context.now();
}
