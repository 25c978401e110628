// The history of seats: day by day, month by month, for the bill, and of one person. Everything is settled before it is read.

import { addUpDays } from '#directory/seat-history.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { daysAfter, toLocalDate } from '#provisioning/leave-dates.ts';
import { readSeatDays, readSeatPeriods } from '#provisioning/seat-history.ts';
import type { StoredSeatDay } from '#storage/seat-history-records.ts';
import { defineOperation, paramOf, toIso, type AdminContext, type Operation } from './admin-operation.ts';
import { readBilling, toBillingCsv } from './seat-billing.ts';
import * as contract from './seat-history-contract.ts';
import { averageOf, readMonth } from './seat-month.ts';
import { readSeats } from './seat-numbers.ts';

const base = '/organizations/:org/seats';
const usualDays = 90;
const mostDays = 1_100;

export const seatHistoryOperations: readonly Operation[] = [
  defineOperation({
    id: 'seats.history',
    method: 'get',
    path: `${base}/history`,
    summary: 'Seats in use by day, with peak and average, and how many could be dropped',
    query: contract.historyQuery,
    answer: contract.historyAnswer,
    run: async (context, call) => {
      const { organization, query } = call;
      const to = query.to ?? toLocalDate(context.now(), organization.timeZone);
      const from = query.from ?? daysAfter(to, -usualDays);
      assertSpan(from, to);
      await context.settleEffects();
      const days = await readSeatDays(context, organization, { from, to });
      const { peak } = addUpDays(days);
      const seats = await readSeats(context, organization);
      return {
        body: {
          from,
          to,
          days: days.map((day) => toDayAnswer(context, organization, day)),
          peak,
          average: averageOf(context, organization, days),
          couldDrop: days.length === 0 ? null : couldDrop(seats, peak),
        },
      };
    },
  }),
  defineOperation({
    id: 'seats.usage',
    method: 'get',
    path: `${base}/usage`,
    summary: 'A month: the most seats in use, and how many people used one',
    query: contract.monthQuery,
    answer: contract.usageAnswer,
    run: async (context, call) => ({ body: await readMonth(context, call.organization, call.query.month) }),
  }),
  defineOperation({
    id: 'seats.billing',
    method: 'get',
    path: `${base}/billing`,
    summary: 'A month for the bill: the rows of the contract that held in it, and what was in use',
    query: contract.monthQuery,
    answer: contract.billingAnswer,
    run: async (context, call) => ({ body: await readBilling(context, call.organization, call.query.month) }),
  }),
  defineOperation({
    id: 'seats.billingCsv',
    method: 'get',
    path: `${base}/billing.csv`,
    summary: 'The same as a file',
    query: contract.monthQuery,
    answer: contract.billingAnswer,
    gives: 'text/csv',
    run: async (context, call) => {
      const billing = await readBilling(context, call.organization, call.query.month);
      const name = `seats-${call.organization.id}-${call.query.month}.csv`;
      return {
        body: null,
        file: { type: 'text/csv; charset=utf-8', name, content: inOnePiece(toBillingCsv(billing)) },
      };
    },
  }),
  defineOperation({
    id: 'users.seatPeriods',
    method: 'get',
    path: '/organizations/:org/users/:id/seats',
    summary: 'When this person, deleted or not, used a seat, and why it began and ended; the latest first',
    answer: contract.seatPeriods,
    run: async (context, call) => {
      const id = paramOf(call, 'id') as UserId;
      // The history keeps what deleted people used, too.
      if ((await context.storage.users.get(call.organization.id, id)) === null)
        throw new DirectoryError('userNotFound', 'There is no such user.');
      await context.settleEffects();
      const periods = await readSeatPeriods(context.storage, call.organization.id, id);
      const at = (instant: number | null): string | null => (instant === null ? null : toIso(instant));
      return {
        body: { items: periods.map(({ from, until, ...why }) => ({ from: at(from), until: at(until), ...why })) },
      };
    },
  }),
];

/** null without a limit. */
function couldDrop({ licensed, used, reserved }: Awaited<ReturnType<typeof readSeats>>, peak: number): number | null {
  return licensed === null ? null : Math.max(0, licensed - Math.max(peak, used + reserved));
}

function assertSpan(from: string, to: string): void {
  if (from > to) throw new DirectoryError('invalidValue', '`from` must not come after `to`.', { field: 'from' });
  if (daysAfter(from, mostDays) < to)
    throw new DirectoryError('invalidValue', `At most ${mostDays} days at once.`, { field: 'from' });
}

function toDayAnswer(context: AdminContext, organization: Organization, day: StoredSeatDay) {
  const { end, peak, taken, given } = day;
  const average = averageOf(context, organization, [day]);
  return { date: day.day, licensed: end.licensed, used: end.used, peak, average, taken, given };
}

async function* inOnePiece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
