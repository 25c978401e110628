// The admin API's words for credentials: what machines prove themselves by. Part of admin-contract.ts.

import { z } from 'zod';
import { change, instant, shortText, slug } from './contract-words.ts';

export const issuerTrust = z
  .strictObject({
    issuer: z
      .url()
      .max(2_048)
      .describe('`iss` of its assertions; Entra: https://login.microsoftonline.com/<tenant>/v2.0'),
    audience: z.string().min(1).max(1_024).describe('`aud`; Entra: api://<application>'),
    subject: z
      .string()
      .min(1)
      .max(1_024)
      .describe(
        '`sub`: whose assertions they are; an issuer speaks for many. Entra: the object id of the enterprise application',
      ),
    jwksUri: z.url().max(2_048).optional().describe('Where its keys are; left out: as its metadata says.'),
  })
  .describe(
    'Instead of a secret (kind scim): the client proves itself at /scim/oauth/token by a client_assertion of this issuer; its client_id is the id of the credential.',
  );
export const newCredential = z.strictObject({
  kind: z.enum(['scim', 'hr', 'admin', 'app']),
  name: shortText,
  connection: slug.optional(),
  app: slug
    .optional()
    .describe(
      'Of kind app: the one app that asks with it. Left out: any of the organisation, which each question then names by its host.',
    ),
  owner: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Id of a user; while they are inactive the credential is refused.'),
  scopes: z
    .array(z.enum(['instance', 'read', 'users', 'groups']))
    .max(4)
    .default([])
    .describe(
      'None: everything its kind may do. admin: `instance`, `read`. scim: `read` reads everything; `users` (with departments) and `groups` read and change theirs.',
    ),
  expiresAt: instant.optional(),
  trust: issuerTrust.optional(),
});
export const rotation = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(2_592_000)
    .default(86_400)
    .describe('How long the old secret works beside the new one.'),
});
export const credentialAnswer = z.object({
  id: z.string(),
  organization: z.string(),
  kind: z.enum(['scim', 'hr', 'admin', 'app']),
  name: z.string(),
  connection: z.string().optional(),
  app: z.string().optional(),
  owner: z.string().optional(),
  scopes: z.array(z.string()),
  trust: issuerTrust.optional(),
  lastFour: z.string(),
  state: z.enum(['live', 'expired', 'revoked']),
  createdAt: instant,
  lastUsedAt: instant.optional().describe('To the minute, in lists and of one; left out: never used.'),
  expiresAt: instant.optional(),
  revokedAt: instant.optional(),
});
export const credentialIssued = z.object({
  credential: credentialAnswer,
  secret: z.string().nullable().describe('Shown once; null for one that trusts an issuer.'),
  signingSecret: z.string().optional().describe('Of kind `hr`: the secret as libraries of Standard Webhooks take it.'),
  change,
});
export const credentialRotated = credentialIssued.extend({
  oldEndsAt: instant
    .nullable()
    .describe('From when on the old secret is refused; null: its end could not be written, revoke it.'),
});
export const credentialChanged = z.object({ credential: credentialAnswer, change });
