// Plans rows about people, a piece at a time: who they are is read at once, and each plan is one commit of the write side. A commit happens only to a
// person who is as the plan found them, and leaves the mark by which the row is recognised after a crash.

import { describeActor } from '#directory/actor.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { foldCase, type UserId } from '#directory/identifiers.ts';
import { isActive, statusOf, type ImportMark, type User, type UserProfile } from '#directory/user.ts';
import type { UserEdit } from '#directory/user-change.ts';
import type { ChangeResult } from '#provisioning/commit-user-change.ts';
import type { FileRow, Moved, StepRow } from './import-records.ts';
import { readLeaveRow } from './leave-rows.ts';
import { pairsOf, readDepartmentsByCode, readMembershipRow, type DepartmentsByCode } from './membership-rows.ts';
import {
  cellsOf,
  describeChange,
  foreseeEdit,
  isAsPlanned,
  refusedRow,
  settledByFile,
  type RowPlan,
  type RecoveryScope,
  type RunScope,
} from './row-plan.ts';
import { isNameTaken, nameTaken } from './taken-name.ts';
import { readUserRow, type UserRowMeaning } from './user-rows.ts';

/** Throws `StorageError`. */
export async function planPeople(scope: RunScope, rows: readonly FileRow[]): Promise<readonly RowPlan[]> {
  const { context, organization, file } = scope;
  const loginAt = file.columns.indexOf('login');
  const loginOf = ({ cells }: FileRow): string => cells[loginAt] ?? '';
  const open = rows.filter((row) => settledByFile(row, '') === null);
  const newLoginAt = file.kind === 'users' ? file.columns.indexOf('newLogin') : -1;
  const namesOf = (row: FileRow): readonly string[] =>
    scope.dryRun ? [loginOf(row), row.knownAs ?? '', row.cells[newLoginAt] ?? ''] : [loginOf(row)];
  const names = [...new Set(open.flatMap(namesOf).map(foldCase))].filter((name) => name !== '');
  const found = await context.storage.users.findByKeys(organization.id, 'userName', names);
  const people = new Map(found.map((user) => [foldCase(user.profile.userName), user]));
  const departments =
    file.kind === 'memberships'
      ? await readDepartmentsByCode(context, organization.id, open.flatMap(codesOf))
      : new Map<string, never>();
  const personOf = (row: FileRow): User | null =>
    people.get(foldCase(loginOf(row))) ?? (scope.dryRun ? people.get(foldCase(row.knownAs ?? '')) : undefined) ?? null;
  return rows.map((row) => {
    const user = personOf(row);
    const plan = planRow(scope, row, loginOf(row), user, departments);
    if (!scope.dryRun || plan.foreseen === undefined) return plan;
    const { after, need } = plan.foreseen;
    if (isNameTaken(people, row, user, after)) return { step: nameTaken(plan.step, after) };
    // Of several leaves of one person each is foreseen beside those above it.
    const seat = need === 'none' ? after.seat : need === 'giveBack' ? 'none' : 'held';
    if (user !== null) people.set(foldCase(user.profile.userName), { ...after, profile: user.profile, seat });
    return plan;
  });
}

function codesOf(row: FileRow): readonly string[] {
  try {
    return (pairsOf(row) ?? []).map(({ code }) => code);
  } catch {
    // Refused when the row itself is read.
    return [];
  }
}

function planRow(
  scope: RunScope,
  row: FileRow,
  key: string,
  user: User | null,
  departments: DepartmentsByCode,
): RowPlan {
  const settled = settledByFile(row, key);
  if (settled !== null) return { step: settled };
  const now = scope.context.now();
  const about = { line: row.line, key };
  try {
    const meaning = readMeaning(scope, row, user, departments, now);
    const blank = blankUser(scope, meaning, now);
    const foreseen = foreseeEdit(user, blank, meaning.edit, now);
    const warnings = meaning.warnings.length === 0 ? {} : { warnings: meaning.warnings };
    if (foreseen === null) return { step: { ...about, outcome: 'unchanged', done: true, ...warnings } };
    const { after, need, ...rest } = foreseen;
    const moved: Moved = {
      active: activeChange(user, after),
      seat: need === 'activate' ? 1 : need === 'giveBack' ? -1 : 0,
      waits: false,
      ...lineLeft(user, after),
    };
    const step: StepRow = { ...about, outcome: 'changed', done: false, ...warnings, ...rest, moved };
    return {
      step,
      foreseen: { before: user, after, need },
      carryOut: () => (user === null ? create(scope, step, meaning) : change(scope, step, user, meaning.edit)),
    };
  } catch (error) {
    return { step: refusedRow(about, error) };
  }
}

function readMeaning(
  scope: RunScope,
  row: FileRow,
  user: User | null,
  departments: DepartmentsByCode,
  now: number,
): UserRowMeaning {
  const cells = cellsOf(scope.file.columns, row);
  if (scope.file.kind === 'users') return readUserRow(scope, cells, user, now);
  if (user === null) throw new DirectoryError('userNotFound', 'Nobody has this login name.');
  const edit =
    scope.file.kind === 'leaves' ? readLeaveRow(scope, cells, user, now) : readMembershipRow(row, user, departments);
  return { edit, warnings: [] };
}

/** Somebody new as provision-user.ts would make them, for the eye of a dry run. */
function blankUser({ organization, by }: RunScope, { creates }: UserRowMeaning, now: number): User {
  const hold = { kind: 'admin', source: '', since: now, by: describeActor(by.actor) } as const;
  const holds = creates?.active === false ? [hold] : [];
  return {
    id: '' as UserId,
    organizationId: organization.id,
    revision: 0,
    epoch: 1,
    profile: creates?.profile ?? ({ userName: '' } as UserProfile),
    holds,
    active: isActive({ holds }),
    seat: 'none',
    roles: [],
    createdAt: now,
    modifiedAt: now,
    provisionedBy: [],
  };
}

/** The person is not as the plan found them: plan again. */
class Outdated extends Error {}
/** Another worker has carried the row out. */
class DoneAlready extends Error {}

export function markOf(scope: Pick<RunScope, 'import'>, line: number): ImportMark {
  return { import: scope.import, line };
}

export function hasMark({ importMark }: User, mark: ImportMark): boolean {
  return importMark?.import === mark.import && importMark.line === mark.line;
}

async function change(scope: RunScope, step: StepRow, planned: User, edit: UserEdit): Promise<StepRow | null> {
  const { provisioning } = scope.context;
  const mark = markOf(scope, step.line);
  const precondition = (user: User): void => {
    if (hasMark(user, mark)) throw new DoneAlready();
    if (!isAsPlanned(planned, user)) throw new Outdated();
  };
  const by = byImport(scope);
  try {
    const result =
      edit.deletedAt === undefined
        ? await provisioning.changeUser(planned.organizationId, planned.id, () => ({ ...edit, importMark: mark }), by, {
            precondition,
          })
        : await provisioning.removeUser(planned.organizationId, planned.id, by, { precondition, importMark: mark });
    return asDone(step, result);
  } catch (error) {
    if (error instanceof DoneAlready) return { ...step, done: true };
    if (error instanceof Outdated) return null;
    return refusedRow(step, error);
  }
}

async function create(scope: RunScope, step: StepRow, { creates }: UserRowMeaning): Promise<StepRow | null> {
  if (creates === undefined) return refusedRow(step, new DirectoryError('userNotFound', 'Nobody has this login name.'));
  const { context, organization } = scope;
  const mark = markOf(scope, step.line);
  try {
    const request = { ...creates, restore: false, importMark: mark };
    return asDone(step, await context.provisioning.provisionUser(organization.id, request, byImport(scope)));
  } catch (error) {
    if (!(error instanceof DirectoryError) || error.code !== 'userNameTaken') return refusedRow(step, error);
    const value = foldCase(creates.profile.userName);
    const [holder] = await context.storage.users.findByKey(organization.id, { kind: 'userName', value });
    if (holder === undefined) return null;
    if (hasMark(holder, mark)) return asMade(step, holder);
    // Somebody else has made them since: the row is about a person who is there. A new name that is taken stays taken.
    return foldCase(step.key) === value ? null : refusedRow(step, error);
  }
}

export function byImport({ by, import: job }: Pick<RunScope, 'by' | 'import'>): ChangeContext {
  return { ...by, mouth: 'csvImport', reason: 'csv.import', job };
}

/** What was done in fact, which a seat that was not free makes another thing than was planned. */
function asDone(step: StepRow, { before, user, change: changeId }: ChangeResult): StepRow {
  const became = describeChange(before, user);
  if (became === null) return { line: step.line, key: step.key, outcome: 'unchanged', done: true };
  const waits = statusOf(user) === 'waiting' && (before === null || statusOf(before) !== 'waiting');
  const seat = (holder: User | null): 0 | 1 => (holder?.seat === 'held' ? 1 : 0);
  const moved: Moved = {
    active: activeChange(before, user),
    seat: (seat(user) - seat(before)) as Moved['seat'],
    waits,
    ...(user.seat === 'held' ? {} : lineLeft(before, user)),
  };
  const warnings = [...(step.warnings ?? []), ...(waits ? ['Waits for a seat.'] : [])];
  const { trace } = became;
  return {
    ...step,
    ...became,
    trace: before === null && trace.kind === 'user' ? { ...trace, made: user.id } : trace,
    moved,
    ...(warnings.length === 0 ? {} : { warnings }),
    done: true,
    ...(changeId === null ? {} : { change: changeId }),
  };
}

/** Of whoever waited for a seat and wants none any more. */
function lineLeft(before: User | null, after: User): Pick<Moved, 'leavesLine'> {
  return before?.waitingSince !== undefined && after.waitingSince === undefined ? { leavesLine: true } : {};
}

function activeChange(before: User | null, after: User): -1 | 0 | 1 {
  const was = before?.active === true;
  return was === after.active ? 0 : after.active ? 1 : -1;
}

/** After a crash: the row as done if it was, else null. Throws `StorageError`. */
export async function recoverPerson(scope: RecoveryScope, step: StepRow): Promise<StepRow | null> {
  const { trace } = step;
  if (trace?.kind !== 'user') return null;
  const { users } = scope.context.storage;
  const mark = markOf(scope, step.line);
  if (trace.user === undefined) {
    const userName = trace.difference.after?.['userName'];
    const value = foldCase(typeof userName === 'string' ? userName : step.key);
    const [user] = await users.findByKey(scope.organization.id, { kind: 'userName', value });
    return user !== undefined && hasMark(user, mark) ? asMade(step, user) : null;
  }
  const user = await users.get(scope.organization.id, trace.user);
  return user !== null && hasMark(user, mark) ? { ...step, done: true } : null;
}

/** The row as done, with whom it made. */
function asMade(step: StepRow, { id }: User): StepRow {
  const { trace } = step;
  return { ...step, done: true, ...(trace?.kind === 'user' ? { trace: { ...trace, made: id } } : {}) };
}
