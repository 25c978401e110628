// Takes an import back, the last row first: each row's own holds, leaves and attributes, as far as nobody has changed them since (console.md 3.1).
// What somebody did change stays as they left it, and the row says so.

import type { Breath } from '#breath.ts';
import type { DepartmentId } from '#directory/identifiers.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Organization } from '#directory/organization.ts';
import { isSame } from '#directory/same-value.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import type { CredentialRefusal } from '#secrets/credential-authentication.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { ImportContext } from './import-context.ts';
import { changeJob, jobEvent, stopImport, type StoredJob } from './import-jobs.ts';
import { importStepRecords, numberedId, type ImportJob, type RowTrace, type StepRow } from './import-records.ts';
import { recover } from './import-step.ts';
import { readDepartmentsByCode } from './membership-rows.ts';
import { findRefusal } from './still-allowed.ts';
import { undoUserRow, type Undone } from './undo-user-row.ts';

/** One step back, or the end. Throws `StorageError`. */
export async function undoStep(
  context: ImportContext,
  stored: StoredJob,
  organization: Organization,
  breathe: Breath,
): Promise<void> {
  const { undo } = stored.value;
  if (undo === undefined) return;
  if (undo.position === 0) return finishUndo(context, stored, undo.by);
  const position = undo.position - 1;
  const steps = context.storage.records(importStepRecords);
  const step = await steps.get(numberedId(stored.id, position), context.now());
  const by: ChangeContext = { ...undo.by, mouth: 'csvImport', reason: 'csv.undo', job: stored.id };
  const rows = [...(step?.value.rows ?? [])];
  const scope = { context, organization, import: stored.id, file: { kind: stored.value.kind } };
  let refusal: CredentialRefusal | null = null;
  for (const [index, planned] of [...rows.entries()].toReversed()) {
    await breathe();
    // Of a step that was begun and not stored as done.
    const row = planned.done ? planned : await recover(scope, planned);
    if (row === null) continue;
    if (row.outcome !== 'changed' || row.trace === undefined || row.undo !== undefined) continue;
    refusal = await findRefusal(context, organization.id, undo.by);
    if (refusal !== null) break;
    rows[index] = await undoRow(context, organization, stored.id, row, by);
  }
  if (step !== null && !(await steps.replace({ ...step, value: { rows } })))
    throw new StorageError('unavailable', 'Another node works on this import.');
  // Whoever begins the undo anew starts at the end again, and passes over what was taken back here.
  if (refusal !== null) return stopImport(context, stored, refusal);
  await changeJob(context, stored, (job) => {
    if (job.state !== 'undoing' || job.undo?.position !== undo.position) return null;
    const outcomes = { ...job.undo.outcomes };
    for (const { undo: outcome } of rows) if (outcome !== undefined) outcomes[outcome] += 1;
    return { job: { ...job, undo: { ...job.undo, position, outcomes } } };
  });
}

async function finishUndo(context: ImportContext, stored: StoredJob, by: ChangeContext): Promise<void> {
  await changeJob(context, stored, (job) => {
    if (job.state !== 'undoing') return null;
    const undone: ImportJob = { ...job, state: 'undone' };
    return { job: undone, event: jobEvent(context, { id: stored.id, job: undone }, 'import.undone', by) };
  });
}

async function undoRow(
  context: ImportContext,
  organization: Organization,
  importId: string,
  row: StepRow,
  by: ChangeContext,
): Promise<StepRow> {
  try {
    const { outcome, detail } =
      row.trace?.kind === 'user'
        ? await undoUserRow(context, organization, importId, row, row.trace, by)
        : await undoDepartment(context, organization, row.trace as DepartmentTrace, by);
    return { ...row, undo: outcome, ...(detail === undefined ? {} : { undoDetail: detail }) };
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    const isGone = error.code === 'userNotFound' || error.code === 'departmentNotFound';
    return { ...row, undo: isGone ? 'gone' : 'blocked', undoDetail: error.message };
  }
}

type DepartmentTrace = Extract<RowTrace, { kind: 'department' }>;

async function undoDepartment(
  context: ImportContext,
  organization: Organization,
  { department, before, after, parentCode }: DepartmentTrace,
  by: ChangeContext,
): Promise<Undone> {
  const { provisioning } = context;
  const reader = createDepartmentReader(context.storage, context.now);
  if (after === undefined && before !== undefined) {
    // Its parent may have gone with it, and come back under another id.
    const codes = parentCode === undefined ? [] : [parentCode];
    const [parent] = [...(await readDepartmentsByCode(context, organization.id, codes)).values()];
    const { parent: _old, ...rest } = before;
    const profile = parent === undefined ? rest : { ...rest, parent: parent.id };
    await provisioning.createDepartment(organization.id, { profile }, by);
    return { outcome: 'restored' };
  }
  const present = await reader.get(organization.id, department as DepartmentId);
  if (present === null) return { outcome: 'gone', detail: 'The department is not there any more.' };
  if (before !== undefined && isSame(present.profile, before)) return { outcome: 'restored' };
  if (!isSame(present.profile, after))
    return { outcome: 'changedSince', detail: 'The department was changed since and stays as it is.' };
  if (before === undefined) await provisioning.removeDepartment(organization.id, present.id, by);
  else await provisioning.changeDepartment(organization.id, present.id, () => before, by);
  return { outcome: 'restored' };
}
