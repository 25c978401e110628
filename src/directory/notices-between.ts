// From before and after of a user to what people with a role must hear of it. Pure.

import type { EffectBody } from './effect.ts';
import { hasHold } from './hold.ts';
import { runningLeave } from './leave.ts';
import type { Role } from './user.ts';
import { displayNameOf, type User } from './user.ts';

/** Who is told of seats. */
export const seatRoles: readonly Role[] = ['owner', 'administrator', 'billing'];

/**
 * Somebody is back from a leave and has no seat: stored with that very commit, so it is told once, however late or often the schedule runs. Whoever
 * stands in line for the return while still away is not back.
 */
export function noticesBetween(before: User | null, after: User): readonly EffectBody[] {
  const leave = runningLeave(before?.leaves ?? []);
  if (before === null || leave === undefined) return [];
  if (!hasHold(after.holds, 'seat') || hasHold(before.holds, 'seat')) return [];
  return [
    {
      kind: 'notice',
      notice: {
        code: 'leaveReturnBlocked',
        level: 'important',
        values: { name: displayNameOf(after.profile), type: leave.type },
        roles: seatRoles,
        about: { kind: 'user', id: after.id },
      },
    },
  ];
}
