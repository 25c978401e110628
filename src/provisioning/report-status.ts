// What an HR system reports, carried out: one line of its feed is one commit, like any other change (model.md, "One way in for changes").

import { describeActor } from '#directory/actor.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { createTimeOrderedId, type ConnectionId, type Instant, type UserId } from '#directory/identifiers.ts';
import type { LeaveId, LeaveType, LocalDate } from '#directory/leave.ts';
import type { Organization } from '#directory/organization.ts';
import {
  applyReport,
  latenessOf,
  type Feed,
  type ReportedStatus,
  type StatusReport,
} from '#directory/status-report.ts';
import { isSame } from '#directory/same-value.ts';
import { statusChangeOf, undoStatusChange, type StatusChange } from '#directory/undo-change.ts';
import { applyEdit, type SeatNeed, type UserEdit } from '#directory/user-change.ts';
import type { FeedMark, User } from '#directory/user.ts';
import { changeUser } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import { toInstant, toLocalDate } from './leave-dates.ts';
import { toLeave } from './plan-leave.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** One line of a feed, read. */
export interface StatusLine {
  readonly status: ReportedStatus;
  /** A day of the organisation, from its first hour on, or an instant. */
  readonly effectiveAt: LocalDate | Instant;
  /** The first day back; null: unknown. Left out: as planned. */
  readonly until?: LocalDate | null;
  readonly type?: LeaveType;
  readonly note?: string;
  readonly sequence?: number;
}

export type ReportResult =
  | ({ readonly kind: 'done' } & ChangeResult)
  /** Left alone: a repeated or late one. */
  | { readonly kind: 'repeated' | 'late'; readonly user: User };

/** Throws `DirectoryError` `userNotFound`, `invalidValue` (naming the field), `leaveOverlaps`. */
export async function reportStatus(
  context: ProvisioningContext,
  organization: Organization,
  userId: UserId,
  line: StatusLine,
  connection: ConnectionId,
  by: ChangeContext,
): Promise<ReportResult> {
  const report = toReport(context, organization, line, by);
  const feed: Feed = { connection, by: describeActor(by.actor) };
  let lateness: ReturnType<typeof latenessOf> = null;
  const result = await changeUser(
    context,
    organization.id,
    userId,
    (user) => {
      lateness = latenessOf(user, report, feed);
      return lateness === null ? applyReport(user, report, feed, context.now()) : {};
    },
    { ...by, reason: `hr.${line.status}` },
    // A feed is told what became of it; it is not refused for a seat that is free tomorrow.
    { ifNoSeat: 'wait' },
  );
  return lateness === null ? { kind: 'done', ...result } : { kind: lateness, user: result.user };
}

export interface StatusPreview {
  readonly kind: 'done' | 'repeated' | 'late';
  /** As they would be, if a seat is free for them. */
  readonly user: User;
  readonly need: SeatNeed;
}

/** What `reportStatus` would make of the person as given; nothing is stored. Throws as it does. */
export function previewStatus(
  context: ProvisioningContext,
  organization: Organization,
  user: User,
  line: StatusLine,
  connection: ConnectionId,
  by: ChangeContext,
): StatusPreview {
  const report = toReport(context, organization, line, by);
  const feed: Feed = { connection, by: describeActor(by.actor) };
  const lateness = latenessOf(user, report, feed);
  if (lateness !== null) return { kind: lateness, user, need: 'none' };
  const edited = applyEdit(user, applyReport(user, report, feed, context.now()), context.now());
  return { kind: 'done', user: edited.user, need: edited.need };
}

function toReport(
  context: ProvisioningContext,
  organization: Organization,
  line: StatusLine,
  by: ChangeContext,
): StatusReport {
  const { status, effectiveAt, until, type = 'leave', note, sequence } = line;
  const now = context.now();
  const { timeZone } = organization;
  const isInstant = typeof effectiveAt === 'number';
  const at = isInstant ? effectiveAt : toInstant(effectiveAt, 0, timeZone, 'effectiveAt');
  const today = toLocalDate(now, timeZone);
  if (until !== undefined && until !== null && status !== 'leave')
    throw new DirectoryError('invalidValue', `\`until\` means nothing with status ${status}.`, { field: 'until' });
  // What has been so for long needs no absence of its own.
  const from = status === 'leave' || at > now ? (isInstant ? toLocalDate(at, timeZone) : effectiveAt) : today;
  const plan = {
    type: status === 'terminated' ? ('left' as const) : type,
    from,
    ...(until === undefined ? {} : { until }),
    ...(note === undefined ? {} : { note }),
  };
  const id = createTimeOrderedId(now, context.randomBytes) as LeaveId;
  const absence = toLeave(context, organization, id, plan, by.actor);
  return {
    status,
    at,
    today,
    absence: isInstant && at > now ? { ...absence, startsAt: at } : absence,
    namesReturn: until !== undefined,
    ...(note === undefined ? {} : { note }),
    ...(sequence === undefined ? {} : { sequence }),
  };
}

/** What a report did, kept to be taken back. */
export interface ReportTrace {
  readonly change: StatusChange;
  /** The feed's mark, before and after it. */
  readonly marks: { readonly before?: FeedMark; readonly after?: FeedMark };
}

export function traceOf({ before, user }: ChangeResult, connection: ConnectionId): ReportTrace {
  const old = before?.feeds?.[connection];
  const mark = user.feeds?.[connection];
  return {
    change: statusChangeOf(before ?? { holds: [] }, user),
    marks: { ...(old === undefined ? {} : { before: old }), ...(mark === undefined ? {} : { after: mark }) },
  };
}

/**
 * Takes a report back: what it placed, lifted and planned, as far as nobody has changed that since. The second time nothing is left to be done.
 * Throws `DirectoryError` `userNotFound`.
 */
export function undoReport(
  context: ProvisioningContext,
  organization: Organization,
  userId: UserId,
  { change, marks }: ReportTrace,
  connection: ConnectionId,
  by: ChangeContext,
): Promise<ChangeResult> {
  const edit = (user: User): UserEdit => {
    const { leaves, holds } = undoStatusChange(user, change, context.now());
    const isLast = isSame(user.feeds?.[connection], marks.after);
    const { [connection]: _mark, ...others } = user.feeds ?? {};
    const feeds = isLast
      ? { ...others, ...(marks.before === undefined ? {} : { [connection]: marks.before }) }
      : user.feeds;
    return {
      holds,
      ...(user.leaves === undefined ? {} : { leaves }),
      ...(feeds === undefined ? {} : { feeds }),
    };
  };
  return changeUser(context, organization.id, userId, edit, { ...by, reason: 'hr.undo' }, { ifNoSeat: 'wait' });
}
