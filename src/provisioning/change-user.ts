// Changes an existing user: load, let the caller's pure function edit, commit, and start over when someone else wrote first.

import { isBraked } from '#directory/brake.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import { applyEdit, type UserEdit } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import { createPlacement, withoutDepartments, type DepartmentTextRule, type Placement } from './assign-departments.ts';
import { createBrakes, type Brakes } from './brake.ts';
import { commitUserChange, readAfterCommit, type ChangeResult, type UserChange } from './commit-user-change.ts';
import { guardLastOwner } from './last-owner.ts';
import { promoteWaiting } from './seat-queue.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface ChangeOptions {
  /** Throws when the user as read does not meet the caller's condition (`If-Match`). Asked again on every retry. */
  readonly precondition?: (user: User) => void;
  readonly ifNoSeat?: SeatPolicy;
  /** Done before each try to commit, with the user as read; what a rule refuses does not come so far. */
  readonly prepare?: (user: User) => Promise<void>;
  /** A system decided, whatever the mouth: obeyed also where it takes the last owner. */
  readonly mayTakeLastOwner?: boolean;
  /** What the text `department` of a written profile may do. */
  readonly departmentText?: DepartmentTextRule;
}

/** Rounds of read-edit-commit before giving up on a user that others keep writing. */
const maximumRounds = 200;

/**
 * Changes the user `id` of an organisation. `edit` is pure and may run several times; its errors pass through with nothing stored.
 * An edit that changes nothing writes nothing. Throws `DirectoryError` `userNotFound` (also for deleted users), `userNameTaken`, `noFreeSeat`,
 * `lastOwner` (people's own doors only), `brakeHolds` (connections only), `invalidValue` (departments), `tooManyConflicts`.
 */
export async function changeUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  edit: (user: User) => UserEdit,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<ChangeResult> {
  const placement = createPlacement(context, organizationId, by, options.departmentText);
  const permit = createPermit(context.brakes ?? createBrakes(context), organizationId, by);
  const change = () =>
    permit.during(() => changeInRounds(context, organizationId, id, edit, by, options, placement, permit));
  return leaveDeleted(context, placement, await orWithdraw(placement, change), by);
}

async function changeInRounds(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  edit: (user: User) => UserEdit,
  by: ChangeContext,
  options: ChangeOptions,
  placement: Placement,
  permit: Permit,
): Promise<ChangeResult> {
  for (let round = 0; round < maximumRounds; round += 1) {
    const before = await context.storage.users.get(organizationId, id);
    if (before === null || before.deletedAt !== undefined) {
      await context.storage.settled();
      throw new DirectoryError('userNotFound', `There is no user ${id}.`);
    }
    options.precondition?.(before);
    const edited = applyEdit(before, await placed(placement, before, edit(before)), context.now());
    const ifNoSeat =
      options.ifNoSeat ?? (edited.need === 'activate' ? await seatPolicyOf(context, organizationId) : 'wait');
    const change: UserChange = {
      before,
      after: edited.user,
      need: edited.need,
      endsSessions: edited.endsSessions,
      ifNoSeat,
    };
    if (isBraked(before, edited.user, by)) await permit.need();
    else await permit.giveBack();
    await options.prepare?.(before);
    const commit = () => commitUserChange(context, change, by);
    const result = await (options.mayTakeLastOwner === true
      ? commit()
      : guardLastOwner(context, before, edited.user, by, commit));
    if (result !== null) return lookAtQueue(context, result);
  }
  throw new DirectoryError('tooManyConflicts', `User ${id} is being changed too often; try again.`);
}

interface Permit {
  /** At most one for a change, however often it starts over. Throws `DirectoryError('brakeHolds')`. */
  need(): Promise<void>;
  giveBack(): Promise<void>;
  /** Gives back what was taken where a rule refuses the change. After an outage nobody knows, and it stays counted. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
}

function createPermit(brakes: Brakes, organizationId: OrganizationId, by: ChangeContext): Permit {
  let isTaken = false;
  const permit: Permit = {
    async need() {
      if (!isTaken) await brakes.take(organizationId, by);
      isTaken = true;
    },
    async giveBack() {
      if (isTaken) await brakes.giveBack(organizationId, by);
      isTaken = false;
    },
    async during(work) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof DirectoryError) await permit.giveBack();
        throw error;
      }
    },
  };
  return permit;
}

async function placed(placement: Placement, { profile }: User, edit: UserEdit): Promise<UserEdit> {
  if (edit.profile === undefined || edit.profile === profile) return edit;
  return { ...edit, profile: await placement.place(profile, edit.profile) };
}

/** What a refused change had prepared is taken back. */
export async function orWithdraw<Result>(placement: Placement, change: () => Promise<Result>): Promise<Result> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof DirectoryError) await placement.withdraw();
    throw error;
  }
}

/** Who was placed in a department that was deleted at the same moment leaves it again. */
export async function leaveDeleted(
  context: ProvisioningContext,
  placement: Placement,
  result: ChangeResult,
  by: ChangeContext,
): Promise<ChangeResult> {
  const gone = await placement.findDeleted();
  if (gone.length === 0) return result;
  const { id, organizationId } = result.user;
  const leave = ({ profile }: User) => ({ profile: withoutDepartments(profile, gone) });
  try {
    return { ...result, user: (await changeUser(context, organizationId, id, leave, by)).user };
  } catch (error) {
    // What is committed is done, and nobody is shown in a department that is not there.
    context.reportTrouble('somebody could not be taken out of a deleted department', error);
    return result;
  }
}

/** Whoever touches a waiting user looks at the queue as well: nobody is left waiting beside a free seat. */
async function lookAtQueue(context: ProvisioningContext, result: ChangeResult): Promise<ChangeResult> {
  const { user } = result;
  if (user.waitingSince === undefined || (await promoteWaiting(context, user.organizationId)) === 0) return result;
  const now = await readAfterCommit(context, user);
  return now.revision === user.revision ? result : { ...result, user: now, changed: true };
}

/** The organisation's policy at the limit, read now. */
export async function seatPolicyOf(context: ProvisioningContext, organizationId: OrganizationId): Promise<SeatPolicy> {
  const organization = await context.storage.organizations.get(organizationId);
  if (organization === null)
    throw new DirectoryError('organizationNotFound', `There is no organisation ${organizationId}.`);
  return organization.seatPolicy;
}
