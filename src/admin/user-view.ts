// A user as administrators see them: with the reasons why they are not active. The entity tag follows the content, not fences and effects.

import type { Hold } from '#directory/hold.ts';
import { currentLeave } from '#directory/leave.ts';
import { displayNameOf, statusOf, type User } from '#directory/user.ts';
import { toIso } from './admin-operation.ts';
import { toLeaveAnswer } from './leave-view.ts';
import { createEntityTag, readPrecondition } from './entity-tag.ts';

export type SeatView = 'held' | 'none' | 'waiting';

/** What a person's seat is: `waiting` in the queue, `none` also while it is on its way back. */
export function seatOf(user: User): SeatView {
  if (user.seat === 'held') return 'held';
  return user.waitingSince === undefined ? 'none' : 'waiting';
}

export function toUserAnswer(user: User) {
  const leave = currentLeave(user.leaves ?? []);
  return {
    id: user.id,
    userName: user.profile.userName,
    displayName: displayNameOf(user.profile),
    status: statusOf(user),
    active: user.active,
    holds: user.holds.map(toHoldAnswer),
    ...(leave === undefined ? {} : { leave: toLeaveAnswer(leave) }),
    seat: seatOf(user),
    roles: user.roles,
    profile: user.profile,
    provisionedBy: user.provisionedBy,
    createdAt: toIso(user.createdAt),
    modifiedAt: toIso(user.modifiedAt),
  };
}

export function toHoldAnswer(hold: Hold) {
  const { source, since, until, ...rest } = hold;
  return {
    ...rest,
    ...(source === '' ? {} : { source }),
    since: toIso(since),
    ...(until === undefined ? {} : { until: toIso(until) }),
  };
}

/** Over what an administrator can see. */
export function entityTagOf(user: User): string {
  const { profile, holds, leaves, roles, deletedAt } = user;
  return createEntityTag({ profile, holds, leaves, roles, deletedAt });
}

/** The precondition of an `If-Match` header. */
export function preconditionOf(ifMatch: string | undefined): { precondition?: (user: User) => void } {
  return readPrecondition(ifMatch, 'user', entityTagOf);
}
