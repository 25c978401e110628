// A row as it is going to be carried out: what it does to one person or department, or why it does nothing. Planning reads and writes nothing; what a
// plan says is what the commit does, or the row is planned again.

import { DirectoryError } from '#directory/directory-error.ts';
import { differenceBetween, type ChangeContext } from '#directory/effects-between.ts';
import type { Organization } from '#directory/organization.ts';
import { isSame } from '#directory/same-value.ts';
import { statusChangeOf } from '#directory/undo-change.ts';
import { applyEdit, type SeatNeed, type UserEdit } from '#directory/user-change.ts';
import { statusOf, type User } from '#directory/user.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { ImportContext } from './import-context.ts';
import type { FileRow, ImportFile, StepRow } from './import-records.ts';

/** What all rows of one run are planned with. */
export interface RunScope {
  readonly context: ImportContext;
  readonly organization: Organization;
  readonly import: string;
  readonly file: Pick<ImportFile, 'kind' | 'columns' | 'preset'>;
  readonly dryRun: boolean;
  readonly by: ChangeContext;
}

/** What it takes to see whether a row of a step that was begun has been carried out. */
export type RecoveryScope = Pick<RunScope, 'context' | 'organization' | 'import'>;

export type Cells = (column: string) => string | undefined;

/** `carryOut` absent: there is nothing to be done. It answers the row as done, or null when the row must be planned again. */
export interface RowPlan {
  readonly step: StepRow;
  readonly carryOut?: () => Promise<StepRow | null>;
  /** For a dry run, which commits nothing. */
  readonly foreseen?: { readonly before: User | null; readonly after: User; readonly need: SeatNeed };
}

/** The cell of a column; undefined where the file has none, or leaves it unchanged. */
export function cellsOf(columns: readonly string[], { cells }: FileRow): Cells {
  return (column) => {
    const index = columns.indexOf(column);
    const cell = index === -1 ? undefined : cells[index];
    return cell === '*' ? undefined : cell;
  };
}

/** A row that is settled without a look at the directory, or null. */
export function settledByFile({ line, fault, duplicateOf }: FileRow, key: string): StepRow | null {
  if (fault !== undefined) return { line, key, outcome: 'error', done: true, ...fault };
  if (duplicateOf === undefined) return null;
  const detail = `Line ${duplicateOf} is about the same; this one is left alone.`;
  return { line, key, outcome: 'duplicate', done: true, code: 'duplicate', detail };
}

/** What a rule refuses is the row's outcome; outages and faults of our own are not. */
export function refusedRow(row: Pick<StepRow, 'line' | 'key'>, error: unknown): StepRow {
  // A person with so much about them that no store takes it.
  if (error instanceof StorageError && error.code === 'tooMuch')
    return { line: row.line, key: row.key, outcome: 'error', done: true, code: error.code, detail: error.message };
  if (!(error instanceof DirectoryError)) throw error;
  const { code, message: detail } = error;
  const outcome = blockingCodes.has(code) ? 'blocked' : 'error';
  return { line: row.line, key: row.key, outcome, done: true, code, detail };
}

const blockingCodes: ReadonlySet<string> = new Set([
  'lastOwner',
  'noFreeSeat',
  'departmentNotEmpty',
  'leaveOverlaps',
  'leaveOver',
]);

export interface Foreseen {
  readonly action: string;
  readonly trace: NonNullable<StepRow['trace']>;
  readonly difference: NonNullable<StepRow['difference']>;
}

export interface ForeseenEdit extends Foreseen {
  readonly after: User;
  readonly need: SeatNeed;
}

/** What an edit makes of a person as read; null: nothing. `before` null stands for somebody new, who is to be as `blank`. */
export function foreseeEdit(before: User | null, blank: User, edit: UserEdit, now: number): ForeseenEdit | null {
  const { user: after, need } = applyEdit(before ?? blank, edit, now);
  const foreseen = describeChange(before, after);
  if (foreseen === null) return null;
  return { ...foreseen, after, need: before === null ? (after.active ? 'activate' : 'none') : need };
}

/** What became of a person; null: nothing. */
export function describeChange(before: User | null, after: User): Foreseen | null {
  const difference = differenceBetween(before, after);
  if (difference === null) return null;
  const profile = attributesOf(difference.after);
  const was = attributesOf(difference.before ?? {});
  return {
    action: actionOf(before, after),
    difference: shorten(difference),
    trace: {
      kind: 'user',
      ...(before === null ? {} : { user: before.id }),
      ...(after.deletedAt === undefined ? {} : { removes: true as const }),
      status: statusChangeOf(before ?? { holds: [] }, after),
      difference: { before: was, after: profile },
    },
  };
}

/** Without what is no attribute: a place in the queue for a seat is nobody's to give back. */
function attributesOf(parts: Parts): Parts {
  const { status: _status, holds: _holds, leaves: _leaves, roles: _roles, waitingSince: _since, ...attributes } = parts;
  return attributes;
}

function actionOf(before: User | null, after: User): string {
  if (before === null) return 'created';
  if (after.deletedAt !== undefined) return 'removed';
  if (before.active && !after.active) return 'deactivated';
  return !before.active && after.active ? 'reactivated' : 'updated';
}

/** For the eye: the status in a word instead of holds and leaves. */
function shorten({ before, after }: { before?: Parts; after: Parts }): NonNullable<StepRow['difference']> {
  const shown = ({ holds: _holds, roles: _roles, ...rest }: Parts): Parts => rest;
  return { ...(before === undefined ? {} : { before: shown(before) }), after: shown(after) };
}
type Parts = Readonly<Record<string, unknown>>;

/** Whether a person is as they were when the row was planned: fences and seats are no content. */
export function isAsPlanned(planned: User, now: User): boolean {
  const content = ({ profile, holds, leaves, roles, deletedAt }: User) => ({
    profile,
    holds,
    leaves,
    roles,
    deletedAt,
  });
  return isSame(content(planned), content(now));
}

/** The status is what a person who waits for a seat wants to be. */
export function isMeantActive(user: User): boolean {
  return ['active', 'scheduled', 'waiting'].includes(statusOf(user));
}
