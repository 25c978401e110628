// Plans rows about departments, one at a time, on the tree as the row before has left it: a parent stands above its children in the file. A department
// without a code stands by its id.

import {
  assertDepartmentProfile,
  departmentLabel,
  type Department,
  type DepartmentProfile,
} from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { DepartmentId } from '#directory/identifiers.ts';
import { isSame } from '#directory/same-value.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { departmentKeys } from '#storage/department-records.ts';
import { readWhole } from './cell-words.ts';
import type { FileRow, StepRow } from './import-records.ts';
import { readDepartmentsByCode, type DepartmentsByCode } from './membership-rows.ts';
import { byImport } from './plan-people.ts';
import {
  cellsOf,
  refusedRow,
  settledByFile,
  type Cells,
  type RowPlan,
  type RecoveryScope,
  type RunScope,
} from './row-plan.ts';

class Outdated extends Error {}

/** Columns of Kintone's that a department of ours has no place for. */
const notKept = ['localizedName', 'localizedLanguage', 'description'];
/** Stands for a parent that the file makes, in a dry run. */
const inFile = 'in-file' as DepartmentId;

/** Throws `StorageError`. */
export async function planDepartments(scope: RunScope, rows: readonly FileRow[]): Promise<readonly RowPlan[]> {
  const plans: RowPlan[] = [];
  for (const row of rows) plans.push(await planRow(scope, row));
  return plans;
}

async function planRow(scope: RunScope, row: FileRow): Promise<RowPlan> {
  const cells = cellsOf(scope.file.columns, row);
  const key = cells('code') ?? '';
  const settled = settledByFile(row, key);
  if (settled !== null) return { step: settled };
  const about = { line: row.line, key };
  const codes = [key, cells('newCode') ?? '', cells('parent') ?? ''].filter((code) => code.trim() !== '');
  const known = await readDepartmentsByCode(scope.context, scope.organization.id, codes);
  const present = known.get(departmentLabel(key));
  try {
    const profile = readProfile(scope, row, cells, present, known);
    const lost = notKept.filter((column) => (cells(column) ?? '').trim() !== '');
    const warnings = lost.length === 0 ? {} : { warnings: [`Not kept: ${lost.join(', ')}.`] };
    if (present !== undefined && isSame(present.profile, profile))
      return { step: { ...about, outcome: 'unchanged', done: true, ...warnings } };
    const parent = cells('parent');
    const step: StepRow = {
      ...about,
      outcome: 'changed',
      done: false,
      action: present === undefined ? 'created' : 'updated',
      ...warnings,
      difference: { ...(present === undefined ? {} : { before: { ...present.profile } }), after: { ...profile } },
      trace: {
        kind: 'department',
        ...(present === undefined ? {} : { department: present.id, before: present.profile }),
        ...(parent === undefined || parent === '' ? {} : { parentCode: parent }),
        after: profile,
      },
    };
    return { step, carryOut: () => carryOut(scope, step, present, profile) };
  } catch (error) {
    return { step: refusedRow(about, error) };
  }
}

function readProfile(
  { dryRun }: RunScope,
  row: FileRow,
  cells: Cells,
  present: Department | undefined,
  known: DepartmentsByCode,
): DepartmentProfile {
  const code = (cells('code') ?? '').trim();
  const name = cells('name') ?? present?.profile.name ?? '';
  if (present === undefined && name.trim() === '')
    throw new DirectoryError('departmentNotFound', 'No department has this code; a new one needs a display name.');
  const newCode = (cells('newCode') ?? '').trim();
  const renamed = newCode === '' || departmentLabel(newCode) === departmentLabel(code) ? undefined : newCode;
  const taken = renamed === undefined ? undefined : known.get(departmentLabel(renamed));
  if (taken !== undefined && taken.id !== present?.id)
    throw new DirectoryError('departmentCodeTaken', `Another department has the code "${renamed}".`);
  const parent = parentOf(cells('parent'), present, known, dryRun && row.parentAbove === true);
  const orderCell = cells('displayOrder');
  const displayOrder = orderCell === undefined ? present?.profile.displayOrder : readWhole(orderCell, 'displayOrder');
  const ownCode = renamed ?? (present === undefined ? code : present.profile.code);
  const { code: _code, parent: _parent, displayOrder: _order, ...rest } = present?.profile ?? { name };
  const profile: DepartmentProfile = {
    ...rest,
    name,
    ...(ownCode === undefined ? {} : { code: ownCode }),
    ...(parent === undefined ? {} : { parent }),
    ...(displayOrder === undefined ? {} : { displayOrder }),
  };
  assertDepartmentProfile(profile);
  return profile;
}

function parentOf(
  cell: string | undefined,
  present: Department | undefined,
  known: DepartmentsByCode,
  isInFile: boolean,
): DepartmentId | undefined {
  if (cell === undefined) return present?.profile.parent;
  if (cell.trim() === '') return undefined;
  const found = known.get(departmentLabel(cell));
  if (found !== undefined) return found.id;
  if (isInFile) return inFile;
  throw new DirectoryError(
    'invalidValue',
    `No department has the code ${cell.slice(0, 60)}; a parent stands above its children in the file.`,
    { field: 'parent' },
  );
}

async function carryOut(
  scope: RunScope,
  step: StepRow,
  present: Department | undefined,
  profile: DepartmentProfile,
): Promise<StepRow | null> {
  const { context, organization } = scope;
  const { provisioning } = context;
  const by = byImport(scope);
  const precondition = (now: Department): void => {
    if (present !== undefined && !isSame(now.profile, present.profile)) throw new Outdated();
  };
  try {
    const { department, change } =
      present === undefined
        ? await provisioning.createDepartment(organization.id, { profile }, by)
        : await provisioning.changeDepartment(organization.id, present.id, () => profile, by, { precondition });
    return withDepartment({ ...step, done: true, ...(change === null ? {} : { change }) }, department.id);
  } catch (error) {
    return error instanceof Outdated ? null : refusedRow(step, error);
  }
}

/** A department that the file leaves out, and whose removal somebody has confirmed. */
export async function planRemoval(scope: RunScope, { line, cells }: FileRow): Promise<RowPlan> {
  const [id = '', key = ''] = cells;
  const about = { line, key };
  const department = await readerOf(scope).get(scope.organization.id, id as DepartmentId);
  if (department === null) return { step: { ...about, outcome: 'unchanged', done: true } };
  const { profile } = department;
  const parent = profile.parent === undefined ? null : await readerOf(scope).get(scope.organization.id, profile.parent);
  const step: StepRow = {
    ...about,
    outcome: 'changed',
    done: false,
    action: 'removed',
    difference: { before: { ...profile } },
    trace: {
      kind: 'department',
      department: department.id,
      before: profile,
      ...(parent === null ? {} : { parentCode: parent.profile.code ?? parent.id }),
    },
  };
  const remove = async (): Promise<StepRow> => {
    try {
      const { change } = await scope.context.provisioning.removeDepartment(
        scope.organization.id,
        department.id,
        byImport(scope),
      );
      return { ...step, done: true, ...(change === null ? {} : { change }) };
    } catch (error) {
      return refusedRow(about, error);
    }
  };
  return { step, carryOut: remove };
}

/** After a crash: the row as done if it was, else null. Throws `StorageError`. */
export async function recoverDepartment(scope: RecoveryScope, step: StepRow): Promise<StepRow | null> {
  const { trace } = step;
  if (trace?.kind !== 'department') return null;
  const { department, after } = trace;
  if (department !== undefined) {
    const present = await readerOf(scope).get(scope.organization.id, department);
    const isDone = after === undefined ? present === null : isSame(present?.profile, after);
    return isDone ? { ...step, done: true } : null;
  }
  const key = departmentKeys.code(after?.code ?? step.key);
  const [made] = await readerOf(scope).list(scope.organization.id, { key, limit: 1 });
  return made !== undefined && isSame(made.profile, after) ? withDepartment({ ...step, done: true }, made.id) : null;
}

/** Who was made is known from now on. */
function withDepartment(step: StepRow, department: DepartmentId): StepRow {
  return step.trace?.kind === 'department' && step.action === 'created'
    ? { ...step, trace: { ...step.trace, department } }
    : step;
}

function readerOf({ context }: RecoveryScope) {
  return createDepartmentReader(context.storage, context.now);
}
