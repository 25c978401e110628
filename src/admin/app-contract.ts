// The admin API's words for apps: what is behind the gate, by forward-auth, by OpenID Connect, or both. Part of admin-contract.ts.

import { z } from 'zod';
import { change, instant, shortText, slug } from './contract-words.ts';

const groups = z.array(z.string().min(1).max(100)).max(200);
const host = z
  .string()
  .max(255)
  .transform((text) => text.toLowerCase())
  .describe('`app.example.com`, with the port only if it is not the scheme’s own.');
const pathRule = z.strictObject({
  path: z
    .string()
    .max(1_024)
    .regex(/^\/[\x21-\x7e]*$/, { error: 'must begin with "/" and be printable ASCII' })
    .describe('`/assets/`: everything below it; `/health`: only that.'),
  access: z.union([z.literal('public'), z.strictObject({ groups: groups.min(1) })]),
});
const forwardAuth = z.strictObject({
  hosts: z.array(host).min(1, { error: 'must name at least one host' }).max(50),
  rules: z.array(pathRule).max(100).default([]).describe('The first that fits a request decides.'),
});
const uri = z.string().max(2_048);
const openid = z.strictObject({
  redirectUris: z.array(uri).min(1, { error: 'must name at least one redirect URI' }).max(50),
  postLogoutRedirectUris: z.array(uri).max(50).default([]),
  backchannelLogoutUri: uri.optional().describe('Where logout tokens are sent.'),
  authMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .default('client_secret_basic')
    .describe('`none`: a public client.'),
  jwks: z
    .strictObject({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(20) })
    .optional()
    .describe('For private_key_jwt: public keys, or `jwksUri`.'),
  jwksUri: uri.optional(),
});
const whole = {
  name: shortText,
  groups: groups
    .min(1)
    .optional()
    .describe('Ids of groups whose members, nested ones included, may use it. Left out: everyone of the organisation.'),
  forwardAuth: forwardAuth.optional(),
  openid: openid.optional(),
};

export const newApp = z.strictObject({
  id: slug.optional().describe('To OpenID Connect the client id. Left out: made from the name.'),
  ...whole,
});
export const appWhole = z.strictObject({ id: slug.optional().describe('As in the path.'), ...whole });
export type AppInput = z.output<typeof newApp>;
export const newClientSecret = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(2_592_000)
    .default(86_400)
    .describe('How long the old secret works beside the new one.'),
});

const clientSecretAnswer = z.object({ lastFour: z.string(), createdAt: instant, expiresAt: instant.optional() });
export const appAnswer = z.object({
  id: z.string(),
  organization: z.string(),
  name: z.string(),
  groups: z.array(z.string()).optional(),
  forwardAuth: z
    .object({
      hosts: z.array(z.string()),
      rules: z.array(
        z.object({
          path: z.string(),
          access: z.union([z.literal('public'), z.object({ groups: z.array(z.string()) })]),
        }),
      ),
    })
    .optional(),
  openid: z
    .object({
      redirectUris: z.array(z.string()),
      postLogoutRedirectUris: z.array(z.string()),
      backchannelLogoutUri: z.string().optional(),
      authMethod: z.string(),
      jwks: z.record(z.string(), z.unknown()).optional(),
      jwksUri: z.string().optional(),
      secrets: z.array(clientSecretAnswer).describe('The newest first.'),
    })
    .optional(),
  urls: z.record(z.string(), z.string()).describe('What to enter at the other side.'),
  createdAt: instant,
});
export const appChanged = z.object({
  app: appAnswer,
  clientSecret: z.string().nullable().describe('Shown once, when one was made.'),
  change,
});
