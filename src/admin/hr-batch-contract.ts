// The admin API's words for the batches of HR feeds. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { instant } from './contract-words.ts';

const count = z.int();
export const hrBatch = z.object({
  id: z.string(),
  source: z.enum(['feed', 'pull']).describe('`feed`: sent to `POST /hr/v1/status-changes`. `pull`: fetched.'),
  at: instant,
  summary: z.object({ changed: count, unchanged: count, repeated: count, late: count, failed: count }),
  people: z
    .object({ in: count, out: count, waiting: count })
    .describe('Who came in and went out by it, and who of those who came in waits for a seat.'),
  undone: z.object({ at: instant, by: z.string() }).nullable(),
});
export const hrBatchUndone = z.object({
  batch: z.string(),
  lines: z.object({
    restored: count,
    unchanged: count.describe('Somebody has changed that since, or it was taken back before.'),
    gone: count.describe('Of people who are deleted.'),
    refused: count.describe('It would have left the organisation without an active owner.'),
  }),
});
