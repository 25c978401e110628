// What the waiting list takes and answers.

import { z } from 'zod';
import { change, instant, shortText } from './contract-words.ts';

const budgetInTheWay = z.object({ department: z.string(), name: z.string(), limit: z.int(), used: z.int() });
const entry = z.object({
  place: z.int().describe('1 is the next.'),
  user: z.object({ id: z.string(), userName: z.string(), displayName: z.string() }),
  since: instant,
  for: z.enum(['seat', 'return']).describe('`return`: on leave, in line for the seat of the return.'),
  by: z.string().optional(),
  reason: z.string().optional(),
  budget: budgetInTheWay
    .optional()
    .describe('The budget of a department that is used up: others are not kept waiting by who waits for it.'),
  turn: instant
    .nullable()
    .describe(
      'When a seat is to be expected from what is known; null: not within a year, or it is a budget that is used up.',
    ),
});
export const waitingListAnswer = z.object({ items: z.array(entry) });
export const queueMove = z.strictObject({
  before: z.string().max(100).nullable().describe('The user to stand before; null: to the end.'),
  reason: shortText,
});
export const queueMoved = z.object({ items: z.array(entry), change });
