// The admin API's words for connections: the long form, the short form, and what comes back. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { signalActions, type SignalAction } from '#directory/connection.ts';
import { asymmetricAlgorithms } from '#secrets/signature-algorithms.ts';
import { brakeAnswer, brakeSetting } from './brake-contract.ts';
import { change, instant, shortText, slug } from './contract-words.ts';
import { domainName } from './domain-contract.ts';
import { hrPull } from './hr-pull-contract.ts';

const attributeName = z.string().min(1).max(1_024).optional();
/** The same for both protocols: names of assertion attributes, or of claims. */
const attributeMapping = z
  .strictObject({
    userName: attributeName,
    email: attributeName,
    givenName: attributeName,
    familyName: attributeName,
    displayName: attributeName,
  })
  .optional()
  .describe('Which attribute or claim says what of a person; left out: the usual names, and the subject as user name.');
const saml = {
  metadata: z
    .string()
    .max(1_048_576)
    .optional()
    .describe('The identity provider’s metadata document, or the three fields below.'),
  metadataUrl: z
    .url()
    .max(2_048)
    .optional()
    .describe('Where the metadata is: fetched now unless `metadata` is given too, and then every six hours.'),
  metadataCertificates: z
    .array(z.string().max(20_000))
    .max(20)
    .optional()
    .describe('PEM or base64; whose signature on fetched metadata is believed, beside those that sign assertions.'),
  entityId: z.string().min(1).max(1_024).optional(),
  ssoUrl: z.url().max(2_048).optional(),
  certificates: z.array(z.string().max(20_000)).max(20).optional().describe('PEM or base64; whose keys may sign.'),
  wantSigned: z.enum(['response', 'assertion', 'both', 'any']).default('any'),
  attributes: attributeMapping,
  signRequests: z
    .boolean()
    .optional()
    .describe('Whether our requests are signed. Left out: what the metadata wants; without metadata, not.'),
  encryption: z
    .enum(['off', 'optional', 'required'])
    .default('off')
    .describe(
      'Whether our metadata names a key to encrypt assertions to, and whether assertions in the clear are refused.',
    ),
  forceAuthn: z.boolean().default(false).describe('Whether people are asked again at every sign-in.'),
  logout: z
    .enum(['off', 'on'])
    .default('off')
    .describe('Single logout, both ways; on needs the provider’s SingleLogoutService or `logoutUrl`.'),
  logoutUrl: z.url().max(2_048).optional().describe('The provider’s logout address (HTTP-Redirect), without metadata.'),
  idpInitiated: z
    .enum(['refuse', 'restart'])
    .default('refuse')
    .describe('What an answer nobody asked for leads to; it never opens a session.'),
};
const oidc = {
  issuer: z.url().max(2_048),
  clientId: z.string().min(1).max(512),
  clientSecret: z
    .string()
    .min(1)
    .max(2_048)
    .optional()
    .describe('Never shown again. Left out in a PUT: stays, if issuer and client stay.'),
  keepPreviousSecret: z
    .boolean()
    .default(false)
    .describe('With a new `clientSecret`: the one before is tried too, until a PUT gives a secret without this.'),
  preset: z
    .enum(['okta', 'entra', 'google', 'keycloak', 'generic'])
    .optional()
    .describe('What kind of provider it is. Left out: told by the issuer.'),
  authMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    .optional()
    .describe('Left out: by the secret, as the provider takes it. private_key_jwt: our keys are at `urls.oidcJwks`.'),
  attributes: attributeMapping,
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, { error: 'must be a scope' }))
    .max(20)
    .optional()
    .describe('Beside `openid`, `profile` and `email`.'),
  idTokenAlgorithm: z.enum(asymmetricAlgorithms).optional().describe('The one algorithm of ID tokens.'),
  maxAgeSeconds: z.int().min(0).max(31_536_000).optional(),
  prompt: z.enum(['login', 'select_account', 'consent']).optional(),
};
const action = (usual: SignalAction) => z.enum(signalActions).default(usual);
const signals = z
  .strictObject({
    issuer: z.url().max(2_048).optional().describe('Who signs. Left out: the issuer of the OIDC sign-in.'),
    jwksUri: z.url().max(2_048).optional().describe('Left out: where the issuer’s discovery document says.'),
    audience: z.string().min(1).max(2_048).optional().describe('Of event tokens. Left out: `urls.securityEvents`.'),
    sessionRevoked: action('endSessions'),
    accountDisabled: action('endSessions'),
    credentialCompromise: action('endSessions'),
    credentialChange: action('ignore'),
    riskHigh: action('ignore'),
    deviceNotCompliant: action('ignore'),
  })
  .optional()
  .describe('What its security signals do. Left out: none are received.');
const scim = {
  strict: z.boolean().default(false),
  restoreOnPost: z
    .boolean()
    .optional()
    .describe('Whether a POST for an inactive user restores them. Left out: true, but false where strict.'),
  idpDuringLeave: z.enum(['leaveWins', 'idpWins']).default('leaveWins'),
  ignoreEchoedInactive: z.boolean().default(false),
  createDepartments: z
    .boolean()
    .default(false)
    .describe('Whether the attribute `department` makes a department where none has that code or name.'),
  brake: brakeSetting,
};
const hr = { brake: brakeSetting, pull: hrPull };
const connectionBase = {
  id: slug.optional().describe('Left out: made from the name.'),
  name: shortText.optional(),
  domains: z
    .array(domainName)
    .max(200)
    .default([])
    .describe('E-mail domains routed to it; each counts once it is verified (`…/domains`).'),
  match: z.enum(['userName', 'externalId', 'email', 'off']).default('userName'),
  createUsers: z.boolean().default(false).describe('Whether an unknown person becomes a user at the first sign-in.'),
  signals,
};
const signIn = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('saml'), ...saml }),
  z.strictObject({ kind: z.literal('oidc'), ...oidc }),
]);
const provisioning = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scim'), ...scim }),
  z.strictObject({ kind: z.literal('hr'), ...hr }),
]);

/** The long form: one part or both. */
export const connectionWhole = z.strictObject({
  ...connectionBase,
  signIn: signIn.optional(),
  provisioning: provisioning.optional(),
});
/** The short form: one part, its fields beside the name. */
export const connectionShort = z.discriminatedUnion('kind', [
  z.strictObject({ ...connectionBase, kind: z.literal('saml'), ...saml }),
  z.strictObject({ ...connectionBase, kind: z.literal('oidc'), ...oidc }),
  z.strictObject({ ...connectionBase, kind: z.literal('scim'), ...scim }),
  z.strictObject({ ...connectionBase, kind: z.literal('hr'), ...hr }),
]);
export const connectionAnswer = z.object({
  id: z.string(),
  organization: z.string(),
  name: z.string(),
  domains: z.array(z.string()),
  unverifiedDomains: z.array(z.string()).describe('Those of them that route nobody yet.'),
  match: z.enum(['userName', 'externalId', 'email', 'off']),
  createUsers: z.boolean(),
  signals: z.record(z.string(), z.unknown()).optional(),
  signIn: z.record(z.string(), z.unknown()).optional(),
  provisioning: z.record(z.string(), z.unknown()).optional(),
  brake: brakeAnswer.optional().describe('How far its brake is, where it has one.'),
  urls: z.record(z.string(), z.string()).describe('What to enter at the other side.'),
  createdAt: instant,
  differs: z
    .int()
    .optional()
    .describe(
      'Of one that provisions by SCIM, asked for by itself: people it takes for active whom something else holds; 200 is that many or more.',
    ),
});
export const connectionChanged = z.object({ connection: connectionAnswer, change });
export const connectionTested = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
});
