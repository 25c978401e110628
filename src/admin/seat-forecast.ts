// The forecast of an organisation: its seats now, and what its people's leaves will do to them.

import { createBreath } from '#breath.ts';
import type { Instant, UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { describeShortage, forecastSeats, type ForecastStep } from '#directory/seat-forecast.ts';
import { seatEventsOf, type SeatEvent } from '#directory/seats-ahead.ts';
import { toInstant, toLocalDate } from '#provisioning/leave-dates.ts';
import { readSeatContract, rowInForce } from '#provisioning/seat-contract.ts';
import type { SeatContractRow } from '#storage/seat-contract-records.ts';
import { toIso, type AdminContext } from './admin-operation.ts';
import { readSeats } from './seat-numbers.ts';

interface Price {
  /** A decimal number as text. */
  readonly amount: string;
  readonly currency: string;
}

const dayMs = 86_400_000;
const piece = 500;
const breathAfterMs = 5;

/** What is known of the days ahead: seats now, what people's leaves will do to them, and the contract's rows. */
export async function readKnownFuture(context: AdminContext, organization: Organization, days: number) {
  const now = context.now();
  const end = now + days * dayMs;
  const [seats, people, rows] = await Promise.all([
    readSeats(context, organization),
    readEvents(context, organization, end),
    readSeatContract(context, organization.id),
  ]);
  const contract = rows
    .map(({ from, licensed }) => ({ at: toInstant(from, 0, organization.timeZone, 'from'), licensed }))
    .filter(({ at }) => at > now && at <= end);
  return { now, seats, people, contract, rows };
}

/** @param days how far ahead
 *  @param more how many people more need a seat from now on, of a change that is only thought of */
export async function readForecast(context: AdminContext, organization: Organization, days: number, more = 0) {
  const breathe = createBreath(breathAfterMs);
  const { now, seats, people, contract, rows } = await readKnownFuture(context, organization, days);
  await breathe();
  const dayOf = keepAnswers((at) => toLocalDate(at, organization.timeZone));
  const isoOf = keepAnswers(toIso);
  // They stand in line like everybody who comes: none of them uses a seat that is not there.
  const waiting = seats.waiting + more;
  const { steps, firstShortage } = forecastSeats({ ...seats, waiting }, { people, contract }, now, dayOf);
  const shown: ReturnType<typeof toStepAnswer>[] = [];
  for (const step of steps) {
    await breathe();
    shown.push(toStepAnswer(step, dayOf, isoOf));
  }
  // What comes next may be to write megabytes.
  await breathe();
  return {
    days,
    steps: shown,
    firstShortage:
      firstShortage === null
        ? null
        : {
            date: dayOf(firstShortage.at),
            short: firstShortage.short,
            sentence: describeShortage(firstShortage, dayOf),
            ...priceOf(rowInForce(rows, organization, firstShortage.at), firstShortage.short),
          },
  };
}

/** What the missing seats would cost in a month, where the contract says it. */
function priceOf(row: SeatContractRow | undefined, short: number): { readonly monthly?: Price } {
  if (row?.unitPrice === undefined || row.currency === undefined) return {};
  const [whole = '0', fraction = ''] = row.unitPrice.split('.');
  const total = (BigInt(whole + fraction) * BigInt(short)).toString().padStart(fraction.length + 1, '0');
  const amount = fraction === '' ? total : `${total.slice(0, -fraction.length)}.${total.slice(-fraction.length)}`;
  return { monthly: { amount, currency: row.currency } };
}

/** Reads those who have leaves ahead, and nobody else. */
async function readEvents(context: AdminContext, { id }: Organization, end: number): Promise<readonly SeatEvent[]> {
  const events: SeatEvent[] = [];
  for (let after: UserId | undefined; ; ) {
    const page = { ...(after === undefined ? {} : { after }), limit: piece };
    const people = await context.storage.users.leavesAhead(id, page);
    for (const person of people) for (const event of seatEventsOf(person, end)) events.push(event);
    after = people.at(-1)?.id;
    if (people.length < piece) return events;
  }
}

type InWords = (at: Instant) => string;

/** Many events are due at one instant, and calendars are slow. */
function keepAnswers(ask: InWords): InWords {
  const known = new Map<Instant, string>();
  return (at) => {
    const answer = known.get(at) ?? ask(at);
    known.set(at, answer);
    return answer;
  };
}

function toStepAnswer({ at, events, ...numbers }: ForecastStep, dayOf: InWords, isoOf: InWords) {
  return {
    date: dayOf(at),
    at: isoOf(at),
    ...numbers,
    // Named one by one, and what is for reckoning left out: there are tens of thousands, and to spread each takes three times as long.
    events: events.map(({ at: eventAt, userId: user, kind, name, type, change, waits }) => {
      return { kind, name, type, change, waits, user, at: isoOf(eventAt) };
    }),
  };
}
