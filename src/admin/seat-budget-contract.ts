// What the budgets of departments take and answer. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { change } from './contract-words.ts';

export const budgetChange = z.strictObject({
  limit: z
    .int({ error: 'must be a whole number' })
    .min(0, { error: 'must not be negative' })
    .max(100_000_000)
    .describe('Seats for the people of this department and of those below it that have no budget of their own.'),
});
export const budgetAnswer = z.object({
  department: z.string(),
  name: z.string(),
  limit: z.int(),
  used: z.int(),
  free: z.int().describe('Below zero: more are used than the budget has, and nobody new gets in until it is met.'),
});
export const budgetsAnswer = z.object({ items: z.array(budgetAnswer) });
export const budgetChanged = z.object({ budget: budgetAnswer.nullable().describe('null: there is none.'), change });
