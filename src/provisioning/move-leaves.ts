// A changed time zone keeps the dates of leaves and moves their instants (console.md 3.3, "Time"); a changed reservation of seats counts for leaves
// that are planned already, too. It is done behind the change of the organisation, person by person, and once more by a sweep: a leave says by
// what it was counted, so what is still to be moved can be told at any time.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { changeLeave, isOpen, type Leave, type LeaveEdit } from '#directory/leave.ts';
import type { Organization } from '#directory/organization.ts';
import { openLeaveKey, type User } from '#directory/user.ts';
import { changeUser } from './change-user.ts';
import { toInstant } from './leave-dates.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

const piece = 200;
const by: ChangeContext = { actor: { kind: 'system', name: 'leaves' }, mouth: 'schedule', reason: 'organization' };

/** Counts the open leaves of the organisation's people in its zone and by its reservation. Answers how many people it changed. Throws `StorageError`. */
export async function moveLeaves(context: ProvisioningContext, id: OrganizationId): Promise<number> {
  const organization = await context.storage.organizations.get(id);
  if (organization === null) return 0;
  let moved = 0;
  for (let after: UserId | undefined; ; ) {
    const page = { key: openLeaveKey, ...(after === undefined ? {} : { after }), limit: piece };
    const users = await context.storage.users.list(id, page);
    for (const user of users) {
      if (!user.leaves?.some((leave) => isElsewhere(leave, organization))) continue;
      if (await moveOne(context, organization, user.id)) moved += 1;
    }
    after = users.at(-1)?.id;
    if (users.length < piece) return moved;
  }
}

async function moveOne(context: ProvisioningContext, organization: Organization, id: UserId): Promise<boolean> {
  try {
    return (await changeUser(context, organization.id, id, (user) => moveAll(user, organization), by)).changed;
  } catch (error) {
    // Deleted since it was listed; one whose turn it would be next time is found by the sweep.
    if (error instanceof DirectoryError) return false;
    throw error;
  }
}

/** The sweep over all organisations. */
export async function moveAllLeaves(context: ProvisioningContext): Promise<void> {
  for (const { id } of await context.storage.organizations.list()) await moveLeaves(context, id);
}

function isElsewhere(leave: Leave, { timeZone, reserveForReturn = 0 }: Organization): boolean {
  return isOpen(leave) && (leave.zone !== timeZone || (leave.reserveDays ?? 0) !== daysFor(leave, reserveForReturn));
}

/** Nobody returns from a planned end, or to a place they have not had yet. */
function daysFor({ type }: Leave, days: number): number {
  return type === 'left' || type === 'start' ? 0 : days;
}

function moveAll({ leaves = [], holds }: User, organization: Organization): LeaveEdit {
  return leaves
    .filter((leave) => isElsewhere(leave, organization))
    .reduce<LeaveEdit>((edit, leave) => changeLeave(edit, moveTo(leave, organization)), { leaves, holds });
}

/** One that has begun keeps its beginning, and what was given as an instant instead of a day stays that instant. */
function moveTo(leave: Leave, { timeZone: zone, reserveForReturn = 0 }: Organization): Leave {
  const { reserveDays: _before, ...rest } = leave;
  const { from, until, returnHour, state } = rest;
  const days = daysFor(leave, reserveForReturn);
  const isByDay = leave.startsAt === toInstant(from, 0, leave.zone, 'from');
  const starts = state === 'planned' && isByDay ? { startsAt: toInstant(from, 0, zone, 'from') } : {};
  const endsByDay = until !== undefined && leave.endsAt === toInstant(until, returnHour, leave.zone, 'until');
  const ends = endsByDay ? { endsAt: toInstant(until, returnHour, zone, 'until') } : {};
  return { ...rest, zone, ...(days === 0 ? {} : { reserveDays: days }), ...starts, ...ends };
}
