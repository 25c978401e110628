// One line of a status feed as it is sent: who, what, from when (surface.md, "HR feed").

import { z } from 'zod';
import { reportedStatuses } from '#directory/status-report.ts';
import type { StatusLine } from '#provisioning/report-status.ts';

/** By what a person is named. Several must all mean the same one. */
export const identifierNames = ['employeeNumber', 'userName', 'email', 'externalId'] as const;
export type IdentifierName = (typeof identifierNames)[number];
export type Identifiers = Readonly<Partial<Record<IdentifierName, string>>>;

export interface SentLine {
  readonly identifiers: Identifiers;
  readonly line: StatusLine;
}

export interface LineFault {
  /** RFC 6901, within the line. */
  readonly pointer: string;
  readonly detail: string;
}

const name = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(1_024, { error: 'must have at most 1024 characters' });
const day = /^\d{4}-\d{2}-\d{2}$/;
/** RFC 3339, with its offset: without one nobody could tell when it is. */
const moment = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;
const effectiveAt = z
  .string()
  .refine((text) => day.test(text) || (moment.test(text) && !Number.isNaN(Date.parse(text))), {
    error: 'must be a date, as 2027-04-01, or a moment with its offset, as 2027-04-01T09:00:00+09:00',
  })
  .transform((text) => (day.test(text) ? text : Date.parse(text)));
const date = z.string().regex(day, { error: 'must be a date, as 2027-04-01' });

const identifiers = { employeeNumber: name, userName: name, email: name, externalId: name };
export const sentIdentifiers = z.strictObject(identifiers).partial();
const sentLine = z.strictObject({
  ...sentIdentifiers.shape,
  status: z.enum(reportedStatuses, { error: `must be one of ${reportedStatuses.join(', ')}` }),
  effectiveAt,
  until: date.nullable().optional(),
  type: z.enum(['leave', 'parental', 'secondment', 'other']).optional(),
  note: z.string().max(2_000, { error: 'must have at most 2000 characters' }).optional(),
  sequence: z.int().min(0).optional(),
});

/** The line, or what is wrong with it. */
export function readLine(value: unknown): SentLine | readonly LineFault[] {
  const parsed = sentLine.safeParse(value);
  if (!parsed.success) return parsed.error.issues.flatMap(describeIssue).slice(0, 10);
  const { employeeNumber, userName, email, externalId, ...line } = parsed.data;
  const given = { employeeNumber, userName, email, externalId };
  if (Object.values(given).every((text) => text === undefined))
    return [{ pointer: '', detail: `names nobody: give one of ${identifierNames.join(', ')}` }];
  const nul = [...Object.entries(given), ['note', line.note]].find(([, text]) => text?.includes('\0') === true);
  if (nul !== undefined) return [{ pointer: `/${nul[0] ?? ''}`, detail: 'must not contain NUL' }];
  return { identifiers: withoutGaps(given), line: withoutGaps(line) };
}

export function isFaulty(read: SentLine | readonly LineFault[]): read is readonly LineFault[] {
  return Array.isArray(read);
}

export function withoutGaps<Members extends object>(
  members: Members,
): { [Name in keyof Members]: Exclude<Members[Name], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

export function describeIssue(issue: z.core.$ZodIssue): readonly LineFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: toPointer([...issue.path, key]), detail: 'is not known here' }));
  return [{ pointer: toPointer(issue.path), detail: issue.message }];
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
