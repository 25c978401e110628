// The history of seats: who came to use one and who ceased to, when and why, and what that makes of a day. Pure; kept by provisioning/seat-history.ts.
// A seat counts as used as `used` says it: held, and not only reserved for somebody's return.

import type { Instant, UserId } from './identifiers.ts';
import { isReserving, type LocalDate } from './leave.ts';
import type { User } from './user.ts';

/** One step of the history. */
export type SeatChange =
  | {
      readonly kind: 'taken' | 'given';
      readonly userId: UserId;
      readonly userName: string;
      /** The action of the audit entry, and its reason if there is one. */
      readonly cause: string;
      readonly by: string;
      /** Of a seat that was taken: when this person ceased to use the one before. */
      readonly lastUsed?: Instant;
    }
  | { readonly kind: 'contract'; readonly licensed: number | null; readonly over: number };

export type SeatEvent = SeatChange & {
  readonly at: Instant;
  /** The organisation's day. */
  readonly day: LocalDate;
  /** Of a seat that was taken: this person used none in the month before. */
  readonly first?: boolean;
};

/** Seats as a day finds or leaves them. */
export interface SeatLevel {
  readonly used: number;
  readonly licensed: number | null;
  readonly over: number;
}

/** What became of one day. */
export interface SeatDay {
  readonly start: SeatLevel;
  readonly end: SeatLevel;
  /** The most that were in use at one time. */
  readonly peak: number;
  /** Seats in use, added up over the milliseconds of the day. */
  readonly seatMs: number;
  readonly taken: number;
  readonly given: number;
  /** How many people used a seat for the first time in the month. */
  readonly first: number;
}

export const noSeats: SeatLevel = { used: 0, licensed: null, over: 0 };

/** Whether this commit makes somebody use a seat, or cease to; `movement` is what the commit asks of storage. */
export function seatStepOf(
  before: Pick<User, 'seat' | 'holds' | 'leaves'> | null,
  after: Pick<User, 'holds' | 'leaves'>,
  movement: 'keep' | 'take' | 'giveBack',
): 'taken' | 'given' | null {
  const held = before?.seat === 'held';
  const uses = (user: Pick<User, 'holds' | 'leaves'>, has: boolean): boolean =>
    has && !isReserving({ holds: user.holds, leaves: user.leaves ?? [] });
  const was = before !== null && uses(before, held);
  const is = uses(after, movement === 'take' || (movement === 'keep' && held));
  return was === is ? null : is ? 'taken' : 'given';
}

/** One day from its events, in order of time; `until` is its end, or now. */
export function foldSeatDay(
  start: SeatLevel,
  events: readonly SeatEvent[],
  { from, until }: { readonly from: Instant; readonly until: Instant },
): SeatDay {
  let level = start;
  let [peak, seatMs, taken, given, first, at] = [start.used, 0, 0, 0, 0, from];
  for (const event of events) {
    const now = Math.min(Math.max(event.at, at), until);
    seatMs += level.used * (now - at);
    at = now;
    switch (event.kind) {
      case 'contract':
        level = { used: level.used, licensed: event.licensed, over: event.over };
        break;
      case 'taken':
        level = { ...level, used: level.used + 1 };
        taken += 1;
        if (event.first === true) first += 1;
        // The ledger never goes over. Two clocks may tell of the seat that was taken before the one that was given for it.
        peak = Math.max(peak, Math.min(level.used, limitOf(level)));
        break;
      case 'given':
        level = { ...level, used: level.used - 1 };
        given += 1;
        break;
      default:
        event satisfies never;
    }
  }
  seatMs += level.used * Math.max(0, until - at);
  return { start, end: level, peak, seatMs, taken, given, first };
}

function limitOf({ licensed, over }: SeatLevel): number {
  return licensed === null ? Infinity : licensed + over;
}

/** Several days together: the highest peak, and everybody who used a seat in them if they are the days of a month so far. */
export function addUpDays(days: readonly SeatDay[]): { readonly peak: number; readonly people: number } {
  const peak = days.reduce((most, day) => Math.max(most, day.peak), 0);
  const people = days.reduce((sum, { first }) => sum + first, days[0]?.start.used ?? 0);
  return { peak, people };
}
