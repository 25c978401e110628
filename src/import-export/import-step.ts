// One step of an import: planned and stored before it is carried out, and stored again as done (docs/decisions/0017).

import type { Breath } from '#breath.ts';
import { foldCase } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { CredentialRefusal } from '#secrets/credential-authentication.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { ImportContext } from './import-context.ts';
import { changeJob, stopImport, type StoredJob } from './import-jobs.ts';
import {
  importStepRecords,
  keptMs,
  numberedId,
  type FileRow,
  type ImportJob,
  type ImportStep,
  type SeatsBefore,
  type StepRow,
} from './import-records.ts';
import { planDepartments, planRemoval, recoverDepartment } from './plan-departments.ts';
import { planPeople, recoverPerson } from './plan-people.ts';
import type { RecoveryScope, RowPlan, RunScope } from './row-plan.ts';
import { countRow, foreseeRow, type DryRunFacts } from './row-tally.ts';
import { describeRefusal, findRefusal } from './still-allowed.ts';

const together = 8;
const noSeats: SeatsBefore = { licensed: null, used: 0, free: 0 };
const mostTries = 5;
/** Of a row that was left alone since whoever began the import may not go on. */
const rowStopped = 'importStopped';

/** Takes the step at the job's position, or what a node that died has left of it, and moves the position. Throws `StorageError`. */
export async function takeStep(
  scope: RunScope,
  stored: StoredJob,
  rows: readonly FileRow[],
  breathe: Breath,
): Promise<void> {
  const { context } = scope;
  const { position } = stored.value;
  const id = numberedId(stored.id, position);
  const known = await context.storage.records(importStepRecords).get(id, context.now());
  let tally = stored.value.tally;
  let done: readonly StepRow[];
  if (scope.dryRun) {
    done = known?.value.rows ?? [];
    const plans = await planRows(scope, rows);
    const facts = await readFacts(context, stored.value, scope.organization);
    done = plans.map((plan) => {
      const foreseen = foreseeRow(tally, plan, facts);
      tally = foreseen.tally;
      return withoutTrace(foreseen.step);
    });
    if (known === null) await insertStep(context, stored, id, done);
  } else {
    done = await carryOutStep(scope, stored, id, known, rows, breathe);
    const { seatsBefore = noSeats } = stored.value;
    for (const row of done) tally = countRow(tally, row, seatsBefore);
  }
  // Cancelled meanwhile or not: this step is done. Whoever has lost the lease finds the position taken.
  await changeJob(context, stored, (job) =>
    job.position === position && (job.state === 'running' || job.state === 'cancelled' || job.state === 'undoing')
      ? { job: { ...job, position: position + 1, rowsDone: job.rowsDone + rows.length, tally } }
      : null,
  );
  if (!done.some(({ code }) => code === rowStopped)) return;
  // Also after the last step: rows of it are not done.
  const refusal = await findRefusal(context, scope.organization.id, scope.by);
  await stopImport(context, stored, refusal ?? 'unknown');
}

/** What a dry run shows is not what an undo needs. */
function withoutTrace({ trace: _trace, ...row }: StepRow): StepRow {
  return row;
}

async function readFacts(
  { storage }: ImportContext,
  { seatsBefore: seats = noSeats }: ImportJob,
  { id, seatPolicy }: Organization,
): Promise<DryRunFacts> {
  const activeOwners = await storage.users.countActiveWithRole(id, 'owner');
  return { seats, refusesAtLimit: seatPolicy === 'refuse', activeOwners };
}

function planRows(scope: RunScope, rows: readonly FileRow[]): Promise<readonly RowPlan[]> {
  const [first] = rows;
  if (scope.file.kind !== 'departments') return planPeople(scope, rows);
  // What the file leaves out has no line in it.
  if (first?.line === 0) return Promise.all(rows.map((row) => planRemoval(scope, row)));
  return planDepartments(scope, rows);
}

type KnownStep = StoredRecord<ImportStep> | null;

/** Plans, stores, carries out, stores. Answers the rows as done. */
async function carryOutStep(
  scope: RunScope,
  stored: StoredJob,
  id: string,
  known: KnownStep,
  rows: readonly FileRow[],
  breathe: Breath,
): Promise<readonly StepRow[]> {
  const { context } = scope;
  const steps = new Map<number, StepRow>();
  const order = rows.map((row, index) => ({ row, place: row.line === 0 ? -index - 1 : row.line }));
  const placeOf = (index: number): number => order[index]?.place ?? 0;
  // The step of a node that died: what it has done is done.
  const prior = new Map<number, StepRow>();
  for (const [index, step] of known?.value.rows.entries() ?? []) {
    const recovered = step.done ? step : await recover(scope, step);
    if (recovered === null) prior.set(placeOf(index), step);
    else steps.set(placeOf(index), recovered);
  }
  /** In how many rounds somebody else was quicker, by place. */
  const tries = new Map<number, number>();
  let revision = known?.revision ?? 0;
  const store = async (): Promise<void> => {
    const value = { rows: order.map(({ place }) => steps.get(place) as StepRow) };
    if (revision === 0) await insertStep(context, stored, id, value.rows);
    else if (
      !(await context.storage
        .records(importStepRecords)
        .replace({ ...stepRecord(context, stored, id), revision, value }))
    )
      throw new StorageError('unavailable', 'Another node works on this import.');
    revision += 1;
  };
  for (let round = 0; ; round += 1) {
    const open = order.filter(({ place }) => steps.get(place)?.done !== true);
    if (open.length === 0) {
      // All of it was carried out by the node that died, and nobody has said so yet.
      if (round === 0) await store();
      return order.map(({ place }) => steps.get(place) as StepRow);
    }
    const plans = await planRows(
      scope,
      open.map(({ row }) => row),
    );
    const planned: PlannedRow[] = [];
    for (const [index, plan] of plans.entries()) {
      const place = open[index]?.place ?? 0;
      const before = prior.get(place);
      // Not dead, only slow: that node has carried the row out after we looked, and before this plan was made.
      const isOther = before !== undefined && (plan.carryOut === undefined || plan.step.action !== before.action);
      const recovered = isOther ? await recover(scope, before) : null;
      steps.set(place, recovered ?? plan.step);
      if (recovered === null) planned.push({ plan, place });
    }
    await store();
    await sideBySide(bySubject(planned), async (rowsOfOne) => {
      for (const { plan, place } of rowsOfOne) {
        await breathe();
        if (plan.carryOut === undefined) continue;
        const refusal = await findRefusal(context, scope.organization.id, scope.by);
        const done = refusal === null ? await plan.carryOut() : leaveAlone(plan.step, refusal);
        if (done !== null) steps.set(place, done);
        else {
          const tried = (tries.get(place) ?? 0) + 1;
          tries.set(place, tried);
          if (tried >= mostTries) steps.set(place, giveUp(plan.step));
        }
        // Those behind it were planned without it: their turn is in the next round.
        return;
      }
    });
    await store();
  }
}

interface PlannedRow {
  readonly plan: RowPlan;
  readonly place: number;
}

/** Rows about the same subject stay in the order of the file: two leaves of one person that cannot both be, and the first one counts. */
function bySubject(planned: readonly PlannedRow[]): readonly (readonly PlannedRow[])[] {
  const subjects = new Map<string, PlannedRow[]>();
  for (const row of planned) {
    const subject = foldCase(row.plan.step.key);
    const rows = subjects.get(subject);
    if (rows === undefined) subjects.set(subject, [row]);
    else rows.push(row);
  }
  return [...subjects.values()];
}

function giveUp({ line, key }: StepRow): StepRow {
  const detail = 'This row is about somebody who is being changed too often; import it again.';
  return { line, key, outcome: 'error', done: true, code: 'tooManyConflicts', detail };
}

function leaveAlone({ line, key }: StepRow, reason: CredentialRefusal): StepRow {
  return { line, key, outcome: 'blocked', done: true, code: rowStopped, detail: describeRefusal(reason) };
}

/** The row as done, if it was carried out and nobody has said so yet. Throws `StorageError`. */
export function recover(
  scope: RecoveryScope & { readonly file: Pick<RunScope['file'], 'kind'> },
  step: StepRow,
): Promise<StepRow | null> {
  return scope.file.kind === 'departments' ? recoverDepartment(scope, step) : recoverPerson(scope, step);
}

function stepRecord(context: ImportContext, { organizationId }: StoredJob, id: string) {
  return { id, organizationId, expiresAt: context.now() + keptMs };
}

async function insertStep(
  context: ImportContext,
  stored: StoredJob,
  id: string,
  rows: readonly StepRow[],
): Promise<void> {
  await context.storage.records(importStepRecords).insert({ ...stepRecord(context, stored, id), value: { rows } });
}

/** Up to so many at once; the first failure ends it, after what is under way. */
async function sideBySide<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const runOn = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true && failures.length === 0; next = waiting.next())
      await work(next.value).catch((error: unknown) => void failures.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(together, items.length) }, runOn));
  if (failures.length > 0) throw failures[0];
}
