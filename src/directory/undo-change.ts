// Taking a change back: its own holds and leaves only, what others did since stays (console.md 3.1). Pure; doing it twice changes nothing more.

import { placeHold, type Hold, type HoldKind } from './hold.ts';
import type { Instant } from './identifiers.ts';
import { endLeave, isOpen, replaceLeave, runningLeave, type Leave, type LeaveEdit } from './leave.ts';
import { overlapping } from './leave-overlap.ts';
import { isSame } from './same-value.ts';
import type { User } from './user.ts';

/** What a change did to a person's status. */
export interface StatusChange {
  readonly placed: readonly Hold[];
  readonly lifted: readonly Hold[];
  /** `before` absent: it was planned by the change. */
  readonly leaves: readonly { readonly before?: Leave; readonly after: Leave }[];
}

type Held = Pick<User, 'holds' | 'leaves'>;

const ofLeave: ReadonlySet<HoldKind> = new Set(['leave', 'start']);
/** The `seat` hold is not a caller's to place or lift. */
const isCallers = ({ kind }: Hold): boolean => kind !== 'seat';

export function statusChangeOf(before: Held, after: Held): StatusChange {
  const known = new Map((before.leaves ?? []).map((leave) => [leave.id, leave]));
  const isAmong = (holds: readonly Hold[], hold: Hold): boolean => holds.some((other) => isSame(other, hold));
  return {
    placed: after.holds.filter((hold) => isCallers(hold) && !isAmong(before.holds, hold)),
    lifted: before.holds.filter((hold) => isCallers(hold) && !isAmong(after.holds, hold)),
    leaves: (after.leaves ?? []).flatMap((leave) => {
      const old = known.get(leave.id);
      if (old === undefined) return [{ after: leave }];
      return isSame(old, leave) ? [] : [{ before: old, after: leave }];
    }),
  };
}

/** The status without the change. What somebody else has changed since stays as they left it. */
export function undoStatusChange(user: Held, change: StatusChange, now: Instant): LeaveEdit {
  let { leaves = [], holds } = user;
  for (const { before, after } of change.leaves) {
    const present = leaves.find(({ id }) => id === after.id);
    if (present === undefined || !isSame(present, after)) continue;
    if (before === undefined) {
      if (isOpen(present)) ({ leaves, holds } = endLeave({ leaves, holds }, present, now));
    } else if (!isOpen(before) || overlapping(leaves, before) === undefined) leaves = replaceLeave(leaves, before);
  }
  holds = holds.filter((hold) => !change.placed.some((other) => isSame(other, hold)));
  for (const hold of change.lifted) {
    // The hold of a leave stands and falls with it.
    const isLost = ofLeave.has(hold.kind) && runningLeave(leaves) === undefined;
    if (!isLost) holds = placeHold(holds, hold);
  }
  return { leaves, holds };
}
