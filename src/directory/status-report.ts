// What an HR system reports of a person, and what it makes of them: the feed's own hold and its own leaves, nobody else's (model.md, "Status is a
// set of holds"). Pure; dates are turned into instants and leaves by provisioning/report-status.ts.

import { hasHold, liftHold, placeHold } from './hold.ts';
import type { ConnectionId, Instant } from './identifiers.ts';
import { beginIfDue, changeLeave, endLeave, isOpen, type Leave, type LeaveEdit, type LocalDate } from './leave.ts';
import { addLeave, assertFree, follows } from './leave-overlap.ts';
import { lastInForce } from './last-in-force.ts';
import { endCorrectedBy, isOutSince, plannedEndBefore, returnAfter } from './return-after-end.ts';
import type { FeedMark, User } from './user.ts';
import type { UserEdit } from './user-change.ts';

export const reportedStatuses = ['active', 'leave', 'terminated', 'starts'] as const;
export type ReportedStatus = (typeof reportedStatuses)[number];

export interface StatusReport {
  readonly status: ReportedStatus;
  /** When it comes into force. */
  readonly at: Instant;
  /** Which day it is in the organisation. */
  readonly today: LocalDate;
  /** The absence that begins with it, where it makes one; of type `left` for `terminated`. */
  readonly absence: Leave;
  /** Whether the report names the first day back; without one, what is planned stays. */
  readonly namesReturn: boolean;
  readonly note?: string;
  readonly sequence?: number;
}

export interface Feed {
  readonly connection: ConnectionId;
  /** An actor in one line. */
  readonly by: string;
}

/**
 * Why a report is left alone, or null. With sequences: one is not higher than the last. Without: it speaks of a time before the last one that
 * has come into force, and says something else.
 */
export function latenessOf(user: Reported, report: StatusReport, feed: Feed): 'repeated' | 'late' | null {
  const sequence = user.feeds?.[feed.connection]?.sequence;
  if (report.sequence !== undefined && sequence !== undefined) {
    if (report.sequence === sequence) return 'repeated';
    return report.sequence < sequence ? 'late' : null;
  }
  const last = lastInForce(user, report.today, feed.connection);
  return last !== undefined && report.at < last.at && report.status !== last.status ? 'late' : null;
}

type Reported = Pick<User, 'holds' | 'leaves' | 'feeds'>;

/**
 * What the report makes of the person. Throws `DirectoryError` `leaveOverlaps` for days somebody else has planned, `invalidValue` for too many of them.
 */
export function applyReport(user: Reported, report: StatusReport, feed: Feed, now: Instant): UserEdit {
  const edit = { leaves: user.leaves ?? [], holds: user.holds };
  const applied = beginIfDue(applyStatus(edit, report, feed, now), now);
  const isSameLeaves = user.leaves === undefined && applied.leaves.length === 0;
  return {
    holds: applied.holds,
    ...(isSameLeaves ? {} : { leaves: applied.leaves }),
    feeds: { ...user.feeds, [feed.connection]: markOf(user.feeds?.[feed.connection], report, now) },
  };
}

function applyStatus(edit: LeaveEdit, report: StatusReport, feed: Feed, now: Instant): LeaveEdit {
  const isNow = report.at <= now;
  switch (report.status) {
    case 'active':
      return isNow ? beActive(edit, feed, now) : becomeActive(edit, report, feed, now);
    case 'starts':
      return isNow ? beActive(edit, feed, now) : start(edit, report, feed, now);
    case 'leave':
      return goOnLeave(edit, report, feed, now);
    case 'terminated':
      return isNow ? beTerminated(edit, report, feed, now) : planEnd(edit, report, feed);
    default:
      return report.status satisfies never;
  }
}

/** Lifts the feed's hold and ends what of its own is running, or should be. */
function beActive({ leaves, holds }: LeaveEdit, feed: Feed, now: Instant): LeaveEdit {
  // One that runs does so whatever the clock says that was put back since.
  const over = ownLeaves({ leaves, holds }, feed).filter(
    ({ state, startsAt }) => state === 'running' || startsAt <= now,
  );
  return endAll({ leaves, holds: liftHold(holds, 'hr', feed.connection) }, over, now);
}

/** Back from a day ahead on: what of the feed's own covers that day ends there. */
function becomeActive(edit: LeaveEdit, report: StatusReport, feed: Feed, now: Instant): LeaveEdit {
  const { at, absence } = report;
  const covering = ownLeaves(edit, feed).filter(({ startsAt, endsAt = Infinity }) => startsAt <= at && at < endsAt);
  let changed = edit;
  for (const leave of covering) {
    if (leave.startsAt === at && leave.state === 'planned') changed = endLeave(changed, leave, now);
    else if (leave.type === 'left') changed = returnAfter(changed, leave, report, feed);
    else changed = changeLeave(changed, { ...leave, until: absence.from, returnHour: 0, endsAt: at });
  }
  // Somebody who has left and comes back has not begun yet.
  return hasHold(changed.holds, 'hr', feed.connection) ? start(changed, report, feed, now) : changed;
}

/** Not before their first day. Whose end this feed has planned before it is in until then. */
function start(edit: LeaveEdit, report: StatusReport, feed: Feed, now: Instant): LeaveEdit {
  const { absence, at, today } = report;
  const end = plannedEndBefore(edit.leaves, feed, at);
  const lifted = { leaves: edit.leaves, holds: liftHold(edit.holds, 'hr', feed.connection) };
  if (end !== undefined && lifted.holds === edit.holds) return returnAfter(edit, end, report, feed);
  const known = ownLeaves(lifted, feed).find(({ type, state }) => type === 'start' && state === 'running');
  const days = { until: absence.from, endsAt: at, returnHour: 0, zone: absence.zone };
  if (known !== undefined) return changeLeave(lifted, { ...known, ...days });
  return add(lifted, { ...absence, ...days, type: 'start', from: today, startsAt: now, seat: 'release' });
}

/**
 * One absence of the feed on those days: the one it has planned already, with the days it names now, or a new one. A report that names no return
 * means the absence that its first day falls into.
 */
function goOnLeave(edit: LeaveEdit, report: StatusReport, feed: Feed, now: Instant): LeaveEdit {
  const { absence, namesReturn, at } = report;
  const isOver = (absence.endsAt ?? Infinity) <= now;
  if (isOver && edit.leaves.some((leave) => isSameAbsence(leave, absence))) return edit;
  const reach = namesReturn ? (absence.endsAt ?? Infinity) : absence.startsAt + 1;
  const [first, ...others] = ownLeaves(edit, feed).filter(
    (leave) =>
      leave.type !== 'left' &&
      leave.type !== 'start' &&
      leave.startsAt < reach &&
      absence.startsAt < (leave.endsAt ?? Infinity) &&
      !follows(leave, absence) &&
      !follows(absence, leave),
  );
  const kept = endAll(edit, others, now);
  // Who is away is employed; that somebody once was away says nothing of today.
  const isAway = at <= now && !isOver;
  const present = isAway ? { ...kept, holds: liftHold(kept.holds, 'hr', feed.connection) } : kept;
  if (first === undefined) return add(present, absence);
  const { id, by, state, note: oldNote } = first;
  const note = absence.note ?? oldNote;
  const words = { type: absence.type, ...(note === undefined ? {} : { note }) };
  const days = state === 'running' ? first : { ...absence, id, by, state };
  const changed = withReturnOf({ ...days, ...words }, namesReturn ? absence : first);
  assertFree(present.leaves, changed);
  return changeLeave(present, changed);
}

function isSameAbsence({ state, source, type, from, until }: Leave, absence: Leave): boolean {
  return (
    state === 'ended' &&
    source === absence.source &&
    type === absence.type &&
    from === absence.from &&
    until === absence.until
  );
}

function withReturnOf(
  { until: _until, endsAt: _endsAt, ...leave }: Leave,
  { until, endsAt, returnHour }: Leave,
): Leave {
  return {
    ...leave,
    returnHour,
    ...(until === undefined ? {} : { until }),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
}

/** Out now; what the feed has planned beside it is over. */
function beTerminated(edit: LeaveEdit, { absence, note, at }: StatusReport, feed: Feed, now: Instant): LeaveEdit {
  if (isOutSince(edit, at, feed)) return edit;
  const { leaves, holds } = endAll(edit, ownLeaves(edit, feed), now);
  const words = note === undefined ? {} : { note };
  const hold = {
    kind: 'hr',
    source: feed.connection,
    since: now,
    by: feed.by,
    reason: absence.type,
    ...words,
  } as const;
  return { leaves, holds: placeHold(holds, hold) };
}

function planEnd(edit: LeaveEdit, { absence }: StatusReport, feed: Feed): LeaveEdit {
  // Whom the feed has out already stays out.
  if (hasHold(edit.holds, 'hr', feed.connection)) return edit;
  const known = endCorrectedBy(edit, absence, feed);
  if (known === undefined) return add(edit, absence);
  const { from, startsAt, zone, note } = absence;
  return changeLeave(edit, { ...known, from, startsAt, zone, ...(note === undefined ? {} : { note }) });
}

function ownLeaves({ leaves }: LeaveEdit, { connection }: Feed): readonly Leave[] {
  return leaves.filter((leave) => isOpen(leave) && leave.source === connection);
}

function endAll(edit: LeaveEdit, over: readonly Leave[], now: Instant): LeaveEdit {
  return over.reduce((changed, leave) => endLeave(changed, leave, now), edit);
}

function add({ leaves, holds }: LeaveEdit, leave: Leave): LeaveEdit {
  return { leaves: addLeave(leaves, leave), holds };
}

function markOf(known: FeedMark | undefined, report: StatusReport, now: Instant): FeedMark {
  const { sequence = known?.sequence, at, status } = report;
  const ofSequence = sequence === undefined ? {} : { sequence };
  const isLatest = at <= now && at >= (known?.at ?? -Infinity);
  return isLatest ? { ...known, ...ofSequence, at, status } : { ...known, ...ofSequence };
}
