// Over-use that was allowed until a day ends with it, as a contract row does that is below the use: nobody is put out, nobody new gets in, and what is
// given back is withdrawn until the contract is met.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { changeSeats } from './administer-seats.ts';
import { toInstant } from './leave-dates.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import type { DueTerms } from './due-terms.ts';

const by: ChangeContext = { actor: { kind: 'system', name: 'seat-contract' }, mouth: 'schedule', reason: 'overUntil' };

/** Of all organisations whose day has come: from then on the policy is `wait`, and nothing is allowed over. Throws `StorageError`. */
export async function dueOverUse(context: ProvisioningContext): Promise<readonly DueTerms[]> {
  const listed = await context.storage.organizations.list();
  return listed.flatMap((organization) => {
    const at = endOf(organization);
    return at > context.now() ? [] : [{ at, carryOut: () => endOverUse(context, organization.id) }];
  });
}

async function endOverUse(context: ProvisioningContext, id: OrganizationId): Promise<void> {
  // Somebody may have moved the day since.
  const organization = await context.storage.organizations.get(id);
  if (organization === null || endOf(organization) > context.now()) return;
  try {
    await changeSeats(context, id, { seatPolicy: 'wait', over: 0 }, by, { evenBelowUse: true });
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    context.reportTrouble(`the over-use of ${id} could not be ended`, error);
  }
}

function endOf({ seatPolicy, overUntil, timeZone }: Organization): number {
  if (seatPolicy !== 'allowOver' || overUntil === undefined) return Infinity;
  return toInstant(overUntil, 0, timeZone, 'overUntil');
}
