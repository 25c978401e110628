// Rows of the leaves' file: a login name, the type and the first day say which leave is meant; the rest says how it is to be. One that is over and
// reads the same is left alone, so a file may be read again after its leaves have passed.

import { DirectoryError } from '#directory/directory-error.ts';
import { createTimeOrderedId } from '#directory/identifiers.ts';
import { isOpen, replaceLeave, type Leave, type LeaveId } from '#directory/leave.ts';
import type { UserEdit } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import {
  editWithChangedLeave,
  editWithLeave,
  endOpenLeave,
  toLeave,
  type LeavePlan,
} from '#provisioning/plan-leave.ts';
import { readDate, readLeaveType, readSeat, readWhole, readYes } from './cell-words.ts';
import type { Cells, RunScope } from './row-plan.ts';

const longestNote = 2_000;

/** Throws `DirectoryError` `invalidValue`, `leaveOverlaps`, `leaveNotFound`. */
export function readLeaveRow(scope: RunScope, cellOf: Cells, user: User, now: number): UserEdit {
  const type = readLeaveType(cellOf('type') ?? '') ?? 'leave';
  const from = readDate(cellOf('from') ?? '', 'from');
  if (from === undefined) throw new DirectoryError('invalidValue', 'A leave needs its first day.', { field: 'from' });
  const same = (user.leaves ?? []).filter((leave) => leave.type === type && leave.from === from);
  const present = same.find(isOpen) ?? same.at(-1);
  if (readYes(cellOf('delete') ?? '')) return endLeaveOf(user, present, now);
  const cells = readPlan(cellOf);
  const { note, ...unnoted } = cells;
  const plan: LeavePlan = { type, from, ...unnoted, ...(note === undefined || note === '' ? {} : { note }) };
  // One instant for the plan and for the commit, so that what is undone is what was done.
  const context = { now: () => now };
  if (present === undefined) {
    const id = createTimeOrderedId(now, scope.context.randomBytes) as LeaveId;
    return editWithLeave(user, toLeave(context, scope.organization, id, plan, scope.by.actor), now);
  }
  if (differs(present, cells)) {
    if (isOpen(present)) {
      const noted = note === '' ? withoutNote(user, present) : user;
      return editWithChangedLeave(context, scope.organization, noted, present.id, plan, scope.by.actor);
    }
    throw new DirectoryError('leaveOver', `The leave from ${from} is over.`);
  }
  return {};
}

function endLeaveOf(user: User, present: Leave | undefined, now: number): UserEdit {
  if (present === undefined) throw new DirectoryError('leaveNotFound', 'There is no such leave.');
  return isOpen(present) ? endOpenLeave(user, present.id, now) : {};
}

/** A plan that names no note keeps the one there is. */
function withoutNote(user: User, present: Leave): User {
  const { note: _note, ...leave } = present;
  return { ...user, leaves: replaceLeave(user.leaves ?? [], leave) };
}

/** What the file leaves out or unchanged is not in it; an empty return date means that nobody knows it, an empty note that there is none. */
function readPlan(cellOf: Cells): Omit<LeavePlan, 'type' | 'from'> {
  const until = cellOf('until');
  const returnHour = readWhole(cellOf('returnHour') ?? '', 'returnHour');
  const seat = readSeat(cellOf('seat') ?? '');
  const note = cellOf('note');
  if (note !== undefined && note.length > longestNote)
    throw new DirectoryError('invalidValue', `A note has at most ${longestNote} characters.`, { field: 'note' });
  return {
    ...(until === undefined ? {} : { until: readDate(until, 'until') ?? null }),
    ...(returnHour === undefined ? {} : { returnHour }),
    ...(seat === undefined ? {} : { seat }),
    ...(note === undefined ? {} : { note }),
  };
}

function differs(leave: Leave, { until, returnHour, seat, note }: Omit<LeavePlan, 'type' | 'from'>): boolean {
  return (
    (until !== undefined && (until ?? undefined) !== leave.until) ||
    (returnHour !== undefined && returnHour !== leave.returnHour) ||
    (seat !== undefined && seat !== leave.seat) ||
    (note !== undefined && note !== (leave.note ?? ''))
  );
}
