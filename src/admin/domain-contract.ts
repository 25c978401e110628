// The admin API's words for e-mail domains: claimed by an organisation, verified by DNS or by an administrator's word. Part of admin-contract.ts.

import { z } from 'zod';
import { change, instant } from './contract-words.ts';

export const domainName = z
  .string()
  .toLowerCase()
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/, {
    error: 'must be a domain such as example.com',
  });

export const newDomain = z.strictObject({ domain: domainName });
export const domainVerification = z.strictObject({
  by: z
    .enum(['dns', 'administrator'])
    .default('dns')
    .describe('`administrator`: by your word; only for keys that reach every organisation.'),
});
export const domainAnswer = z.object({
  domain: z.string(),
  verified: z.boolean().describe('Only then it routes people and vouches for addresses.'),
  verifiedBy: z.enum(['dns', 'administrator']).optional(),
  verifiedAt: instant.optional(),
  dns: z.object({ name: z.string(), type: z.literal('TXT'), value: z.string() }).describe('What to put into DNS.'),
  claimedAt: instant,
});
export const domainChanged = z.object({ domain: domainAnswer, change });
