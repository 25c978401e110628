// The admin API's words for the provisioning log. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { instant, pageQuery, slug } from './contract-words.ts';

const provisioningOutcome = z.enum(['success', 'failure', 'skipped', 'warning']);
export const provisioningLogQuery = pageQuery.extend({
  user: z.string().max(100).optional().describe('Id of a person.'),
  resource: z.string().max(100).optional().describe('Id of a user, group or department.'),
  connection: slug.optional(),
  outcome: provisioningOutcome.optional(),
});
export const provisioningLogAnswer = z.object({
  id: z.string(),
  at: instant,
  outcome: provisioningOutcome.describe(
    '`skipped`: everything was so already. `warning`: accepted, but not all of it could be.',
  ),
  connection: z.string(),
  credential: z.string(),
  requestId: z.string(),
  method: z.string(),
  path: z.string().describe('Below the SCIM base.'),
  operation: z.int().optional().describe('Place in a Bulk request, from 0.'),
  status: z.int(),
  resource: z.object({ type: z.string(), id: z.string(), name: z.string() }).optional(),
  why: z.array(z.string()).describe('The refusal, or what was not done as asked.'),
  code: z.string().optional().describe('`scimType` of the refusal.'),
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
});
export const provisioningLogWhole = provisioningLogAnswer.extend({
  body: z.unknown().optional().describe('As it was sent, without passwords and secrets, at most about 16 KB.'),
});
