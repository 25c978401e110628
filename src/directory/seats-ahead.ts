// What people's leaves will do to the seats: who goes, for whose return a seat is to be reserved, who is back. Pure.

import type { Instant, UserId } from './identifiers.ts';
import { isOpen, type Leave, type LeaveType } from './leave.ts';
import { reservationAhead, reservesAtOf } from './leave-reservation.ts';
import type { User } from './user.ts';

export interface SeatEvent {
  readonly at: Instant;
  /** `starts` and `ends` give a seat back, `reserved` asks for one that is kept for a return, `returns` needs one. */
  readonly kind: 'starts' | 'reserved' | 'returns' | 'ends';
  readonly userId: UserId;
  readonly name: string;
  readonly type: LeaveType;
  /** How many more people need a seat from then on, those among them for whose return one is reserved. */
  readonly change: -1 | 0 | 1;
  /** How many more of them do not use it before they are back. */
  readonly reservation: -1 | 0 | 1;
  /** Whether the person has a seat now, used or reserved. */
  readonly hasSeat: boolean;
}

interface Planned extends Pick<User, 'id' | 'holds' | 'leaves' | 'seat'> {
  readonly name: string;
}

interface Turn extends Pick<SeatEvent, 'at' | 'kind'> {
  readonly leave: Leave;
}

/** What a person needs at one time. */
type Need = 'nothing' | 'seat' | 'reservation';

/**
 * What a person's leaves do to the seats until `end`, in order. Whoever something else holds needs no seat, before and after; whoever has left by
 * then neither goes nor comes back. A reservation that stands in line already asks for its seat since it was due.
 */
export function seatEventsOf(user: Planned, end: Instant): readonly SeatEvent[] {
  const { id: userId, name, holds, leaves = [], seat } = user;
  const hasSeat = seat === 'held';
  const isHeld = holds.some(({ kind }) => kind !== 'leave' && kind !== 'start' && kind !== 'seat');
  const turns = turnsOfLeaves(leaves, hasSeat).filter(({ at }) => at <= end);
  const needOf = followNeeds(leaves, hasSeat);
  const events: SeatEvent[] = [];
  let before = needOf();
  for (let first = 0; first < turns.length; ) {
    // What is due at one instant is one change: nobody is let in between two leaves that touch.
    let next = first;
    for (const at = turns[first]?.at; turns[next]?.at === at; next += 1) needOf(turns[next]);
    const after = needOf();
    const change = difference(after !== 'nothing', before !== 'nothing');
    const reservation = difference(after === 'reservation', before === 'reservation');
    const together = turns.slice(first, next);
    const carrier = together.find(({ kind }) => isOfKind(kind, change, reservation)) ?? together[0];
    for (const turn of together) {
      const { at, kind, leave } = turn;
      if (isHeld && kind === 'reserved') continue;
      const moves = !isHeld && turn === carrier;
      // Named one by one: there are tens of thousands.
      events.push({
        at,
        kind,
        userId,
        name,
        type: leave.type,
        change: moves ? change : 0,
        reservation: moves ? reservation : 0,
        hasSeat,
      });
    }
    [before, first] = [after, next];
  }
  return events;
}

function difference(is: boolean, was: boolean): -1 | 0 | 1 {
  return is === was ? 0 : is ? 1 : -1;
}

/** Which of several at one instant makes the change. */
function isOfKind(kind: SeatEvent['kind'], change: number, reservation: number): boolean {
  const away = kind === 'starts' || kind === 'ends';
  if (change !== 0) return away === change < 0;
  return (kind === 'starts' || kind === 'reserved') === reservation > 0;
}

/** All that is ahead, in order. */
function turnsOfLeaves(leaves: readonly Leave[], hasSeat: boolean): readonly Turn[] {
  const turns: Turn[] = [];
  const leftAt = leavesForGoodAt(leaves);
  for (const leave of leaves) {
    const { type, state, startsAt, endsAt = Infinity } = leave;
    if (!isOpen(leave)) continue;
    if (type === 'left') turns.push({ at: startsAt, kind: 'ends', leave });
    else if (startsAt < leftAt) {
      if (state === 'planned') turns.push({ at: startsAt, kind: 'starts', leave });
      const reservedAt = reservationOf(leaves, leave, hasSeat);
      if (reservedAt !== undefined) turns.push({ at: reservedAt, kind: 'reserved', leave });
      if (endsAt < leftAt) turns.push({ at: endsAt, kind: 'returns', leave });
    }
  }
  return turns.toSorted((a, b) => a.at - b.at);
}

function leavesForGoodAt(leaves: readonly Leave[]): Instant {
  let at = Infinity;
  for (const leave of leaves) if (leave.type === 'left' && isOpen(leave)) at = Math.min(at, leave.startsAt);
  return at;
}

/** When a seat is to be reserved for the return, where that comes by itself: not with the first day of a short leave. */
function reservationOf(leaves: readonly Leave[], leave: Leave, hasSeat: boolean): Instant | undefined {
  if (leave.state === 'planned')
    return reservesFromFirstDay(leaves, leave) ? undefined : reservationAhead(leaves, leave);
  if (leave.reservation !== undefined) return hasSeat ? undefined : (reservesAtOf(leave) ?? leave.startsAt);
  // Until its hour it is there beside the next one, which has begun.
  const isLast = leaves.every(({ state, startsAt }) => state !== 'running' || startsAt <= leave.startsAt);
  return isLast ? reservationAhead(leaves, leave) : undefined;
}

function reservesFromFirstDay(leaves: readonly Leave[], leave: Leave): boolean {
  return (reservationAhead(leaves, leave) ?? Infinity) <= leave.startsAt;
}

/** Answers what the person needs, after one more turn. */
function followNeeds(leaves: readonly Leave[], hasSeat: boolean): (turn?: Turn) => Need {
  const running = leaves.filter(({ state }) => state === 'running');
  const away = new Set(running);
  const reserving = new Set(hasSeat ? running.filter(({ reservation }) => reservation !== undefined) : []);
  // On a running leave the person still has the seat, or has given it back; a later one keeps it or will give it back.
  const keptNow = hasSeat && reserving.size === 0;
  const keeps = (leave: Leave): boolean => (leave.state === 'running' ? keptNow : leave.seat === 'keep');
  let hasLeft = false;
  return (turn) => {
    if (turn !== undefined) {
      const { kind, leave } = turn;
      if (kind === 'ends') hasLeft = true;
      else if (kind === 'returns') away.delete(leave);
      else if (kind === 'starts') away.add(leave);
      if (kind === 'reserved' || (kind === 'starts' && reservesFromFirstDay(leaves, leave))) reserving.add(leave);
    }
    if (hasLeft) return 'nothing';
    // Of two at once the one that was planned first says it, as for the seat itself.
    const current = away.size === 0 ? undefined : leaves.find((leave) => away.has(leave));
    if (current === undefined) return 'seat';
    return reserving.has(current) ? 'reservation' : keeps(current) ? 'seat' : 'nothing';
  };
}
