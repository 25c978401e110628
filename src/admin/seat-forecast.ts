// The forecast of an organisation: its seats now, and what its people's leaves will do to them.

import type { UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import {
  describeShortage,
  forecastSeats,
  seatEventsOf,
  type ForecastStep,
  type SeatEvent,
} from '#directory/seat-forecast.ts';
import { openLeaveKey } from '#directory/user.ts';
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
  const { now, seats, people, contract, rows } = await readKnownFuture(context, organization, days);
  const dayOf = createDayOf(organization);
  const { steps, firstShortage } = forecastSeats(
    { ...seats, used: seats.used + more },
    { people, contract },
    now,
    dayOf,
  );
  return {
    days,
    steps: steps.map((step) => toStepAnswer(step, dayOf)),
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
    const page = { key: openLeaveKey, ...(after === undefined ? {} : { after }), limit: piece };
    const users = await context.storage.users.list(id, page);
    for (const user of users) events.push(...seatEventsOf(user, end));
    after = users.at(-1)?.id;
    if (users.length < piece) return events;
  }
}

/** Many events are due at one instant, and calendars are slow. */
function createDayOf({ timeZone }: Organization): (at: number) => string {
  const known = new Map<number, string>();
  return (at) => {
    const day = known.get(at) ?? toLocalDate(at, timeZone);
    known.set(at, day);
    return day;
  };
}

function toStepAnswer({ at, events, ...numbers }: ForecastStep, dayOf: (at: number) => string) {
  return {
    date: dayOf(at),
    at: toIso(at),
    ...numbers,
    events: events.map(({ at: eventAt, userId, ...event }) => ({ ...event, user: userId, at: toIso(eventAt) })),
  };
}
