// The admin API's words for departments. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { change, instant, shortText } from './contract-words.ts';

const id = z.string().min(1).max(100);
const code = shortText.describe('Unique in the organisation, letter case ignored.');
const displayOrder = z
  .int({ error: 'must be a whole number' })
  .describe('Place among its siblings, ascending; those without one come last.');
const externalId = z.string().min(1).max(500);

export const departmentQuery = z.strictObject({
  parent: id
    .optional()
    .describe(
      'Only those directly below this department, in display order; `top`: those below none. Left out: all, in order of creation.',
    ),
  code: z.string().max(500).optional(),
  name: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
export const newDepartment = z.strictObject({
  name: shortText,
  code: code.optional(),
  parent: id.optional().describe('Left out: a top department.'),
  displayOrder: displayOrder.optional(),
  externalId: externalId.optional(),
});
/** What is left out stays; null clears. */
export const departmentChange = z.strictObject({
  name: shortText.optional(),
  code: code.nullable().optional(),
  parent: id.nullable().optional().describe('Moves it with everything below it; null: to the top.'),
  displayOrder: displayOrder.nullable().optional(),
  externalId: externalId.nullable().optional(),
});
export const departmentAnswer = z.object({
  id: z.string(),
  name: z.string(),
  code: z.string().nullable(),
  parent: z.string().nullable(),
  displayOrder: z.int().nullable(),
  externalId: z.string().nullable(),
  hasChildren: z.boolean(),
  createdAt: instant,
  modifiedAt: instant,
});
export const departmentChanged = z.object({ department: departmentAnswer, change });
