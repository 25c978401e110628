// What the history of seats takes and answers.

import { z } from 'zod';
import { instant } from './contract-words.ts';

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'must be a date, as 2027-04-01' });

export const historyQuery = z.strictObject({
  from: date.optional().describe('The first day; left out: 90 days before `to`.'),
  to: date.optional().describe('The last day; left out: today.'),
});
export const historyAnswer = z.object({
  from: date,
  to: date,
  days: z.array(
    z.object({
      date,
      licensed: z.int().nullable().describe('At the end of the day, or now.'),
      used: z.int().describe('At the end of the day, or now.'),
      peak: z.int(),
      average: z.number(),
      taken: z.int(),
      given: z.int(),
    }),
  ),
  peak: z.int(),
  average: z.number(),
  couldDrop: z
    .int()
    .nullable()
    .describe(
      'How many of the seats licensed now were used on none of these days, and are not used or reserved now; null without a limit or a known day.',
    ),
});

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'must be a month, as 2027-04' });
export const monthQuery = z.strictObject({ month });
export const usageAnswer = z.object({
  month,
  licensed: z
    .int()
    .nullable()
    .describe('At the end of the month, or now; null is unlimited. Of a month ahead: by what is known now.'),
  billed: z.int().nullable().describe('The contract’s row in force at the end of the month, or now while it runs.'),
  peak: z.int().describe('The most seats in use at one time; of a month ahead 0.'),
  average: z.number(),
  activeInMonth: z.int().describe('How many people used a seat at any time of the month.'),
  used: z.int().describe('In use at the end of the month, or now.'),
});
export const billingAnswer = z.object({
  month,
  lines: z.array(
    z.object({
      from: date,
      to: date,
      days: z.int(),
      seats: z.int().nullable().describe('Billed: the contract, whatever is used; null is unlimited.'),
      unitPrice: z.string().optional(),
      currency: z.string().optional(),
      amount: z.string().optional().describe('For these days of the month.'),
    }),
  ),
  peak: z.int(),
  average: z.number(),
  activeInMonth: z.int(),
});
export const seatPeriods = z.object({
  items: z.array(
    z.object({
      from: instant.nullable().describe('null: from before the history begins.'),
      until: instant.nullable().describe('null: to this moment.'),
      takenBy: z.string().nullable(),
      taken: z.string().nullable().describe('Why: the action, and its reason.'),
      givenBy: z.string().nullable(),
      given: z.string().nullable(),
    }),
  ),
});
