// From when on a seat is to be kept for a return from leave (docs/decisions/0022). Pure.

import type { Instant } from './identifiers.ts';

const dayMs = 86_400_000;

/** Of a leave (leave.ts) what a reservation goes by. */
interface ReservingLeave {
  readonly state: string;
  readonly startsAt: Instant;
  readonly endsAt?: Instant;
  readonly seat: 'release' | 'keep';
  readonly reserveDays?: number;
  readonly reservation?: string;
}
type Leaves = readonly ReservingLeave[];

/** By this leave’s own days; undefined: for its return none is reserved. */
export function reservesAtOf({ seat, endsAt, reserveDays = 0 }: ReservingLeave): Instant | undefined {
  return seat === 'release' && endsAt !== undefined && reserveDays > 0 ? endsAt - reserveDays * dayMs : undefined;
}

/** When a seat is to be reserved for the return of this leave, if that is still to be done; of one that is planned perhaps before it begins. */
export function reservationAhead(leaves: Leaves, leave: ReservingLeave): Instant | undefined {
  return leave.reservation === undefined && !isFollowed(leaves, leave) ? reservesAtOf(leave) : undefined;
}

/** Whether a reservation is there without need: the return was put off, or is none because the person goes again, or for good, on that day. */
export function isNeedless(leaves: Leaves, leave: ReservingLeave, now: Instant): boolean {
  return leave.reservation !== undefined && ((reservesAtOf(leave) ?? Infinity) > now || isFollowed(leaves, leave));
}

/** Whether the seat would be given away again as soon as the person is back: by a leave that touches this one, or a planned end. */
function isFollowed(leaves: Leaves, leave: ReservingLeave): boolean {
  const { startsAt, endsAt = Infinity } = leave;
  return leaves.some(
    (next) =>
      next !== leave &&
      next.state === 'planned' &&
      next.startsAt >= startsAt &&
      next.startsAt <= endsAt &&
      next.seat === 'release' &&
      // A short one holds a seat for its own return from its first day on.
      (reservesAtOf(next) ?? Infinity) > next.startsAt,
  );
}
