// The admin API's words for seats: how many, under which contract, and what is ahead. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { change, instant, shortText } from './contract-words.ts';
import { leaveType } from './leave-contract.ts';

export const seatPolicy = z.enum(['wait', 'refuse', 'allowOver']);
export const seatCount = z
  .int({ error: 'must be a whole number' })
  .min(0, { error: 'must not be negative' })
  .max(100_000_000);
export const reserveForReturn = z
  .int()
  .min(0)
  .max(366)
  .describe('From so many days before a return from leave on a seat is kept for it; 0: none is.');

export const seatsAnswer = z.object({
  licensed: z.int().nullable(),
  billed: z.int().nullable(),
  used: z.int(),
  free: z.int().nullable(),
  over: z.int(),
  overUntil: z.string().nullable().describe('The first day on which no over-use is allowed any more.'),
  reserved: z.int().describe('Kept for people who return from leave; free for nobody else.'),
  reserveForReturn: z.int(),
  waiting: z.int(),
  inactive: z.int(),
  onLeave: z.int(),
  policy: seatPolicy,
});
export const seatChange = z.strictObject({
  licensed: seatCount.nullable().optional(),
  over: seatCount.optional(),
  overUntil: z
    .string()
    .max(10)
    .nullable()
    .optional()
    .describe('With `allowOver`: the first day without over-use, local, as 2027-04-01; null: until somebody says so.'),
  policy: seatPolicy.optional(),
  reserveForReturn: reserveForReturn.optional(),
});
const contractRow = z.strictObject({
  from: z.string().max(10).describe('The first day, local to the organisation, as 2027-04-01.'),
  licensed: seatCount.nullable().describe('null is unlimited.'),
  unitPrice: z.string().max(20).optional().describe('For one seat and one month, a decimal number as text.'),
  currency: z.string().max(3).optional().describe('ISO 4217, as JPY.'),
  note: shortText.optional(),
});
export const contractChange = z.strictObject({ rows: z.array(contractRow).max(200) });
export const contractAnswer = z.object({
  rows: z.array(
    contractRow.extend({
      inForce: z.boolean(),
      appliedAt: instant.optional().describe('When the ledger came to say so; left out: its day has not come.'),
    }),
  ),
});
export const contractChanged = contractAnswer.extend({ change });
export const forecastQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(1_100).default(90).describe('How far ahead.'),
});
const seatEvent = z.object({
  at: instant,
  kind: z
    .enum(['starts', 'reserved', 'returns', 'ends'])
    .describe('`reserved`: from then on a seat is kept for the return, or the person stands in line for one.'),
  user: z.string(),
  name: z.string(),
  type: leaveType,
  change: z.int().describe('How many more people need a seat from then on.'),
  waits: z.literal(true).optional().describe('Of a return: no seat is free on that day.'),
});
export const forecastAnswer = z.object({
  days: z.int(),
  steps: z.array(
    z.object({
      date: z.string(),
      at: instant,
      licensed: z.int().nullable(),
      needed: z.int().describe('People who need a seat, those among them for whose return one is reserved.'),
      used: z.int(),
      reserved: z.int().describe('Kept for people who return from leave.'),
      free: z
        .int()
        .nullable()
        .describe('Those that are reserved are among them; below zero where more are used than licensed.'),
      short: z.int().describe('How many more would have to be licensed.'),
      events: z.array(seatEvent),
    }),
  ),
  firstShortage: z
    .object({
      date: z.string(),
      short: z.int(),
      sentence: z.string(),
      monthly: z
        .object({ amount: z.string(), currency: z.string() })
        .optional()
        .describe('What the missing seats would cost in a month, where the contract names a price.'),
    })
    .nullable(),
});
export const seatsChanged = seatsAnswer.extend({ change });
export const recounted = seatsAnswer.extend({
  drift: z.int(),
  budgets: z.record(z.string(), z.int()).optional().describe('The drift of budgets that were wrong, by department.'),
  outcome: z.enum(['exact', 'repaired', 'busy']),
  change,
});
