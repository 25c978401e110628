// The admin API's words for connections that fetch from an HR system by themselves. Part of admin-contract.ts, which others import.

import { z } from 'zod';
import { pulledLeaveTypes } from '#directory/hr-pull.ts';
import { reportedStatuses } from '#directory/status-report.ts';
import { instant } from './contract-words.ts';

const place = z
  .string()
  .regex(/^[^.\0]{1,100}(\.[^.\0]{1,100}){0,9}$/, { error: 'must be member names joined by dots' });
const theirValue = z.string().min(1).max(200);
const headerName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, { error: 'must be the name of a header' });
const headerValue = z.string().regex(/^[\x20-\x7e]{1,4096}$/, { error: 'must be printable ASCII' });
const parameter = z.string().regex(/^[\w.[\]-]{1,100}$/, { error: 'must be the name of a parameter' });
const everyMinutes = z.int().min(5).max(10_080).default(60);
const leaveTypes = z.record(theirValue, z.enum(pulledLeaveTypes));

const bamboohr = z.strictObject({
  kind: z.literal('bamboohr'),
  subdomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be the first part of your bamboohr.com address' }),
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,500}$/, { error: 'must be printable ASCII without spaces' })
    .optional()
    .describe('Never shown again. Left out in a PUT: stays, if it goes to the same host.'),
  baseUrl: z.url().max(2_048).optional().describe('Left out: https://SUBDOMAIN.bamboohr.com.'),
  match: z
    .enum(['employeeNumber', 'workEmail', 'id'])
    .default('employeeNumber')
    .describe('Which of their fields names a person: found here by employeeNumber, email, externalId.'),
  timeOff: z
    .strictObject({
      types: leaveTypes.default({}).describe('Their time-off types, by id or name, that are leaves here.'),
      minDays: z.int().min(1).max(3_650).optional().describe('Time off of any type that is so long is one too.'),
    })
    .optional()
    .describe('Left out: time off makes no leave.'),
  terminationDateIs: z.enum(['lastDay', 'firstDayOut']).default('lastDay'),
  everyMinutes,
});
const generic = z.strictObject({
  kind: z.literal('generic'),
  url: z.url().max(2_048),
  headers: z
    .record(headerName, headerValue)
    .refine((headers) => Object.keys(headers).length <= 10, { error: 'must have at most 10 members' })
    .optional()
    .describe('For example Authorization. Values are never shown again. Left out in a PUT: stay, if the host stays.'),
  itemsAt: place.optional().describe('Where the array is, for example data.items. Left out: the answer is one.'),
  paging: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('next'), at: place }).describe('Where the next page’s address is.'),
      z.strictObject({ kind: z.literal('page'), parameter, first: z.int().min(0).max(1).default(1) }),
    ])
    .optional(),
  sinceParameter: parameter.optional().describe('Takes an instant: only what has changed since is asked for.'),
  mapping: z.strictObject({
    employeeNumber: place.optional(),
    userName: place.optional(),
    email: place.optional(),
    externalId: place.optional(),
    status: place,
    statuses: z.record(theirValue, z.enum(reportedStatuses)).describe('An item with another value is passed over.'),
    effectiveAt: place.optional().describe('Left out, or empty in an item: today.'),
    until: place.optional(),
    untilIs: z.enum(['lastDayOff', 'firstDayBack']).default('firstDayBack'),
    type: place.optional(),
    types: leaveTypes.optional(),
    note: place.optional(),
    sequence: place.optional(),
  }),
  everyMinutes,
});
export const hrPull = z
  .discriminatedUnion('kind', [bamboohr, generic])
  .optional()
  .describe('Fetches from the HR system by itself; left out: it is waited for.');

export const pullQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: everything is read and nothing is stored; the outcomes tell what would be.'),
});
const counts = z.object({
  read: z.number(),
  changed: z.number(),
  unchanged: z.number(),
  failed: z.number(),
  unknown: z.number().describe('People whom nobody here is.'),
});
const outcome = z
  .enum(['done', 'limited', 'failed', 'unfinished'])
  .describe('`limited`: told to wait by the other side. `unfinished`: goes on at the next run.');
export const pullRunAnswer = z.object({
  dryRun: z.boolean(),
  outcome,
  error: z.string().optional(),
  counts,
  batches: z.array(z.string()).describe('What was done; `POST …/connections/{id}/batches/{batch}/undo` takes it back.'),
  results: z.array(z.record(z.string(), z.unknown())).describe('Per line, at most 1,000.'),
});
export const pullStateAnswer = z.object({
  kind: z.enum(['bamboohr', 'generic']),
  everyMinutes: z.number(),
  running: z.boolean().describe('A run is under way, or was cut off and goes on.'),
  nextAt: instant.nullable(),
  cursor: z.object({ since: instant.nullable(), position: z.string().nullable() }),
  last: z.object({ startedAt: instant, endedAt: instant, outcome, counts, error: z.string().optional() }).nullable(),
  failing: z.object({ since: instant, tries: z.number() }).nullable(),
});
