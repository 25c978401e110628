// The forecast: arithmetic over known facts (model.md, "Leave"). Leaves that begin give seats back, returns need them; what nobody has planned is not
// guessed. Pure, and as long as the number of events that are ahead.

import type { Instant, UserId } from './identifiers.ts';
import { openSeatLine, type SeatLevel, type SeatsNow } from './seat-line.ts';
import type { SeatEvent } from './seats-ahead.ts';

/** From then on another number is licensed. */
export interface ContractEvent {
  readonly at: Instant;
  readonly licensed: number | null;
}

/** With what only the line says. */
export interface StepEvent extends SeatEvent {
  /** Of somebody who is back: no seat is free then. */
  readonly waits?: true;
}

/** What is so from `at` on. */
export interface ForecastStep extends SeatLevel {
  readonly at: Instant;
  /** Not used; those that are reserved are among them. Below zero: more are used than a smaller contract has, or over-use. */
  readonly free: number | null;
  /** How many seats more would have to be licensed. */
  readonly short: number;
  readonly events: readonly StepEvent[];
}

export interface Forecast {
  readonly steps: readonly ForecastStep[];
  /** The first step, now included, at which more are needed than licensed. */
  readonly firstShortage: ForecastStep | null;
}

/** Steps by day of the organisation: `dayOf` names it. What is overdue counts as due now. */
export function forecastSeats(
  now: SeatsNow,
  { people, contract = [] }: { readonly people: readonly SeatEvent[]; readonly contract?: readonly ContractEvent[] },
  from: Instant,
  dayOf: (instant: Instant) => string,
): Forecast {
  const line = openSeatLine(now);
  const isInLine = ({ kind, at }: SeatEvent): boolean => kind === 'reserved' && at <= from;
  for (const event of people) if (isInLine(event)) line.apply(event);
  line.serve();
  const ordered = [...people.filter((event) => !isInLine(event)), ...contract].toSorted((a, b) => a.at - b.at);
  const steps: ForecastStep[] = [toStep(line.level(), from, [])];
  for (let next = 0; next < ordered.length; ) {
    const at = Math.max(ordered[next]?.at ?? from, from);
    const [day, ofDay]: [string, SeatEvent[]] = [dayOf(at), []];
    for (
      let event = ordered[next];
      event !== undefined && dayOf(Math.max(event.at, from)) === day;
      event = ordered[next]
    ) {
      if ('licensed' in event) line.license(event.licensed);
      else {
        ofDay.push(event);
        line.apply(event);
      }
      next += 1;
    }
    line.serve();
    const events = ofDay.map((event): StepEvent => {
      return event.kind === 'returns' && line.isWaiting(event.userId) ? { ...event, waits: true } : event;
    });
    steps.push(toStep(line.level(), at, events));
  }
  return { steps, firstShortage: steps.find(({ short }) => short > 0) ?? null };
}

function toStep(level: SeatLevel, at: Instant, events: readonly StepEvent[]): ForecastStep {
  const { licensed, needed, used } = level;
  if (licensed === null) return { at, ...level, free: null, short: 0, events };
  return { at, ...level, free: licensed - used, short: Math.max(0, needed - licensed), events };
}

/**
 * When the seat of each person who waits now is to be expected, first in the queue first: at the first instant by which so many are free, from people
 * who go and contracts that grow. Who returns later, or has a seat reserved later, stands behind them and takes none of theirs. null: not within what is known.
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
  const kept = reserved === 0 ? '' : `, ${reserved} reserved`;
  const inUse = `${used} of ${licensed ?? used} in use${kept}`;
  const causes = [describeComing(events), describeReserving(events)].filter((cause) => cause !== '');
  const why = causes.length === 0 ? `${needed} people need one` : causes.join(' and ');
  return `On ${dayOf(at)} you are ${seats} short: ${why}, ${inUse}.`;
}

function describeComing(events: readonly SeatEvent[]): string {
  const [first, ...others] = events.filter(({ kind, change }) => kind === 'returns' && change > 0);
  if (first === undefined) return '';
  const begins = others.every(({ type }) => type === first.type) && first.type === 'start';
  return others.length === 0
    ? `${first.name} ${begins ? 'starts' : 'returns'}`
    : `${first.name} and ${others.length} more ${begins ? 'start' : 'return'}`;
}

function describeReserving(events: readonly SeatEvent[]): string {
  const [first, ...others] = events.filter(({ kind, change }) => kind !== 'returns' && change > 0);
  if (first === undefined) return '';
  return others.length === 0
    ? `a seat is to be reserved for ${first.name}'s return`
    : `seats are to be reserved for the returns of ${first.name} and ${others.length} more`;
}
