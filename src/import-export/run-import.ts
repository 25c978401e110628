// Works on imports: one node at a time on each, under a lease, a step at a time. A step is planned and stored before it is carried out, and stored
// again as done; whoever goes on after a crash finds by the marks on people which of its rows were carried out (docs/decisions/0017).

import { createBreath, type Breath } from '#breath.ts';
import type { Organization } from '#directory/organization.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { ImportContext } from './import-context.ts';
import { changeJob, everyOrganization, jobEvent, readImportFile, type StoredJob } from './import-jobs.ts';
import {
  importJobRecords,
  importPointerRecords,
  importRowRecords,
  importStepRecords,
  keptMs,
  numberedId,
  type FileRow,
  type ImportFile,
  type ImportJob,
  type ImportStep,
  type StepRow,
} from './import-records.ts';
import { listLeftOut, readLeftOut } from './left-out.ts';
import { planDepartments, planRemoval, recoverDepartment } from './plan-departments.ts';
import { planPeople, recoverPerson } from './plan-people.ts';
import type { RowPlan, RunScope } from './row-plan.ts';
import { countRow, foreseeRow, type DryRunFacts } from './row-tally.ts';
import { undoStep } from './undo-import.ts';

const leaseMs = 30_000;
/** A lease is asked for again when so much of it is gone. */
const renewMs = 5_000;
const together = 8;
const mostRounds = 5;
const pointersAtOnce = 100;

/** Goes on with whatever imports there are, until they are done or this process is to stop. Throws `StorageError`. */
export async function runImports(context: ImportContext): Promise<void> {
  const pointers = await context.storage
    .records(importPointerRecords)
    .list(everyOrganization, { limit: pointersAtOnce }, context.now());
  const failures: unknown[] = [];
  for (const { id } of pointers) {
    if (context.isStopping()) return;
    // One that cannot go on does not hold up the others.
    await runImport(context, id).catch((error: unknown) => void failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/** Goes on with one import, unless another node does. Throws `StorageError`, and then goes on the next time. */
export async function runImport(
  context: ImportContext,
  id: string,
  tell: (job: ImportJob) => void = () => undefined,
): Promise<void> {
  const lease = `import:${id}`;
  let heldAt = -Infinity;
  const hold = async (): Promise<boolean> => {
    if (performance.now() - heldAt < renewMs) return true;
    if ((await context.storage.leases.acquire(lease, context.holder, leaseMs)) === null) return false;
    heldAt = performance.now();
    return true;
  };
  const breathe = createBreath(5);
  if (!(await hold())) return;
  try {
    while (!context.isStopping() && (await hold())) {
      const stored = await context.storage.records(importJobRecords).get(id, context.now());
      if (stored !== null) tell(stored.value);
      if (stored === null || isFinished(stored.value)) {
        // A job is inserted after its pointer: one that is not there yet may come.
        if (stored !== null) await context.storage.records(importPointerRecords).delete(id);
        return;
      }
      await goOn(context, stored, breathe);
    }
  } finally {
    await context.storage.leases
      .release(lease, context.holder)
      .catch((error: unknown) => context.reportTrouble('the lease on an import was not released', error));
  }
}

function isFinished({ state }: ImportJob): boolean {
  return state === 'done' || state === 'cancelled' || state === 'undone';
}

async function goOn(context: ImportContext, stored: StoredJob, breathe: Breath): Promise<void> {
  const { value: job, organizationId } = stored;
  const organization = await context.storage.organizations.get(organizationId);
  if (organization === null) throw new TypeError(`There is no organisation ${organizationId}.`);
  if (job.state === 'undoing') return undoStep(context, stored, organization, breathe);
  if (job.state === 'waiting') return begin(context, stored);
  const file = await readImportFile(context, organizationId, job.file);
  const scope: RunScope = { context, organization, import: stored.id, file, dryRun: job.dryRun, by: job.by };
  if (job.position < file.pieces) {
    const piece = await context.storage
      .records(importRowRecords)
      .get(numberedId(job.file, job.position), context.now());
    return takeStep(scope, stored, piece?.value.rows ?? [], breathe);
  }
  if (job.kind === 'departments' && job.leftOut === undefined) return lookForLeftOut(scope, stored, file);
  const index = job.position - file.pieces;
  const left = job.position < job.steps ? await readLeftOut(context, stored.id, index) : null;
  if (left !== null) return takeStep(scope, stored, [left], breathe);
  await finish(context, stored);
}

async function begin(context: ImportContext, stored: StoredJob): Promise<void> {
  const ledger = await context.storage.seats.read(stored.organizationId);
  const { licensed = null, used = 0, free = 0 } = ledger ?? {};
  await changeJob(context, stored, (job) =>
    job.state === 'waiting'
      ? { job: { ...job, state: 'running', startedAt: context.now(), seatsBefore: { licensed, used, free } } }
      : null,
  );
}

async function finish(context: ImportContext, stored: StoredJob): Promise<void> {
  await changeJob(context, stored, (job) => {
    if (job.state !== 'running') return null;
    const done: ImportJob = { ...job, state: 'done', finishedAt: context.now() };
    // A dry run has changed nothing, so there is nothing to be told of.
    return job.dryRun
      ? { job: done }
      : { job: done, event: jobEvent(context, { id: stored.id, job: done }, 'import.done', job.by) };
  });
}

/** Once all rows are through: what the file leaves out, and whether that very list was confirmed. */
async function lookForLeftOut(scope: RunScope, stored: StoredJob, file: ImportFile): Promise<void> {
  const { context, organization } = scope;
  const leftOut = await listLeftOut(context, organization.id, stored.id, stored.value.file, file);
  await changeJob(context, stored, (job) => {
    if (job.leftOut !== undefined) return null;
    const isConfirmed = !job.dryRun && job.confirmed === leftOut.token;
    return { job: { ...job, leftOut, steps: job.steps + (isConfirmed ? leftOut.count : 0) } };
  });
}

async function takeStep(scope: RunScope, stored: StoredJob, rows: readonly FileRow[], breathe: Breath): Promise<void> {
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
    for (const row of done) tally = countRow(tally, row);
  }
  // Cancelled meanwhile or not: this step is done. Whoever has lost the lease finds the position taken.
  await changeJob(context, stored, (job) =>
    job.position === position && (job.state === 'running' || job.state === 'cancelled')
      ? { job: { ...job, position: position + 1, rowsDone: job.rowsDone + rows.length, tally } }
      : null,
  );
}

/** What a dry run shows is not what an undo needs. */
function withoutTrace({ trace: _trace, ...row }: StepRow): StepRow {
  return row;
}

async function readFacts(
  { storage }: ImportContext,
  { seatsBefore = { licensed: null, used: 0, free: 0 } }: ImportJob,
  { id, seatPolicy }: Organization,
): Promise<DryRunFacts> {
  const [ledger, activeOwners] = await Promise.all([
    storage.seats.read(id),
    storage.users.countActiveWithRole(id, 'owner'),
  ]);
  return { seatsBefore, over: ledger?.over ?? 0, refusesAtLimit: seatPolicy === 'refuse', activeOwners };
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
    const planned: { readonly plan: RowPlan; readonly place: number }[] = [];
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
    await sideBySide(planned, async ({ plan, place }) => {
      await breathe();
      if (plan.carryOut === undefined) return;
      const done = await plan.carryOut();
      if (done !== null) steps.set(place, done);
      else if (round + 1 >= mostRounds) steps.set(place, giveUp(plan.step));
    });
    await store();
  }
}

function giveUp({ line, key }: StepRow): StepRow {
  const detail = 'This row is about somebody who is being changed too often; import it again.';
  return { line, key, outcome: 'error', done: true, code: 'tooManyConflicts', detail };
}

function recover(scope: RunScope, step: StepRow): Promise<StepRow | null> {
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
