// The forecast: arithmetic over known facts (model.md, "Leave"). Leaves that begin give seats back, returns need them; what nobody has planned is not
// guessed. Pure, and as long as the number of events that are ahead.

import { isOpen, type Leave, type LeaveType } from './leave.ts';
import type { Instant, UserId } from './identifiers.ts';
import type { User } from './user.ts';

export interface SeatEvent {
  readonly at: Instant;
  /** `starts` and `ends` give a seat back, `returns` needs one. */
  readonly kind: 'starts' | 'returns' | 'ends';
  readonly userId: UserId;
  readonly name: string;
  readonly type: LeaveType;
  /** How many more people need a seat from then on: -1, 0 or 1. */
  readonly change: -1 | 0 | 1;
  /** Whether the person has a seat now, used or reserved. */
  readonly hasSeat: boolean;
  /** The seat that is reserved for the person's return is reserved no longer: it is used, or given back. */
  readonly endsReservation: boolean;
}

/** From then on another number is licensed. */
export interface ContractEvent {
  readonly at: Instant;
  readonly licensed: number | null;
}

export interface SeatsNow {
  readonly licensed: number | null;
  /** How many more may be used, loudly. */
  readonly over: number;
  /** Held by active people, and kept by people on leave. */
  readonly used: number;
  /** Taken as well, for people who return, and not used before. */
  readonly reserved: number;
  readonly waiting: number;
}

/** What is so from `at` on. */
export interface ForecastStep {
  readonly at: Instant;
  readonly licensed: number | null;
  /** People who need a seat, those of them who use one, and those for whose return one is reserved. */
  readonly needed: number;
  readonly used: number;
  readonly reserved: number;
  /** Not used; those that are reserved are among them. */
  readonly free: number | null;
  /** How many seats more would have to be licensed. */
  readonly short: number;
  readonly events: readonly SeatEvent[];
}

export interface Forecast {
  readonly steps: readonly ForecastStep[];
  /** The first step, now included, at which more are needed than licensed. */
  readonly firstShortage: ForecastStep | null;
}

interface Planned extends Pick<User, 'id' | 'holds' | 'leaves' | 'seat'> {
  readonly name: string;
}

/**
 * What a person's leaves do to the seats until `end`. Whoever something else holds needs no seat, before and after; whoever has left by then
 * neither goes nor comes back.
 */
export function seatEventsOf(user: Planned, end: Instant): readonly SeatEvent[] {
  const { id, name, holds, leaves = [], seat } = user;
  const isHeld = holds.some(({ kind }) => kind !== 'leave' && kind !== 'start' && kind !== 'seat');
  const events: SeatEvent[] = [];
  const hasSeat = seat === 'held';
  const add = (
    kind: SeatEvent['kind'],
    at: Instant,
    leave: Leave,
    change: -1 | 0 | 1,
    endsReservation = false,
  ): void => {
    if (at > end) return;
    const { type } = leave;
    events.push({ at, kind, userId: id, name, type, change: isHeld ? 0 : change, hasSeat, endsReservation });
  };
  let leftAt = Infinity;
  for (const leave of leaves) if (leave.type === 'left' && isOpen(leave)) leftAt = Math.min(leftAt, leave.startsAt);
  const isAbsence = (leave: Leave): boolean => leave.type !== 'left' && isOpen(leave) && leave.startsAt < leftAt;
  // On a running leave the person still has the seat, or one that is reserved, or has given it back; a later one keeps it or will give it back.
  const keeps = (leave: Leave): boolean => (leave.state === 'running' ? hasSeat : leave.seat === 'keep');
  // On the day of the return the person goes again: between the two no seat is needed.
  const goesOn = (leave: Leave, next: Leave): boolean =>
    !keeps(leave) && !keeps(next) && leave.startsAt < next.startsAt && next.startsAt <= (leave.endsAt ?? Infinity);
  const isReserved = (leave: Leave): boolean =>
    leave.state === 'running' && leave.reservation !== undefined && hasSeat && !isHeld;
  const absences = leaves.filter(isAbsence);
  for (const leave of leaves) {
    const { endsAt = Infinity } = leave;
    if (isAbsence(leave)) {
      const [before, after] = [
        absences.some((other) => goesOn(other, leave)),
        absences.some((other) => goesOn(leave, other)),
      ];
      if (leave.state === 'planned') add('starts', leave.startsAt, leave, keeps(leave) || before ? 0 : -1);
      if (endsAt < leftAt) add('returns', endsAt, leave, keeps(leave) || after ? 0 : 1, isReserved(leave));
    } else if (leave.type === 'left' && isOpen(leave)) {
      const away = absences.filter(({ endsAt: until = Infinity }) => until > leftAt);
      add('ends', leave.startsAt, leave, away.every(keeps) ? -1 : 0, away.some(isReserved));
    }
  }
  return events;
}

/** Steps by day of the organisation: `dayOf` names it. What is overdue counts as due now. */
export function forecastSeats(
  now: SeatsNow,
  { people, contract = [] }: { readonly people: readonly SeatEvent[]; readonly contract?: readonly ContractEvent[] },
  from: Instant,
  dayOf: (instant: Instant) => string,
): Forecast {
  const ordered = [...people, ...contract].toSorted((a, b) => a.at - b.at);
  let [needed, licensed, reserved] = [now.used + now.reserved + now.waiting, now.licensed, now.reserved];
  const steps: ForecastStep[] = [toStep(now, from, { needed, licensed, reserved }, [])];
  for (let next = 0; next < ordered.length; ) {
    const at = Math.max(ordered[next]?.at ?? from, from);
    const [day, ofDay]: [string, SeatEvent[]] = [dayOf(at), []];
    for (
      let event = ordered[next];
      event !== undefined && dayOf(Math.max(event.at, from)) === day;
      event = ordered[next]
    ) {
      if ('licensed' in event) licensed = event.licensed;
      else {
        ofDay.push(event);
        needed += event.change;
        if (event.endsReservation) reserved -= 1;
      }
      next += 1;
    }
    steps.push(toStep(now, at, { needed, licensed, reserved }, ofDay));
  }
  return { steps, firstShortage: steps.find(({ short }) => short > 0) ?? null };
}

function toStep(
  { over }: SeatsNow,
  at: Instant,
  level: Pick<ForecastStep, 'needed' | 'licensed' | 'reserved'>,
  events: readonly SeatEvent[],
): ForecastStep {
  const { needed, licensed, reserved } = level;
  if (licensed === null) return { at, ...level, used: needed - reserved, free: null, short: 0, events };
  const taken = Math.min(needed, licensed + over);
  const used = Math.max(0, taken - reserved);
  const [free, short] = [Math.max(0, licensed - used), Math.max(0, needed - licensed)];
  return { at, ...level, used, free, short, events };
}

/**
 * When the seat of each person who waits now is to be expected, first in the queue first: at the first instant by which so many are free, from people
 * who go and contracts that grow. Who returns later stands behind them and takes none of theirs. null: not within what is known.
 */
export function turnsOf(
  now: SeatsNow,
  { people, contract = [] }: { readonly people: readonly SeatEvent[]; readonly contract?: readonly ContractEvent[] },
): readonly (Instant | null)[] {
  const turns: (Instant | null)[] = Array.from({ length: now.waiting }, () => null);
  const returned = new Set<UserId>();
  let [licensed, gone, given] = [now.licensed, 0, 0];
  for (const event of [...people, ...contract].toSorted((a, b) => a.at - b.at)) {
    if ('licensed' in event) licensed = event.licensed;
    else if (event.change > 0) returned.add(event.userId);
    // Of the seats that are taken now: whoever has none, or comes back to another, gives none of them back.
    else if (event.change < 0 && event.hasSeat && !returned.has(event.userId)) gone += 1;
    const free = licensed === null ? Infinity : licensed + now.over - now.used - now.reserved + gone;
    for (; given < turns.length && given < free; given += 1) turns[given] = event.at;
  }
  return turns;
}

/** "On 2027-04-01 you are one seat short: Aoki returns, 10 of 10 in use." */
export function describeShortage(
  { at, licensed, short, used, reserved, needed, events }: ForecastStep,
  dayOf: (at: Instant) => string,
): string {
  const seats = short === 1 ? 'one seat' : `${short} seats`;
  const [first, ...others] = events.filter(({ kind, change }) => kind === 'returns' && change > 0);
  const kept = reserved === 0 ? '' : `, ${reserved} reserved`;
  const inUse = `${used} of ${licensed ?? used} in use${kept}`;
  if (first === undefined) return `On ${dayOf(at)} you are ${seats} short: ${needed} people need one, ${inUse}.`;
  const begins = others.every(({ type }) => type === first.type) && first.type === 'start';
  const who =
    others.length === 0
      ? `${first.name} ${begins ? 'starts' : 'returns'}`
      : `${first.name} and ${others.length} more ${begins ? 'start' : 'return'}`;
  return `On ${dayOf(at)} you are ${seats} short: ${who}, ${inUse}.`;
}
