// The admin API's words for the audit trail. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { instant } from './contract-words.ts';

export const auditEntryAnswer = z.object({
  seq: z.int(),
  at: instant,
  action: z.string(),
  level: z.enum(['important', 'information']),
  actor: z.string(),
  mouth: z.string(),
  target: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
  leaves: z
    .array(
      z.object({
        kind: z.enum(['scheduled', 'started', 'passed', 'returned', 'left', 'cancelled']),
        id: z.string(),
        lateBySeconds: z
          .int()
          .optional()
          .describe('How long after it was due the schedule came to it, if a minute or more.'),
      }),
    )
    .optional()
    .describe('What the change did to the leaves of the person.'),
  reason: z.string().optional(),
  requestId: z.string().optional(),
  change: z.string().optional(),
  undoes: z.string().optional().describe('The change that this one takes back.'),
  job: z.string().optional().describe('The import that this is a part of.'),
  prevHash: z.string(),
  hash: z.string(),
});
export const auditVerified = z.object({
  intact: z.boolean(),
  entries: z.int(),
  head: z.string().optional(),
  seq: z.int().optional(),
  fault: z.enum(['missing', 'notChained', 'changed']).optional(),
});
