// An end that an HR feed has planned, and a first day that it names behind it: one absence between the two, after which the person is in again
// without another word (docs/connect/hr.md). Pure.

import type { ConnectionId, Instant } from './identifiers.ts';
import { changeLeave, isOpen, type Leave, type LeaveEdit, type Leaves } from './leave.ts';

/** The first day that the feed names: the absence that a report makes, and the instant. */
interface FirstDay {
  readonly absence: Leave;
  readonly at: Instant;
}

interface OfConnection {
  readonly connection: ConnectionId;
}

/** The feed's planned end before that instant, the last of several; also one behind which it has named a first day already. */
export function plannedEndBefore(leaves: Leaves, feed: OfConnection, at: Instant): Leave | undefined {
  return leaves
    .filter((leave) => isPlannedEnd(leave, feed) && leave.startsAt < at)
    .toSorted(byStart)
    .at(-1);
}

/** The planned end as an absence until the first day that is named now. The feed's leaves that cover that day end there, too. */
export function returnAfter(edit: LeaveEdit, end: Leave, { absence, at }: FirstDay, feed: OfConnection): LeaveEdit {
  const days = { until: absence.from, endsAt: at, returnHour: 0 };
  const { note: _ofEnd, ...rest } = end;
  const note = absence.note ?? end.note;
  const away: Leave = { ...rest, ...days, type: 'start', seat: 'release', ...(note === undefined ? {} : { note }) };
  return edit.leaves
    .filter((leave) => isAbsence(leave, feed) && leave.startsAt < at && at < (leave.endsAt ?? Infinity))
    .reduce((changed, leave) => changeLeave(changed, { ...leave, ...days }), changeLeave(edit, away));
}

/** What a planned end of that day corrects: the absence it falls into, or the end behind all of them. */
export function endCorrectedBy({ leaves }: LeaveEdit, { startsAt }: Leave, feed: OfConnection): Leave | undefined {
  const known = leaves.filter((leave) => isPlannedEnd(leave, feed)).toSorted(byStart);
  return known.find(({ endsAt = Infinity }) => startsAt < endsAt);
}

/** Whether the person is out since that very end, and awaited again: who says the end once more says nothing new. */
export function isOutSince({ leaves }: LeaveEdit, at: Instant, { connection }: OfConnection): boolean {
  return leaves.some(
    ({ type, state, source, startsAt }) =>
      type === 'start' && state === 'running' && source === connection && startsAt === at,
  );
}

function isPlannedEnd({ type, state, source }: Leave, { connection }: OfConnection): boolean {
  return (type === 'left' || type === 'start') && state === 'planned' && source === connection;
}

function isAbsence(leave: Leave, { connection }: OfConnection): boolean {
  return isOpen(leave) && leave.source === connection && leave.type !== 'left' && leave.type !== 'start';
}

function byStart(one: Leave, other: Leave): number {
  return one.startsAt - other.startsAt;
}
