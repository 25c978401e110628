// Notices and their mails, and the settings of an organisation that say what is told: the admin API's words for them.

import { z } from 'zod';
import { instant } from './contract-words.ts';

const level = z.enum(['information', 'warning', 'important']);
const mailState = z.enum(['waiting', 'sent', 'dead', 'dropped']);
const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().max(500).optional();

export const noticeQuery = z.strictObject({
  limit,
  cursor,
  code: z.string().max(60).optional(),
  level: level.optional(),
  unread: z.enum(['true', 'false']).optional().describe('`true`: those this reader has not read; `false`: the others.'),
});
export const noticeAnswer = z.object({
  id: z.string(),
  at: instant,
  code: z.string(),
  level,
  title: z.string().describe('In the language of `Accept-Language`: English or Japanese.'),
  text: z.string(),
  values: z.record(z.string(), z.string()).describe('What the texts name; dates as 2027-04-01.'),
  roles: z.array(z.string()).describe('Who is told, by mail too.'),
  about: z.object({ kind: z.string(), id: z.string() }).optional(),
  read: z.boolean().describe('By whoever asks: the owner of the credential, else the credential.'),
});
export const noticePage = z.object({
  items: z.array(noticeAnswer),
  next: z.string().nullable(),
  unread: z.int().describe('Of all notices; 1000 stands for that many or more.'),
});
export const noticesRead = z
  .strictObject({
    ids: z.array(z.string().max(100)).min(1).max(200).optional(),
    upTo: z.string().max(100).optional().describe('This one and all before it.'),
  })
  .refine(({ ids, upTo }) => (ids === undefined) !== (upTo === undefined), {
    error: 'must have either `ids` or `upTo`',
  });
export const noticesReadAnswer = z.object({ unread: z.int() });

export const mailTest = z.strictObject({
  user: z.string().max(100).describe('Id of an active user: to their address.'),
});
export const mailTested = z.object({
  outcome: z.enum(['sent', 'failed']),
  to: z.string(),
  error: z.string().optional().describe('What the mail server said, or that it did not answer.'),
});
export const mailQuery = z.strictObject({
  limit,
  cursor,
  state: mailState.optional(),
  user: z.string().max(100).optional(),
});
export const mailAnswer = z.object({
  id: z.string(),
  user: z.string(),
  code: z.string(),
  state: mailState.describe(
    '`dead`: given up after three days, or refused by the mail server. `dropped`: not to be sent.',
  ),
  queuedAt: instant,
  nextAt: instant.optional(),
  attempts: z.int(),
  sentAt: instant.optional(),
  error: z.string().optional(),
});

// Settings of an organisation

const days = z.int().min(0).max(365);
export const alertRule = z.strictObject({
  thresholds: z
    .array(z.int().min(1).max(100))
    .max(10)
    .refine((list) => new Set(list).size === list.length, { error: 'must not name one twice' })
    .describe('Per cent of the licensed seats at which people are told; none: []. Usually 80, 90, 100.'),
  shortageDays: days.describe('A shortage within so many days is told of; 0: none is. Usually 30.'),
});
export const noticeDays = z
  .array(days.max(90))
  .max(10)
  .refine((list) => new Set(list).size === list.length, { error: 'must not name one twice' })
  .describe('How many days before a return without a free seat it is announced. Usually 14, 7, 1, 0.');
export const dormancyRule = z
  .strictObject({
    afterDays: z.int().min(7).max(3_650).describe('Days without a sign-in.'),
    warnDays: z.int().min(1).max(90).describe('So many days before that the person is warned; never held unwarned.'),
  })
  .refine(({ afterDays, warnDays }) => warnDays < afterDays, { error: 'must warn after less days than it holds' });
export const mailLanguage = z.enum(['en', 'ja']);
