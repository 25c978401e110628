// The bill of a month: what the contract says for its days, and beside it what was in use. Amounts are reckoned in whole units of the last place, never
// in floating point.

import type { Organization } from '#directory/organization.ts';
import { daysAfter, toInstant } from '#provisioning/leave-dates.ts';
import { readSeatContract, rowInForce } from '#provisioning/seat-contract.ts';
import type { SeatContractRow } from '#storage/seat-contract-records.ts';
import type { AdminContext } from './admin-operation.ts';
import { daysOfMonth, readMonth } from './seat-month.ts';

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

/** One line for each part of the month in which one row of the contract holds; without rows what is licensed. */
export async function readBilling(context: AdminContext, organization: Organization, month: string) {
  const { peak, average, activeInMonth, licensed } = await readMonth(context, organization, month);
  const rows = await readSeatContract(context, organization.id);
  const { from, to } = daysOfMonth(month);
  const daysInMonth = Number(to.slice(8));
  const parts: { row: SeatContractRow | undefined; from: string; to: string; days: number }[] = [];
  for (let day = from; day <= to; day = daysAfter(day, 1)) {
    const row = rowInForce(rows, organization, toInstant(day, 0, organization.timeZone, 'month'));
    const last = parts.at(-1);
    if (last !== undefined && last.row?.from === row?.from) Object.assign(last, { to: day, days: last.days + 1 });
    else parts.push({ row, from: day, to: day, days: 1 });
  }
  const lines = parts.map(({ row, ...part }): BillingLine => {
    const seats = row === undefined ? licensed : row.licensed;
    const { unitPrice, currency } = row ?? {};
    if (seats === null || unitPrice === undefined || currency === undefined) return { ...part, seats };
    return { ...part, seats, unitPrice, currency, amount: amountOf(unitPrice, seats, part.days, daysInMonth) };
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
