// What a change makes of a user, before storage hears of it: pure functions from a user to a user.
// The `seat` hold is not a caller's to place or lift: it stands alone or not at all, and only the commit decides about seats.

import { isActive, type ImportMark, type User } from './user.ts';
import { liftHold, liftKinds, placeHold, type Hold, type HoldKind } from './hold.ts';
import type { ConnectionId, Instant } from './identifiers.ts';
import { isSame } from './same-value.ts';
import {
  endLeave,
  isReserving,
  keepsSeat,
  reconcileLeaves,
  runningLeave,
  withReservation,
  type Leaves,
} from './leave.ts';

/** The parts a mouth may change; what it leaves out stays. */
export interface UserEdit {
  readonly profile?: User['profile'];
  readonly holds?: User['holds'];
  readonly leaves?: Leaves;
  readonly roles?: User['roles'];
  readonly deletedAt?: Instant;
  readonly lastWrittenBy?: ConnectionId;
  readonly provisionedBy?: User['provisionedBy'];
  readonly feeds?: NonNullable<User['feeds']>;
  /** Of somebody who waits: another place in the queue. */
  readonly waitingSince?: Instant;
  readonly importMark?: ImportMark;
  /** "Log out everywhere": every session made so far dies, whatever else changes. */
  readonly endSessions?: true;
}

/**
 * What the edited user needs of the seat ledger. `activate`: becomes active if a seat can be had, else waits or is refused. `reserve`: has one
 * kept for the return, or stands in line for it.
 */
export type SeatNeed = 'none' | 'activate' | 'reserve' | 'giveBack';

export interface EditedUser {
  /** With `active`, `holds` and `waitingSince` as they are if the seat need is met. */
  readonly user: User;
  readonly need: SeatNeed;
  /** Active before and not now, or asked for: every session made so far dies with the commit. */
  readonly endsSessions: boolean;
}

/** Applies an edit to the user as read. `waiting` people stay waiting until the queue promotes them. */
export function applyEdit(before: User, { endSessions: asked, ...edit }: UserEdit, now: Instant): EditedUser {
  // What stays the same stays the same object, so that who compares next need not look into it.
  const same = isSame(before.profile, edit.profile) ? { profile: before.profile } : {};
  const merged = withLeavesReconciled({ ...before, ...edit, ...same }, now);
  const others = merged.holds.filter((hold) => hold.kind !== 'seat');
  const wasWaiting = before.holds.some((hold) => hold.kind === 'seat');
  const held = others.length > 0 || merged.deletedAt !== undefined;
  if (!held && before.waitingSince !== undefined) {
    // Whoever stood in line for the return keeps the place when the day has come.
    const holds = wasWaiting ? before.holds : [seatHold(now, 'system:seat-queue')];
    return { user: { ...merged, holds, active: false }, need: 'none', endsSessions: asked === true };
  }
  const placed = { ...merged, holds: others.length === merged.holds.length ? merged.holds : others };
  // Whoever waits and goes on a leave that reserves keeps the place in line, too.
  const user = before.waitingSince !== undefined && reserves(placed) ? inLine(placed) : withoutWaiting(placed);
  const active = isActive(user);
  const endsSessions = asked === true || (before.active && !active);
  const since = active && !before.active ? { activeSince: now } : {};
  return { user: { ...user, ...since, active }, need: needOf(before, { ...user, active }), endsSessions };
}

function needOf(before: User, after: User): SeatNeed {
  if (before.seat === 'held') return after.active || isKept(after) ? 'none' : 'giveBack';
  if (after.active && !before.active) return 'activate';
  return reserves(after) && after.waitingSince === undefined ? 'reserve' : 'none';
}

/** Whether a seat is to be kept for the person's return from now on. */
function reserves({ holds, leaves = [], deletedAt }: User): boolean {
  return deletedAt === undefined && isReserving({ holds, leaves });
}

/** The seat of somebody who is away and has it kept. */
function isKept({ holds, leaves = [], deletedAt }: User): boolean {
  return deletedAt === undefined && keepsSeat({ holds, leaves });
}

/** A leave whose hold somebody lifted is over. */
function withLeavesReconciled(user: User, now: Instant): User {
  if (user.leaves === undefined) return user;
  const leaves = reconcileLeaves(user.leaves, user, now);
  return leaves === user.leaves ? user : { ...user, leaves };
}

/** The user as stored when no seat is free: held by `seat`, in the queue from `now`. */
export function asWaiting(user: User, now: Instant, by: string, reason?: string): User {
  return { ...user, holds: [seatHold(now, by, reason)], active: false, waitingSince: now };
}

/** On leave as before, and in line for the seat of the return. */
export function asInLine(user: User, now: Instant): User {
  return { ...inLine(user), waitingSince: now };
}

function inLine(user: User): User {
  const { leaves = [] } = user;
  const marked = withReservation(leaves, 'waiting');
  return marked === leaves ? user : { ...user, leaves: marked };
}

/** Whoever was in the queue, as they are once they have a seat: active, or on leave with a seat kept. */
export function asPromoted(user: User, now: Instant): User {
  const holds = liftHold(user.holds, 'seat', '');
  const leaves = user.leaves === undefined ? {} : { leaves: withReservation(user.leaves, 'held') };
  const active = holds.length === 0;
  return withoutWaiting({ ...user, holds, ...leaves, active, ...(active ? { activeSince: now } : {}) });
}

function seatHold(now: Instant, by: string, reason?: string): Hold {
  return { kind: 'seat', source: '', since: now, by, ...(reason === undefined ? {} : { reason }) };
}

/** An identity provider writes `active`: `false` places this connection's `idp` hold, `true` lifts it and no other (scim.md 5.1). */
export function writeActive(
  holds: readonly Hold[],
  connection: ConnectionId,
  active: boolean,
  now: Instant,
  by: string,
): readonly Hold[] {
  if (active) return liftHold(holds, 'idp', connection);
  return placeHold(holds, { kind: 'idp', source: connection, since: now, by });
}

/** As `writeActive`. Where the connection's word counts for more than a leave, `true` ends the one that is running. */
export function writeStatus(
  user: Pick<User, 'holds' | 'leaves'>,
  active: boolean,
  by: { readonly connection: ConnectionId; readonly now: Instant; readonly by: string; readonly endsLeaves: boolean },
): Pick<UserEdit, 'holds' | 'leaves'> {
  const holds = writeActive(user.holds, by.connection, active, by.now, by.by);
  const { leaves = [] } = user;
  const running = runningLeave(leaves);
  const ends = active && by.endsLeaves && running !== undefined && running.type !== 'start';
  return ends ? endLeave({ leaves, holds }, running, by.now) : { holds };
}

/** What an administrator's reactivation lifts: the kinds named, else everything but `security`. */
export function liftByAdministrator(holds: readonly Hold[], kinds?: readonly HoldKind[]): readonly Hold[] {
  return liftKinds(holds, kinds ?? ['idp', 'admin', 'leave', 'hr', 'start', 'dormant']);
}

function withoutWaiting(user: User): User {
  if (user.waitingSince === undefined) return user;
  const { waitingSince: _turn, ...rest } = user;
  return rest;
}
