// Leaves: dated absences with a seat rule and, mostly, a way back (model.md, "Leave"). Dates are what people said, local to the organisation; the
// instants beside them are what they mean in its zone (provisioning/leave-dates.ts). Pure: what is due is applied here, when is asked elsewhere.

import { hasHold, liftHold, placeHold, type Hold } from './hold.ts';
import type { ConnectionId, Instant } from './identifiers.ts';
import { isNeedless, reservationAhead, reservesAtOf } from './leave-reservation.ts';

declare const brand: unique symbol;
export type LeaveId = string & { readonly [brand]: 'LeaveId' };

/**
 * `left`: a planned end. At its start it places the hold of whoever planned it and is over; nobody comes back by itself.
 * `start`: somebody who has not begun yet. It runs from when it is planned until their first day.
 */
export const leaveTypes = ['leave', 'parental', 'secondment', 'other', 'left', 'start'] as const;
export type LeaveType = (typeof leaveTypes)[number];

/** `2027-02-01`. */
export type LocalDate = string;

export interface Leave {
  readonly id: LeaveId;
  readonly type: LeaveType;
  /** The first day away. */
  readonly from: LocalDate;
  /** The first day back; none: until somebody says so. */
  readonly until?: LocalDate;
  /** The IANA zone in which the dates are meant, and the local time of the return. */
  readonly zone: string;
  readonly returnHour: number;
  readonly startsAt: Instant;
  readonly endsAt?: Instant;
  /** Whether the seat is given back meanwhile. */
  readonly seat: 'release' | 'keep';
  readonly note?: string;
  /** Who planned it, in one line; `source` is the connection, else empty. */
  readonly by: string;
  readonly source: ConnectionId | '';
  readonly state: LeaveState;
  /** From so many days before the return on a seat is kept for it; left out: none is. */
  readonly reserveDays?: number;
  /** A seat is kept for the return, or the person stands in line for one. */
  readonly reservation?: 'held' | 'waiting';
  /** When it began and ended in fact; later than planned after a downtime. */
  readonly startedAt?: Instant;
  readonly endedAt?: Instant;
}

/** `ended` also early, by a deactivation, or without having begun where nobody came to it in time; `cancelled`: somebody took it back before it began. */
export type LeaveState = 'planned' | 'running' | 'ended' | 'cancelled';

/** How many past leaves a user keeps; the audit trail has them all. */
export const keptLeaves = 50;

/** A person's, in the order in which they were planned. */
export type Leaves = readonly Leave[];

export function isOpen({ state }: Pick<Leave, 'state'>): boolean {
  return state === 'planned' || state === 'running';
}

export function runningLeave(leaves: Leaves): Leave | undefined {
  return leaves.find(({ state }) => state === 'running');
}

/** The one with this id, if it is not over. */
export function openLeave(leaves: Leaves, id: LeaveId): Leave | undefined {
  return leaves.find((leave) => leave.id === id && isOpen(leave));
}

/** The one that is running, else the next one planned. */
export function currentLeave(leaves: Leaves): Leave | undefined {
  const [next] = leaves.filter(isOpen).toSorted((a, b) => a.startsAt - b.startsAt);
  return runningLeave(leaves) ?? next;
}

/** When something is to happen next, or undefined. */
export function nextTransitionOf(leaves: Leaves): Instant | undefined {
  const instants = leaves.flatMap((leave) => {
    const { state, startsAt, endsAt } = leave;
    if (state === 'planned') return [startsAt];
    return state === 'running' && endsAt !== undefined ? [reservationAhead(leaves, leave) ?? endsAt] : [];
  });
  return instants.length === 0 ? undefined : Math.min(...instants);
}

export interface Transition {
  /** `reserved`: a seat is kept for the return from now on. `passed`: over before it could begin, so that nobody is put out for it. */
  readonly kind: 'started' | 'passed' | 'reserved' | 'returned' | 'left';
  readonly leave: Leave;
  readonly dueAt: Instant;
}

/** The first transition that is due at `now`; of several at one instant a return comes before a start. */
export function dueTransition(leaves: Leaves, now: Instant): Transition | undefined {
  const due = leaves.flatMap((leave): Transition[] => {
    const { state, startsAt, endsAt } = leave;
    const reservesAt = state === 'running' ? reservationAhead(leaves, leave) : undefined;
    if (reservesAt !== undefined && reservesAt <= now) return [{ kind: 'reserved', leave, dueAt: reservesAt }];
    if (state === 'running' && endsAt !== undefined && endsAt <= now)
      return [{ kind: 'returned', leave, dueAt: endsAt }];
    if (state !== 'planned' || startsAt > now) return [];
    if (leave.type === 'left') return [{ kind: 'left', leave, dueAt: startsAt }];
    return [{ kind: (endsAt ?? Infinity) <= now ? 'passed' : 'started', leave, dueAt: startsAt }];
  });
  const rank = ({ kind }: Transition): number => (kind === 'returned' ? 0 : 1);
  return due.toSorted((a, b) => a.dueAt - b.dueAt || rank(a) - rank(b))[0];
}

export interface LeaveEdit {
  readonly leaves: Leaves;
  readonly holds: readonly Hold[];
}

interface OnLeave {
  readonly leaves: Leaves;
  readonly holds: readonly Hold[];
}

/** What a transition makes of the user. A return lifts the leave's own hold and no other. */
export function applyTransition(user: OnLeave, { kind, leave }: Transition, now: Instant): LeaveEdit {
  switch (kind) {
    case 'started':
      return startLeave(user, leave, now);
    case 'passed':
      return { leaves: replaceLeave(user.leaves, { ...leave, state: 'ended', endedAt: now }), holds: user.holds };
    case 'reserved':
      return { leaves: replaceLeave(user.leaves, { ...leave, reservation: 'held' }), holds: user.holds };
    case 'returned':
      return endLeave(user, leave, now);
    case 'left': {
      const { type, note, by, source } = leave;
      const kept = note === undefined ? {} : { note };
      const hold: Hold = { kind: source === '' ? 'admin' : 'hr', source, since: now, by, reason: type, ...kept };
      return {
        leaves: replaceLeave(user.leaves, { ...leave, state: 'ended', startedAt: now, endedAt: now }),
        holds: placeHold(user.holds, hold),
      };
    }
    default:
      return kind satisfies never;
  }
}

/** A leave whose first day has come begins in the commit that plans it; one whose last day has passed too is only noted. */
export function beginIfDue(edit: LeaveEdit, now: Instant): LeaveEdit {
  let applied = edit;
  for (let due = dueTransition(applied.leaves, now); due !== undefined; due = dueTransition(applied.leaves, now)) {
    applied = applyTransition(applied, due, now);
  }
  return applied;
}

/** One that is no longer than seats are reserved ahead never gives its seat away. */
export function startLeave(user: OnLeave, leave: Leave, now: Instant): LeaveEdit {
  const reserved = (reservesAtOf(leave) ?? Infinity) <= now ? { reservation: 'held' as const } : {};
  return {
    leaves: replaceLeave(user.leaves, { ...leave, state: 'running', startedAt: now, ...reserved }),
    holds: placeHold(user.holds, holdOf(leave, now)),
  };
}

/** Over, as planned or early; one that had not begun is cancelled. */
export function endLeave(user: OnLeave, leave: Leave, now: Instant): LeaveEdit {
  if (leave.state === 'planned')
    return { leaves: replaceLeave(user.leaves, { ...leave, state: 'cancelled', endedAt: now }), holds: user.holds };
  const leaves = replaceLeave(user.leaves, { ...leave, state: 'ended', endedAt: now });
  // One that ends on the day the next begins ends beside another that is running, whose hold it is from now on.
  const own = holdKindOf(leave);
  const other = leaves.find((candidate) => candidate.state === 'running' && holdKindOf(candidate) === own);
  if (other === undefined) return { leaves, holds: liftHold(user.holds, own, '') };
  const since = user.holds.find(({ kind }) => kind === own)?.since ?? now;
  return { leaves, holds: user.holds.map((hold) => (hold.kind === own ? holdOf(other, since) : hold)) };
}

/** A running leave whose plan was changed says so in its hold too. */
export function changeLeave(user: OnLeave, leave: Leave): LeaveEdit {
  const leaves = replaceLeave(user.leaves, leave);
  if (leave.state !== 'running') return { leaves, holds: user.holds };
  const own = holdKindOf(leave);
  const since = user.holds.find(({ kind }) => kind === own)?.since ?? leave.startsAt;
  return { leaves, holds: user.holds.map((hold) => (hold.kind === own ? holdOf(leave, since) : hold)) };
}

/** The leaves with this one in its place or at the end; of the others the oldest that are over make room. */
export function replaceLeave(leaves: Leaves, leave: Leave): Leaves {
  const replaced = leaves.some(({ id }) => id === leave.id)
    ? leaves.map((other) => (other.id === leave.id ? leave : other))
    : [...leaves, leave];
  const room = isOpen(leave) ? keptLeaves : keptLeaves - 1;
  const surplus = replaced.filter((other) => !isOpen(other) && other !== leave).slice(0, -room);
  return surplus.length === 0 ? replaced : replaced.filter((other) => !surplus.includes(other));
}

/** A running leave whose hold is gone, lifted by an administrator, is over. One whose return needs no seat, or not yet, reserves none. */
export function reconcileLeaves(leaves: Leaves, user: { readonly holds: readonly Hold[] }, now: Instant): Leaves {
  const isOver = (leave: Leave) => leave.state === 'running' && !hasHold(user.holds, holdKindOf(leave));
  const reservesNeedlessly = (leave: Leave) => leave.state === 'running' && isNeedless(leaves, leave, now);
  if (!leaves.some((leave) => isOver(leave) || reservesNeedlessly(leave))) return leaves;
  return leaves.map((leave) => {
    if (isOver(leave)) return { ...leave, state: 'ended', endedAt: now };
    if (!reservesNeedlessly(leave)) return leave;
    const { reservation: _needless, ...rest } = leave;
    return rest;
  });
}

/** Whether the person's seat stays theirs: on a leave that keeps it or has one reserved, and held by nothing else. */
export function keepsSeat(user: OnLeave): boolean {
  const running = runningLeave(user.leaves);
  return (running?.seat === 'keep' || running?.reservation !== undefined) && isOnlyOnLeave(user);
}

/** Whether a seat is to be had for the return before it comes, or the place in line for one. */
export function isReserving(user: OnLeave): boolean {
  return runningLeave(user.leaves)?.reservation !== undefined && isOnlyOnLeave(user);
}

function isOnlyOnLeave({ holds }: OnLeave): boolean {
  return holds.every(({ kind }) => kind === 'leave');
}

/** The leaves with the reservation of the running one as it came out. */
export function withReservation(leaves: Leaves, reservation: NonNullable<Leave['reservation']>): Leaves {
  const running = runningLeave(leaves);
  return running === undefined || running.reservation === undefined || running.reservation === reservation
    ? leaves
    : replaceLeave(leaves, { ...running, reservation });
}

/** Which hold stands for a running leave. */
function holdKindOf({ type }: Pick<Leave, 'type'>): 'leave' | 'start' {
  return type === 'start' ? 'start' : 'leave';
}

function holdOf(leave: Leave, since: Instant): Hold {
  const { type, note, by, endsAt } = leave;
  return {
    kind: holdKindOf(leave),
    source: '',
    since,
    by,
    reason: type,
    ...(note === undefined ? {} : { note }),
    ...(endsAt === undefined ? {} : { until: endsAt }),
  };
}
