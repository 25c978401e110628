// Works on imports: one node at a time on each, under a lease, a step at a time. A step is planned and stored before it is carried out, and stored
// again as done; whoever goes on after a crash finds by the marks on people which of its rows were carried out (docs/decisions/0017).

import { createBreath, type Breath } from '#breath.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { SeatLedger } from '#directory/seat.ts';
import { countReservedSeats } from '#provisioning/reserved-seats.ts';
import type { ImportContext } from './import-context.ts';
import {
  changeJob,
  everyOrganization,
  isFinished,
  jobEvent,
  readImportFile,
  stopImport,
  type StoredJob,
} from './import-jobs.ts';
import {
  importJobRecords,
  importPointerRecords,
  importRowRecords,
  importStepRecords,
  numberedId,
  type FileRow,
  type ImportFile,
  type ImportJob,
  type SeatsBefore,
} from './import-records.ts';
import { takeStep } from './import-step.ts';
import { listLeftOut, readLeftOut } from './left-out.ts';
import type { RunScope } from './row-plan.ts';
import { findRefusal } from './still-allowed.ts';
import { undoStep } from './undo-import.ts';

const leaseMs = 30_000;
/** A lease is asked for again when so much of it is gone. */
const renewMs = 5_000;
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

async function goOn(context: ImportContext, stored: StoredJob, breathe: Breath): Promise<void> {
  const { value: job, organizationId } = stored;
  const organization = await context.storage.organizations.get(organizationId);
  if (organization === null) throw new TypeError(`There is no organisation ${organizationId}.`);
  if (job.state === 'undoing') return undoStep(context, stored, organization, breathe);
  const refusal = await findRefusal(context, organizationId, job.by);
  if (job.state === 'waiting') return refusal === null ? begin(context, stored) : stopImport(context, stored, refusal);
  const file = await readImportFile(context, organizationId, job.file);
  const scope: RunScope = { context, organization, import: stored.id, file, dryRun: job.dryRun, by: job.by };
  if (job.position >= file.pieces && job.kind === 'departments' && job.leftOut === undefined)
    return lookForLeftOut(scope, stored, file);
  const rows = await readNextRows(context, stored, file);
  if (rows === null) return finish(context, stored);
  // A step that was begun is brought to its end: its open rows are left alone, and those that were carried out can be undone.
  if (refusal !== null && (job.dryRun || !(await isBegun(context, stored))))
    return stopImport(context, stored, refusal);
  await takeStep(scope, stored, rows, breathe);
}

/** Of the file, then of what it leaves out; null: all is done. */
async function readNextRows(
  context: ImportContext,
  { id, value: job }: StoredJob,
  file: ImportFile,
): Promise<readonly FileRow[] | null> {
  if (job.position < file.pieces) {
    const piece = await context.storage
      .records(importRowRecords)
      .get(numberedId(job.file, job.position), context.now());
    return piece?.value.rows ?? [];
  }
  const left = job.position < job.steps ? await readLeftOut(context, id, job.position - file.pieces) : null;
  return left === null ? null : [left];
}

async function isBegun(context: ImportContext, { id, value: { position } }: StoredJob): Promise<boolean> {
  const steps = context.storage.records(importStepRecords);
  return (await steps.get(numberedId(id, position), context.now())) !== null;
}

async function begin(context: ImportContext, stored: StoredJob): Promise<void> {
  const seatsBefore = await readSeatsBefore(context, stored.organizationId);
  await changeJob(context, stored, (job) =>
    job.state === 'waiting' ? { job: { ...job, state: 'running', startedAt: context.now(), seatsBefore } } : null,
  );
}

async function readSeatsBefore(context: ImportContext, id: OrganizationId): Promise<SeatsBefore> {
  const [{ licensed, free, over, used }, inLine] = await Promise.all([
    readSeats(context, id),
    // Everybody stands before somebody without a place.
    context.storage.users.waitingBefore(id, { id: '' as UserId }),
  ]);
  // Whoever waits beside a free seat waits for the budget of a department.
  return { licensed, used, free, over, waiting: free + over > 0 ? 0 : inLine };
}

async function readSeats({ storage }: ImportContext, id: OrganizationId): Promise<Omit<SeatLedger, 'intents'>> {
  const [ledger, reserved] = await Promise.all([storage.seats.read(id), countReservedSeats(storage, id)]);
  if (ledger === null) throw new TypeError(`There are no seats of ${id}.`);
  return { ...ledger, used: ledger.used - reserved };
}

async function finish(context: ImportContext, stored: StoredJob): Promise<void> {
  const usedAfter = stored.value.dryRun ? null : (await readSeats(context, stored.organizationId)).used;
  await changeJob(context, stored, (job) => {
    if (job.state !== 'running') return null;
    const done: ImportJob = { ...job, state: 'done', finishedAt: context.now() };
    // A dry run has changed nothing, so there is nothing to be told of.
    if (usedAfter === null) return { job: done };
    const ended = { ...done, usedAfter };
    return { job: ended, event: jobEvent(context, { id: stored.id, job: ended }, 'import.done', job.by) };
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
