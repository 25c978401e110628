// Seats in the days ahead, and who stands in line for one: first come, first served. Pure; each event costs the same, however long the line is.

import type { UserId } from './identifiers.ts';
import type { SeatEvent } from './seats-ahead.ts';

export interface SeatsNow {
  readonly licensed: number | null;
  /** How many more may be used, loudly. */
  readonly over: number;
  /** Held by active people, and kept by people on leave. */
  readonly used: number;
  /** Taken as well, for people who return, and not used before. */
  readonly reserved: number;
  /** Stand in line before everybody who comes later. */
  readonly waiting: number;
}

export interface SeatLevel {
  readonly licensed: number | null;
  /** People who need a seat, those of them who use one, and those for whose return one is reserved. */
  readonly needed: number;
  readonly used: number;
  readonly reserved: number;
}

export interface SeatLine {
  apply(event: SeatEvent): void;
  /** From now on so many are licensed. Nobody is cut off. */
  license(licensed: number | null): void;
  /** Whoever is first in line has what is free. */
  serve(): void;
  isWaiting(user: UserId): boolean;
  level(): SeatLevel;
}

export function openSeatLine({ over, waiting, ...now }: SeatsNow): SeatLine {
  let { licensed, used, reserved } = now;
  /** Who waits now is known by number only, until an event names one of them. */
  let unnamed = waiting;
  /** Named ones, and whether the seat is to be reserved only. */
  const named = new Map<UserId, boolean>();
  const met = new Set<UserId>();

  const come = (user: UserId, reserves: boolean): void => {
    met.add(user);
    named.set(user, reserves);
  };
  const apply = ({ userId, change, reservation, hasSeat }: SeatEvent): void => {
    if (change > 0) return come(userId, reservation > 0);
    if (!hasSeat && !met.has(userId) && unnamed > 0) {
      unnamed -= 1;
      come(userId, false);
    }
    if (!named.has(userId)) {
      used += change - reservation;
      reserved += reservation;
    } else if (change < 0) named.delete(userId);
    else if (reservation !== 0) named.set(userId, reservation > 0);
  };
  const serve = (): void => {
    let free = licensed === null ? Infinity : licensed + over - used - reserved;
    const first = Math.max(0, Math.min(free, unnamed));
    [unnamed, used, free] = [unnamed - first, used + first, free - first];
    for (const [user, reserves] of named) {
      if (free <= 0) return;
      if (reserves) reserved += 1;
      else used += 1;
      named.delete(user);
      free -= 1;
    }
  };
  return {
    apply,
    license(number) {
      licensed = number;
    },
    serve,
    isWaiting: (user) => named.has(user),
    level: () => ({ licensed, needed: used + reserved + unnamed + named.size, used, reserved }),
  };
}
