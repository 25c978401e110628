// The admin API's words: what may be sent and what comes back, as schemas. The console takes its types from here, so nothing but zod is imported.
// Instants are ISO 8601 with a zone; ids are text. Unknown keys are refused (surface.md, "Admin API").

import { cardParts } from '#directory/person-card.ts';
import { z } from 'zod';
import { change, instant, pageQuery, shortText, slug } from './contract-words.ts';
import { credentialAnswer } from './credential-contract.ts';
import { leaveAnswer, leaveType } from './leave-contract.ts';
import { alertRule, dormancyRule, mailLanguage, noticeDays } from './notice-contract.ts';
import { reserveForReturn, seatCount, seatPolicy } from './seats-contract.ts';

export { pageOf, pageQuery } from './contract-words.ts';
export * from './app-contract.ts';
export * from './audit-contract.ts';
export * from './brake-contract.ts';
export * from './connection-contract.ts';
export * from './credential-contract.ts';
export * from './department-contract.ts';
export * from './domain-contract.ts';
export * from './hr-batch-contract.ts';
export * from './hr-pull-contract.ts';
export * from './import-contract.ts';
export * from './leave-contract.ts';
export * from './notice-contract.ts';
export * from './provisioning-log-contract.ts';
export * from './schema-contract.ts';
export * from './seat-budget-contract.ts';
export * from './seats-contract.ts';

const longText = z.string().max(2_000, { error: 'must have at most 2000 characters' });

export const holdKind = z.enum(['idp', 'admin', 'leave', 'hr', 'seat', 'start', 'dormant', 'security']);
export const role = z.enum(['owner', 'administrator', 'departmentAdministrator', 'auditor', 'billing', 'helpDesk']);
export const userStatus = z.enum(['active', 'scheduled', 'onLeave', 'inactive', 'waiting', 'starting', 'deleted']);

// Organisations

export const newOrganization = z.strictObject({
  id: slug,
  name: shortText,
  timeZone: z.string().max(64).default('UTC').describe('IANA zone, for example Asia/Tokyo.'),
  licensed: seatCount.nullable().default(null).describe('Seats bought; null is unlimited.'),
  policy: seatPolicy.default('wait'),
});
export const suspension = z.strictObject({ endsAt: instant.nullable().optional(), reason: longText.optional() });
const contact = z.strictObject({
  text: z
    .string()
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(300, { error: 'must have at most 300 characters' })
    .optional()
    .describe('For example “IT help desk, extension 1234”.'),
  email: z.email().max(254).optional(),
});
const hiddenWhileInactive = z
  .array(z.enum(cardParts))
  .max(cardParts.length)
  .describe('What colleagues do not see of a person at /people/{id} while that person is inactive.');
export const organizationChange = z.strictObject({
  name: shortText.optional(),
  timeZone: z.string().max(64).optional(),
  leaveSeat: z.enum(['release', 'keep']).optional().describe('The seat during a leave that does not say.'),
  returnHour: z.int().min(0).max(23).optional().describe('The local hour of returns that do not say.'),
  reserveForReturn: reserveForReturn.optional(),
  alerts: alertRule.partial().optional(),
  noticeDays: noticeDays.optional(),
  dormancy: dormancyRule
    .nullable()
    .optional()
    .describe('People who have not signed in for so long are warned, then held; null: nobody is.'),
  language: mailLanguage.optional().describe('Of mails to people who have not chosen one.'),
  hiddenWhileInactive: hiddenWhileInactive.optional(),
  contact: contact.nullable().optional().describe('Whom people may ask when they are kept out; null: nobody is named.'),
});
export const organizationAnswer = z.object({
  id: z.string(),
  name: z.string(),
  timeZone: z.string(),
  state: z.enum(['active', 'suspended']),
  endsAt: instant.optional(),
  policy: seatPolicy,
  leaveSeat: z.enum(['release', 'keep']),
  returnHour: z.int(),
  reserveForReturn: z.int(),
  alerts: alertRule,
  noticeDays,
  dormancy: dormancyRule.optional(),
  language: mailLanguage,
  hiddenWhileInactive,
  contact: contact.optional(),
  createdAt: instant,
});
export const organizationChanged = z.object({ organization: organizationAnswer, change });

// Users

export const userQuery = pageQuery.extend({
  status: userStatus.exclude(['deleted']).optional(),
  userName: z.string().max(500).optional(),
  externalId: z.string().max(500).optional(),
  email: z.string().max(500).optional(),
  displayName: z.string().max(500).optional(),
  q: z.string().trim().min(1).max(200).optional().describe('Part of a display name or login name.'),
});
export const deactivation = z.strictObject({
  reason: shortText.optional().describe('`security` places a hold that only an explicit lift removes.'),
  note: longText.optional(),
  from: z
    .string()
    .max(10)
    .optional()
    .describe('The first day away, a local date. With it, `until` or `type` this plans a leave.'),
  until: z.string().max(10).optional().describe('The first day back, a local date.'),
  type: leaveType.optional(),
});
export const reactivation = z.strictObject({
  lift: z.array(holdKind).max(8).optional().describe('Which holds to lift; left out: all but `security`.'),
  ifNoSeat: z.enum(['wait', 'refuse']).optional(),
});
export const roleAssignment = z.strictObject({ roles: z.array(role).max(6) });

export const holdAnswer = z.object({
  kind: holdKind,
  source: z.string().optional().describe('The connection, for `idp` and `hr`.'),
  since: instant,
  by: z.string(),
  reason: z.string().optional(),
  note: z.string().optional(),
  until: instant.optional(),
});
export const differenceAnswer = z.object({
  user: z.string(),
  userName: z.string(),
  status: userStatus,
  holds: z.array(holdAnswer),
});
const seatState = z.enum(['held', 'none', 'waiting']);
export const userAnswer = z.object({
  id: z.string(),
  userName: z.string(),
  displayName: z.string(),
  status: userStatus,
  active: z.boolean(),
  holds: z.array(holdAnswer),
  leave: leaveAnswer.optional().describe('The one that is running, else the next.'),
  seat: seatState,
  roles: z.array(role),
  profile: z.record(z.string(), z.unknown()),
  provisionedBy: z.array(z.string()),
  createdAt: instant,
  modifiedAt: instant,
});
export const statusChanged = z.object({
  user: userAnswer,
  seat: seatState,
  sessionsEnded: z.int().describe('Sessions that were live before the change.'),
  credentials: z.array(credentialAnswer).describe('Credentials this person owns; refused while they are inactive.'),
  lifted: z.array(holdAnswer).describe('The holds that stood before and do not any more, whoever placed them.'),
  receipt: z.null(),
  change,
});
export const leaveChanged = statusChanged.extend({ leave: leaveAnswer });
export const userChanged = z.object({ user: userAnswer, change });
const accessChecks = z.array(z.object({ check: z.string(), passed: z.boolean(), detail: z.string() }));
const decisionNow = z.object({
  allowed: z.boolean(),
  reason: z.string().nullable(),
  sentence: z.string(),
  checks: accessChecks,
});
// Sessions and sign-ins

export const sessionAnswer = z.object({
  id: z.string(),
  connection: z.string(),
  live: z.boolean(),
  browser: z.string().optional().describe('As it called itself when it signed in.'),
  network: z.string().optional().describe('Where it signed in from, roughly.'),
  createdAt: instant,
  lastSeenAt: instant,
  expiresAt: instant,
  endedAt: instant.optional(),
  cause: z.string().optional(),
});
export const sessionsEnding = z.strictObject({ reason: longText.optional() });
export const sessionsEnded = z.object({ sessionsEnded: z.int(), change });
export const signInQuery = pageQuery.extend({
  user: z.string().max(100).optional(),
  outcome: z.enum(['allowed', 'refused']).optional(),
});
export const signInAnswer = z.object({
  reference: z.string(),
  at: instant,
  outcome: z.enum(['allowed', 'refused']),
  reason: z.string().optional(),
  connection: z.string(),
  protocol: z
    .string()
    .describe(
      '`saml`, `oidc`; `session`: a door that refused the session of someone who is held, or whom an app is not for.',
    ),
  door: z
    .object({ name: z.string(), app: z.string().optional(), path: z.string().optional() })
    .optional()
    .describe('Of `session`. The path is that of the first refusal of the hour.'),
  userId: z.string().optional(),
  claimed: z.object({ issuer: z.string(), subject: z.string(), userName: z.string().optional() }).optional(),
  address: z.string().optional(),
});
const ladder = z.array(z.object({ step: z.string(), passed: z.boolean(), detail: z.string().optional() }));
export const signInExplained = signInAnswer.extend({
  why: ladder.describe('The checks in order, as far as the sign-in came.'),
  then: accessChecks.nullable().describe('What was found about the person then; null: it did not come so far.'),
  now: decisionNow.nullable().describe('What would be decided about this person now.'),
});

export const explanation = decisionNow.extend({
  user: userAnswer,
  waitingBefore: z.int().nullable().describe('How many wait before this person; null when they do not wait.'),
  refusals: z.array(signInAnswer).describe('The last ten of this person, newest first.'),
  apps: z
    .array(
      z.object({
        app: z.string(),
        path: z.string().optional(),
        reference: z.string(),
        at: instant,
        then: accessChecks,
        now: decisionNow,
      }),
    )
    .describe('Of these refusals the ones by apps that are not for this person: what was found then, and now.'),
});
