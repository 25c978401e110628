// Words that several schemas of the admin API share.

import { z } from 'zod';

export const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-04-01T09:00:00Z' });
export const shortText = z
  .string()
  .trim()
  .min(1, { error: 'must not be empty' })
  .max(200, { error: 'must have at most 200 characters' });
export const slug = z.string().regex(/^[a-z0-9-]{2,40}$/, { error: 'must be 2 to 40 of a-z, 0-9 and "-"' });
export const change = z.string().nullable().describe('Id of the change, null when everything was as asked already.');

/** A page of a list. `next` of the answer before; left out: the first page. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});

/** A page of anything. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}
