// The bill of a month: what the contract says for its days, and beside it what was in use. Amounts are reckoned in whole units of the last place, never
// in floating point.

import type { Organization } from '#directory/organization.ts';
import { daysAfter, toInstant } from '#provisioning/leave-dates.ts';
import { rowInForce } from '#provisioning/seat-contract.ts';
import type { SeatContractRow } from '#storage/seat-contract-records.ts';
import type { AdminContext } from './admin-operation.ts';
import { daysOfMonth, readMonthWithDays } from './seat-month.ts';

export interface BillingLine {
  readonly from: string;
  readonly to: string;
  readonly days: number;
  /** null: no limit, nothing to be billed by. */
  readonly seats: number | null;
  readonly unitPrice?: string;
  readonly currency?: string;
  readonly amount?: string;
}

/**
 * One line for each part of the month in which one row of the contract holds, or without a row one number was licensed at the end of each day. Throws
 * `invalidValue` for a month of which nothing is known.
 */
export async function readBilling(context: AdminContext, organization: Organization, month: string) {
  const { usage, days: known, rows, licensedLast } = await readMonthWithDays(context, organization, month);
  const { peak, average, activeInMonth } = usage;
  const { from, to } = daysOfMonth(month);
  const licensedOn = new Map(known.map(({ day, end }) => [day, end.licensed] as const));
  // Of days before the history begins the first that is known tells, of days to come the last, which is today where the month is ahead.
  const first = known[0]?.day ?? from;
  const daysInMonth = Number(to.slice(8));
  const parts: { row: SeatContractRow | undefined; seats: number | null; from: string; to: string; days: number }[] =
    [];
  for (let day = from; day <= to; day = daysAfter(day, 1)) {
    const row = rowInForce(rows, organization, toInstant(day, 0, organization.timeZone, 'month'));
    const ofDay = licensedOn.get(day < first ? first : day);
    const seats = row === undefined ? (ofDay === undefined ? licensedLast : ofDay) : row.licensed;
    const last = parts.at(-1);
    if (last !== undefined && last.row?.from === row?.from && last.seats === seats)
      Object.assign(last, { to: day, days: last.days + 1 });
    else parts.push({ row, seats, from: day, to: day, days: 1 });
  }
  const lines = parts.map(({ row, ...part }): BillingLine => {
    const { seats, days } = part;
    const { unitPrice, currency } = row ?? {};
    if (seats === null || unitPrice === undefined || currency === undefined) return part;
    return { ...part, unitPrice, currency, amount: amountOf(unitPrice, seats, days, daysInMonth) };
  });
  return { month, lines, peak, average, activeInMonth };
}

/** The monthly price of so many seats for so many days of the month, rounded half up to four places at most, as the price has, two at least. */
function amountOf(unitPrice: string, seats: number, days: number, daysInMonth: number): string {
  const [whole = '0', fraction = ''] = unitPrice.split('.');
  const places = days === daysInMonth ? fraction.length : Math.max(2, fraction.length);
  const units = BigInt(whole + fraction.padEnd(places, '0')) * BigInt(seats) * BigInt(days);
  const divisor = BigInt(daysInMonth);
  const rounded = ((units * 2n + divisor) / (divisor * 2n)).toString().padStart(places + 1, '0');
  return places === 0 ? rounded : `${rounded.slice(0, -places)}.${rounded.slice(-places)}`;
}

const columns = ['month', 'from', 'to', 'days', 'seats', 'unitPrice', 'currency', 'amount'] as const;
const ofMonth = ['peak', 'average', 'activeInMonth'] as const;

/** Lines of numbers, dates and codes: nothing in them needs quoting. */
export function toBillingCsv(billing: Awaited<ReturnType<typeof readBilling>>): string {
  const header = [...columns, ...ofMonth].join(',');
  const numbers = ofMonth.map((name) => billing[name]);
  const lines = billing.lines.map((line) => {
    const values = columns.map((name) => (name === 'month' ? billing.month : (line[name] ?? '')));
    return [...values, ...numbers].join(',');
  });
  return [header, ...lines, ''].join('\r\n');
}
