// A month of seats, from its days.

import { DirectoryError } from '#directory/directory-error.ts';
import { addUpDays } from '#directory/seat-history.ts';
import type { Organization } from '#directory/organization.ts';
import { daysAfter, toInstant, toLocalDate } from '#provisioning/leave-dates.ts';
import { readSeatContract, rowInForce } from '#provisioning/seat-contract.ts';
import { readFirstSeatDay, readSeatDays } from '#provisioning/seat-history.ts';
import type { StoredSeatDay } from '#storage/seat-history-records.ts';
import type { AdminContext } from './admin-operation.ts';
import { readSeats } from './seat-numbers.ts';

/** The days of a month, both included. */
export function daysOfMonth(month: string): { readonly from: string; readonly to: string } {
  const from = `${month}-01`;
  const next = daysAfter(from, 31).slice(0, 7);
  return { from, to: daysAfter(`${next}-01`, -1) };
}

/** Seats in use on average over these days, today up to now, to two places. */
export function averageOf(
  { now }: Pick<AdminContext, 'now'>,
  { timeZone }: Organization,
  days: readonly StoredSeatDay[],
): number {
  let [seatMs, lengthMs] = [0, 0];
  for (const day of days) {
    const [begin, end] = [toInstant(day.day, 0, timeZone, 'day'), toInstant(daysAfter(day.day, 1), 0, timeZone, 'day')];
    seatMs += day.seatMs;
    lengthMs += Math.max(0, Math.min(end, now()) - begin);
  }
  return lengthMs === 0 ? 0 : Math.round((seatMs / lengthMs) * 100) / 100;
}

/** Days that are ahead are as today, but for the rows of the contract that begin by then. Throws `invalidValue` for a month of which nothing is known. */
export async function readMonth(context: AdminContext, organization: Organization, month: string) {
  return (await readMonthWithDays(context, organization, month)).usage;
}

/** With what the bill is made of: the known days, the rows, and what is licensed today, for days to come. Throws as above. */
export async function readMonthWithDays(context: AdminContext, organization: Organization, month: string) {
  await context.settleEffects();
  const span = daysOfMonth(month);
  const today = toLocalDate(context.now(), organization.timeZone);
  await assertKnown(context, organization, span.to, today);
  const [days, rows, seats] = await Promise.all([
    readSeatDays(context, organization, span),
    readSeatContract(context, organization.id),
    readSeats(context, organization),
  ]);
  const { peak, people } = addUpDays(days);
  const isAhead = span.from > today;
  const end = toInstant(daysAfter(span.to, 1), 0, organization.timeZone, 'month') - 1;
  const row = rowInForce(rows, organization, isAhead ? end : Math.min(context.now(), end));
  const last = days.at(-1)?.end ?? seats;
  // A number set by hand holds until the next row begins.
  const licensed = isAhead && row !== undefined && row.from > today ? row.licensed : last.licensed;
  const usage = {
    month,
    licensed,
    billed: row === undefined ? licensed : row.licensed,
    peak,
    average: averageOf(context, organization, days),
    activeInMonth: people,
    used: last.used,
  };
  return { usage, days, rows, licensedLast: last.licensed };
}

/** What nobody kept is not told as if it were nothing, or no limit. */
async function assertKnown(
  context: AdminContext,
  organization: Organization,
  last: string,
  today: string,
): Promise<void> {
  const first = (await readFirstSeatDay(context, organization.id)) ?? today;
  if (last >= first || last >= today) return;
  const words = `The history of seats begins on ${first}; of ${last.slice(0, 7)} nothing is known.`;
  throw new DirectoryError('invalidValue', words, { field: 'month' });
}
