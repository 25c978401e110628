// What may be said of imports and exports in the admin API.

import { z } from 'zod';
import { instant } from './contract-words.ts';

const kind = z.enum(['users', 'departments', 'memberships', 'leaves']);
const preset = z.enum(['furlough', 'kintone']).default('furlough');
const delimiter = z.enum(['comma', 'tab', 'semicolon']);
const yes = z.enum(['true', 'false']);

export const importQuery = z.strictObject({
  kind,
  preset: preset.describe('`kintone`: the columns of its files in their order, whatever a header calls them.'),
  dryRun: yes.default('false').describe('`true`: say what each row would do, and do nothing.'),
  encoding: z.enum(['auto', 'utf-8', 'shift_jis']).default('auto'),
  delimiter: delimiter.or(z.literal('auto')).default('auto'),
  header: yes.or(z.literal('auto')).default('auto').describe('Whether the first row names the columns.'),
  neutralised: yes.default('true').describe('Whether an apostrophe before `= + - @` was put there by an export.'),
  removals: z
    .string()
    .max(64)
    .optional()
    .describe('Of departments: the token of `leftOut` of a dry run of the same file.'),
  name: z.string().max(200).optional().describe('Of the file, for whoever looks at the import later.'),
});
/** Of the stored file. The API sends the file itself. */
export const receivedFile = z.strictObject({ file: z.string().max(100) });
export const importRun = z.strictObject({
  removals: z
    .string()
    .max(64)
    .optional()
    .describe('The token of `leftOut`: the departments that the file leaves out are removed. Left out: they stay.'),
});

const outcomes = z.object({
  changed: z.int(),
  unchanged: z.int(),
  duplicate: z.int(),
  blocked: z.int(),
  error: z.int(),
});
const undoOutcomes = z.object({
  restored: z.int(),
  partly: z.int(),
  changedSince: z.int(),
  gone: z.int(),
  blocked: z.int(),
});

export const importAnswer = z.object({
  id: z.string(),
  kind,
  dryRun: z.boolean(),
  state: z.enum(['waiting', 'running', 'done', 'cancelled', 'stopped', 'undoing', 'undone']),
  stopped: z
    .object({ reason: z.string(), detail: z.string() })
    .optional()
    .describe('Why whoever began it, or its undo, could not go on.'),
  by: z.string(),
  createdAt: instant,
  startedAt: instant.optional(),
  finishedAt: instant.optional(),
  rows: z.int(),
  rowsDone: z.int(),
  outcomes,
  actions: z.record(z.string(), z.int()).describe('Of the rows that changed something, for example `deactivated`.'),
  seats: z
    .object({
      licensed: z.int().nullable(),
      before: z.int().describe('In use, without those that are only reserved.'),
      change: z.int().describe('Taken by the rows, less those given back by them.'),
      passedOn: z.int().describe('Of those that come free, those that go to people who wait.'),
      after: z
        .int()
        .describe(
          'In use once it is done; of a dry run and until then as reckoned: `before`, `change` and `passedOn`.',
        ),
      waiting: z.int().describe('How many people of the file wait for a seat when their row comes.'),
    })
    .optional(),
  people: z.object({ in: z.int(), out: z.int() }),
  leftOut: z
    .object({
      token: z.string(),
      count: z.int(),
      departments: z.array(z.object({ id: z.string(), code: z.string(), name: z.string() })).describe('The first 100.'),
      removed: z.boolean().describe('Whether this list was confirmed.'),
    })
    .optional()
    .describe('Departments that the file does not have.'),
  undo: undoOutcomes.extend({ stepsLeft: z.int() }).optional(),
});
export const importShown = importAnswer.extend({
  file: z
    .object({
      name: z.string().optional(),
      encoding: z.enum(['utf-8', 'shift_jis']),
      delimiter,
      header: z.boolean(),
      columns: z.array(z.string()),
      bytes: z.int(),
      sample: z.array(z.array(z.string())).describe('The first five rows, as they were read.'),
    })
    .optional()
    .describe('As it was found out; left out once the file is not kept any more.'),
  warnings: z.array(z.string()).describe('What a dry run says of the seats ahead.'),
});

export const importRowsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(200),
  cursor: z.string().max(500).optional(),
  outcome: z.enum(['changed', 'unchanged', 'duplicate', 'blocked', 'error']).optional(),
});
export const importRow = z.object({
  line: z.int().nullable(),
  name: z.string(),
  outcome: z.enum(['changed', 'unchanged', 'duplicate', 'blocked', 'error']),
  action: z.string().optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
  warnings: z.array(z.string()),
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
  change: z.string().optional(),
  undo: z.enum(['restored', 'partly', 'changedSince', 'gone', 'blocked']).optional(),
  undoDetail: z.string().optional(),
});

export const exportQuery = z.strictObject({
  preset,
  encoding: z
    .enum(['utf-8', 'utf-8-bom', 'shift_jis'])
    .default('utf-8')
    .describe('`utf-8-bom` for spreadsheets. `shift_jis` is Windows code page 932; rows it cannot say are refused.'),
  delimiter: delimiter.default('comma'),
  header: yes.default('true'),
  language: z.enum(['en', 'ja']).default('en').describe('Of the header and the words of Status.'),
  neutralise: yes.default('true').describe('An apostrophe before cells that a spreadsheet would calculate.'),
});
