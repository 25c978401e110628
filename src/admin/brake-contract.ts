// The admin API's words for the brake for mass change. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { change, instant } from './contract-words.ts';

export const brakeSetting = z
  .strictObject({
    mode: z.enum(['warn', 'hold']).describe('`hold` refuses what is beyond the limit until somebody decides.'),
    atMost: z.int().min(0).max(1_000_000).describe('Deactivations and deletions by this connection.'),
    perMinutes: z.int().min(1).max(10_080).default(60),
  })
  .optional()
  .describe('The brake for mass change; left out: none.');
export const brakeOrder = z
  .strictObject({
    decision: z.enum(['release', 'keep']),
    minutes: z
      .int()
      .min(1)
      .max(10_080)
      .optional()
      .describe('Of `release`: for how long everything is let through; 60.'),
    atMost: z.int().min(1).max(1_000_000).optional().describe('Of `release`: how many at most; then it counts again.'),
  })
  .refine(({ decision, minutes, atMost }) => decision === 'release' || (minutes ?? atMost) === undefined, {
    error: 'with `keep` nothing else is said',
    path: ['decision'],
  });
export const brakeAnswer = z.object({
  mode: z.enum(['warn', 'hold']),
  atMost: z.number(),
  perMinutes: z.number(),
  state: z.enum(['open', 'holding', 'released']),
  counted: z.number().describe('Let through within the last `perMinutes`.'),
  heldSince: instant.optional(),
  releasedUntil: instant.optional(),
  releasedAtMost: z.number().optional().describe('How many more.'),
  decided: z.object({ decision: z.enum(['release', 'keep']), at: instant, by: z.string() }).optional(),
});
export const brakeDecided = z.object({ brake: brakeAnswer, change });
