// A month of seats, from its days.

import { addUpDays } from '#directory/seat-history.ts';
import type { Organization } from '#directory/organization.ts';
import { daysAfter, toInstant } from '#provisioning/leave-dates.ts';
import { readSeatContract, rowInForce } from '#provisioning/seat-contract.ts';
import { readSeatDays } from '#provisioning/seat-history.ts';
import type { StoredSeatDay } from '#storage/seat-history-records.ts';
import type { AdminContext } from './admin-operation.ts';

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

export async function readMonth(context: AdminContext, organization: Organization, month: string) {
  await context.settleEffects();
  const span = daysOfMonth(month);
  const days = await readSeatDays(context, organization, span);
  const { peak, people } = addUpDays(days);
  const end = Math.min(context.now(), toInstant(daysAfter(span.to, 1), 0, organization.timeZone, 'month') - 1);
  const row = rowInForce(await readSeatContract(context, organization.id), organization, end);
  const { used = 0, licensed = null } = days.at(-1)?.end ?? {};
  return {
    month,
    licensed,
    billed: row === undefined ? licensed : row.licensed,
    peak,
    average: averageOf(context, organization, days),
    activeInMonth: people,
    used,
  };
}
