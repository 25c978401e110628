// What people plan for a person: a leave, a change of it, its end before its time. Whether it begins at once is decided in the same commit.

import { describeActor, type Actor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import {
  beginIfDue,
  changeLeave,
  endLeave,
  isOpen,
  type Leave,
  type LeaveEdit,
  type LeaveId,
  type LeaveType,
  type LocalDate,
} from '#directory/leave.ts';
import { addLeave, assertFree } from '#directory/leave-overlap.ts';
import type { Organization } from '#directory/organization.ts';
import type { User } from '#directory/user.ts';
import { changeUser, type ChangeOptions } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import { toInstant, toLocalDate } from './leave-dates.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface LeavePlan {
  readonly type: LeaveType;
  /** Left out: from now on. */
  readonly from?: LocalDate;
  /** The first day back; null or left out: until somebody says so. */
  readonly until?: LocalDate | null;
  /** 0 to 23, local. Left out: the organisation's. */
  readonly returnHour?: number;
  /** Left out: the organisation's. */
  readonly seat?: Leave['seat'];
  readonly note?: string;
}

export interface LeaveResult extends ChangeResult {
  readonly leave: Leave;
}

/** How far ahead and back a leave may be dated: a typing error must not lock somebody out for good. */
const mostYearsAhead = 20;
const yearMs = 366 * 86_400_000;

/** Throws `DirectoryError` `userNotFound`, `invalidValue`, `leaveOverlaps`, `lastOwner`. */
export async function planLeave(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  userId: UserId,
  plan: LeavePlan,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<LeaveResult> {
  const organization = await readOrganization(context, organizationId);
  const id = createTimeOrderedId(context.now(), context.randomBytes) as LeaveId;
  const leave = toLeave(context, organization, id, plan, by.actor);
  const result = await changeUser(
    context,
    organizationId,
    userId,
    (user) => editWithLeave(user, leave, context.now()),
    by,
    options,
  );
  return { ...result, leave: leaveOf(result.user, id) };
}

/** Changes the plan of a leave that is ahead or running; what is left out stays. A running one keeps its start. */
export async function changeLeavePlan(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  userId: UserId,
  leaveId: LeaveId,
  plan: Partial<LeavePlan>,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<LeaveResult> {
  const organization = await readOrganization(context, organizationId);
  const edit = (user: User): LeaveEdit => editWithChangedLeave(context, organization, user, leaveId, plan, by.actor);
  const result = await changeUser(context, organizationId, userId, edit, by, options);
  return { ...result, leave: leaveOf(result.user, leaveId) };
}

/** Ends a running leave today, or cancels one that is ahead. Without another hold the person comes back, or waits for a seat. */
export async function endLeaveNow(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  userId: UserId,
  leaveId: LeaveId,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<LeaveResult> {
  const edit = (user: User): LeaveEdit => endOpenLeave(user, leaveId, context.now());
  const result = await changeUser(context, organizationId, userId, edit, by, options);
  return { ...result, leave: leaveOf(result.user, leaveId) };
}

/** The person with a leave more; one whose first day has come begins. Pure. Throws `DirectoryError` `invalidValue`, `leaveOverlaps`. */
export function editWithLeave({ leaves = [], holds }: User, leave: Leave, now: number): LeaveEdit {
  return beginIfDue({ leaves: addLeave(leaves, leave), holds }, now);
}

/** The person with another plan of a leave that is not over. Throws `DirectoryError` `invalidValue`, `leaveOverlaps`, `leaveNotFound`, `leaveOver`. */
export function editWithChangedLeave(
  context: Pick<ProvisioningContext, 'now'>,
  organization: Organization,
  user: User,
  leaveId: LeaveId,
  plan: Partial<LeavePlan>,
  actor: Actor,
): LeaveEdit {
  const before = openLeaveOf(user, leaveId);
  if (before.state === 'running' && plan.from !== undefined && plan.from !== before.from)
    throw new DirectoryError('invalidValue', 'This leave has begun; its start stays.', { field: 'from' });
  if (before.state === 'running' && plan.type === 'left' && before.type !== 'left')
    throw new DirectoryError('invalidValue', 'A leave that has begun cannot become a planned end.', {
      field: 'type',
    });
  if (before.state === 'running' && plan.type !== undefined && (plan.type === 'start') !== (before.type === 'start'))
    throw new DirectoryError('invalidValue', 'A leave that has begun is no start of somebody new, nor the reverse.', {
      field: 'type',
    });
  if (before.state === 'running' && plan.seat === 'keep' && before.seat === 'release')
    throw new DirectoryError('invalidValue', 'The seat was given back when this leave began.', { field: 'seat' });
  const until = plan.until === undefined ? before.until : plan.until;
  const note = plan.note ?? before.note;
  const changed = toLeave(
    context,
    organization,
    leaveId,
    {
      type: plan.type ?? before.type,
      from: plan.from ?? before.from,
      ...(until === undefined ? {} : { until }),
      returnHour: plan.returnHour ?? before.returnHour,
      seat: plan.seat ?? before.seat,
      ...(note === undefined ? {} : { note }),
    },
    actor,
    instantsKept(before, plan, organization),
  );
  const { by: planner, source, state, reservation } = before;
  const kept = { by: planner, source, state, ...(reservation === undefined ? {} : { reservation }) };
  const began = before.state === 'running' ? { startedAt: before.startedAt } : {};
  const after = { ...changed, ...kept, ...began } as Leave;
  assertFree(user.leaves ?? [], after);
  return beginIfDue(changeLeave({ leaves: user.leaves ?? [], holds: user.holds }, after), context.now());
}

/** The instants of the days that stay: a feed may have named a time of day, and what has begun has begun. */
function instantsKept(before: Leave, plan: Partial<LeavePlan>, { timeZone }: Organization): InstantsKept {
  const { state, from, until, returnHour, startsAt, endsAt, zone } = before;
  const isHere = zone === timeZone;
  const staysFrom = state === 'running' || (isHere && (plan.from ?? from) === from);
  const staysUntil =
    isHere && (plan.until === undefined || plan.until === until) && (plan.returnHour ?? returnHour) === returnHour;
  return { ...(staysFrom ? { startsAt } : {}), ...(staysUntil && endsAt !== undefined ? { endsAt } : {}) };
}

/** The person with this leave over, or cancelled where it had not begun. Pure. Throws as above. */
export function endOpenLeave(user: User, leaveId: LeaveId, now: number): LeaveEdit {
  return endLeave({ leaves: user.leaves ?? [], holds: user.holds }, openLeaveOf(user, leaveId), now);
}

type InstantsKept = Partial<Pick<Leave, 'startsAt' | 'endsAt'>>;

/** The leave of a plan, with instants for its days, or those that `kept` has. Throws `DirectoryError` `invalidValue`, naming the field. */
export function toLeave(
  context: Pick<ProvisioningContext, 'now'>,
  { timeZone, leaveSeat = 'release', returnHour: usualHour = 0, reserveForReturn = 0 }: Organization,
  id: LeaveId,
  plan: LeavePlan,
  actor: Actor,
  kept: InstantsKept = {},
): Leave {
  const now = context.now();
  const { type, until, returnHour = usualHour, note } = plan;
  if (!Number.isInteger(returnHour) || returnHour < 0 || returnHour > 23)
    throw new DirectoryError('invalidValue', 'The hour of return is 0 to 23.', { field: 'returnHour' });
  if (type === 'left' && typeof until === 'string')
    throw new DirectoryError('invalidValue', 'A planned end has no day of return.', { field: 'until' });
  if (type === 'start' && typeof until !== 'string')
    throw new DirectoryError('invalidValue', 'Whoever starts later does so on a day: `until`.', { field: 'until' });
  const from = plan.from ?? toLocalDate(now, timeZone);
  const startsAt = kept.startsAt ?? (plan.from === undefined ? now : toInstant(from, 0, timeZone, 'from'));
  const endsAt =
    typeof until === 'string' ? (kept.endsAt ?? toInstant(until, returnHour, timeZone, 'until')) : undefined;
  for (const [field, instant] of [
    ['from', startsAt],
    ['until', endsAt],
  ] as const) {
    if (instant !== undefined && Math.abs(instant - now) > mostYearsAhead * yearMs)
      throw new DirectoryError('invalidValue', `\`${field}\` is too far away.`, { field });
  }
  if (endsAt !== undefined && endsAt <= startsAt)
    throw new DirectoryError(
      'invalidValue',
      '`until`, the first day back, must come after `from`, the first day away.',
      {
        field: 'until',
      },
    );
  return {
    id,
    type,
    from,
    ...(typeof until === 'string' ? { until } : {}),
    zone: timeZone,
    returnHour,
    startsAt,
    ...(endsAt === undefined ? {} : { endsAt }),
    seat: type === 'left' || type === 'start' ? 'release' : (plan.seat ?? leaveSeat),
    ...(reserveForReturn > 0 && type !== 'left' && type !== 'start' ? { reserveDays: reserveForReturn } : {}),
    ...(note === undefined ? {} : { note }),
    by: describeActor(actor),
    source: actor.kind === 'connection' ? actor.connection : '',
    state: 'planned',
  };
}

function openLeaveOf({ leaves = [] }: User, id: LeaveId): Leave {
  const leave = leaves.find((candidate) => candidate.id === id);
  if (leave === undefined) throw new DirectoryError('leaveNotFound', 'This person has no such leave.');
  if (!isOpen(leave)) throw new DirectoryError('leaveOver', 'This leave is over.', { state: leave.state });
  return leave;
}

function leaveOf({ leaves = [] }: User, id: LeaveId): Leave {
  const leave = leaves.find((candidate) => candidate.id === id);
  if (leave === undefined) throw new DirectoryError('leaveNotFound', 'This person has no such leave.');
  return leave;
}

async function readOrganization(context: ProvisioningContext, id: OrganizationId): Promise<Organization> {
  const organization = await context.storage.organizations.get(id);
  if (organization === null) throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  return organization;
}
