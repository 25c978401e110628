// The admin API's words: what may be sent and what comes back, as schemas. The console takes its types from here, so nothing but zod is imported.
// Instants are ISO 8601 with a zone; ids are text. Unknown keys are refused (surface.md, "Admin API").

import { z } from 'zod';
import { change, instant, shortText, slug } from './contract-words.ts';
import { credentialAnswer } from './credential-contract.ts';
import { leaveAnswer, leaveType } from './leave-contract.ts';
import { alertRule, dormancyRule, mailLanguage, noticeDays } from './notice-contract.ts';

export * from './app-contract.ts';
export * from './brake-contract.ts';
export * from './connection-contract.ts';
export * from './credential-contract.ts';
export * from './department-contract.ts';
export * from './domain-contract.ts';
export * from './hr-pull-contract.ts';
export * from './import-contract.ts';
export * from './leave-contract.ts';
export * from './notice-contract.ts';
export * from './schema-contract.ts';
export * from './seat-budget-contract.ts';

const longText = z.string().max(2_000, { error: 'must have at most 2000 characters' });
const seats = z.int({ error: 'must be a whole number' }).min(0, { error: 'must not be negative' }).max(100_000_000);

export const holdKind = z.enum(['idp', 'admin', 'leave', 'hr', 'seat', 'start', 'dormant', 'security']);
export const seatPolicy = z.enum(['wait', 'refuse', 'allowOver']);
export const role = z.enum(['owner', 'administrator', 'departmentAdministrator', 'auditor', 'billing', 'helpDesk']);
export const userStatus = z.enum(['active', 'scheduled', 'onLeave', 'inactive', 'waiting', 'starting', 'deleted']);

/** A page of a list. `next` of the answer before; left out: the first page. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});

// Organisations

export const newOrganization = z.strictObject({
  id: slug,
  name: shortText,
  timeZone: z.string().max(64).default('UTC').describe('IANA zone, for example Asia/Tokyo.'),
  licensed: seats.nullable().default(null).describe('Seats bought; null is unlimited.'),
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
const reserveForReturn = z
  .int()
  .min(0)
  .max(366)
  .describe('From so many days before a return from leave on a seat is kept for it; 0: none is.');
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
// Seats

export const seatsAnswer = z.object({
  licensed: z.int().nullable(),
  billed: z.int().nullable(),
  used: z.int(),
  free: z.int().nullable(),
  over: z.int(),
  reserved: z.int().describe('Kept for people who return from leave; free for nobody else.'),
  reserveForReturn: z.int(),
  waiting: z.int(),
  inactive: z.int(),
  onLeave: z.int(),
  policy: seatPolicy,
});
export const seatChange = z.strictObject({
  licensed: seats.nullable().optional(),
  over: seats.optional(),
  policy: seatPolicy.optional(),
  reserveForReturn: reserveForReturn.optional(),
});
const contractRow = z.strictObject({
  from: z.string().max(10).describe('The first day, local to the organisation, as 2027-04-01.'),
  licensed: seats.nullable().describe('null is unlimited.'),
  unitPrice: z.string().max(20).optional().describe('For one seat and one month, a decimal number as text.'),
  currency: z.string().max(3).optional().describe('ISO 4217, as JPY.'),
  note: shortText.optional(),
});
export const contractChange = z.strictObject({ rows: z.array(contractRow).max(200) });
export const contractAnswer = z.object({
  rows: z.array(
    contractRow.extend({
      inForce: z.boolean(),
      appliedAt: instant.optional().describe('When the ledger came to say so; left out: its day has not come.'),
    }),
  ),
});
export const contractChanged = contractAnswer.extend({ change });
export const forecastQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(1_100).default(90).describe('How far ahead.'),
});
const seatEvent = z.object({
  at: instant,
  kind: z.enum(['starts', 'returns', 'ends']),
  user: z.string(),
  name: z.string(),
  type: leaveType,
  change: z.int().describe('How many more people need a seat from then on.'),
});
export const forecastAnswer = z.object({
  days: z.int(),
  steps: z.array(
    z.object({
      date: z.string(),
      at: instant,
      licensed: z.int().nullable(),
      needed: z.int().describe('People who need a seat.'),
      used: z.int(),
      free: z.int().nullable(),
      short: z.int().describe('How many more would have to be licensed.'),
      events: z.array(seatEvent),
    }),
  ),
  firstShortage: z
    .object({
      date: z.string(),
      short: z.int(),
      sentence: z.string(),
      monthly: z
        .object({ amount: z.string(), currency: z.string() })
        .optional()
        .describe('What the missing seats would cost in a month, where the contract names a price.'),
    })
    .nullable(),
});
export const seatsChanged = seatsAnswer.extend({ change });
export const recounted = seatsAnswer.extend({
  drift: z.int(),
  budgets: z.record(z.string(), z.int()).optional().describe('The drift of budgets that were wrong, by department.'),
  outcome: z.enum(['exact', 'repaired', 'busy']),
  change,
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

// Provisioning log

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

// Audit

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
        kind: z.enum(['scheduled', 'started', 'returned', 'left', 'cancelled']),
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

/** A page of anything. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}
