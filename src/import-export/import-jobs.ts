// Imports as jobs: started, looked at, cancelled, undone. Every change of a job is guarded by its revision, so that the node that works on it and the
// administrator who cancels it never overwrite each other.

import { describeActor } from '#directory/actor.ts';
import { toEffects, type AuditEvent } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type OrganizationId } from '#directory/identifiers.ts';
import type { CredentialRefusal } from '#secrets/credential-authentication.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { ImportContext } from './import-context.ts';
import { ImportError } from './import-error.ts';
import {
  importFileRecords,
  importJobRecords,
  importPointerRecords,
  keptMs,
  type ImportFile,
  type ImportJob,
  type Tally,
} from './import-records.ts';

export type StoredJob = StoredRecord<ImportJob>;

const byWorker: ChangeContext = { actor: { kind: 'system', name: 'imports' }, mouth: 'csvImport' };

/** In the place of an organisation; no organisation can have it as its id. */
export const everyOrganization = '*' as OrganizationId;

export const emptyTally: Tally = {
  outcomes: { changed: 0, unchanged: 0, duplicate: 0, blocked: 0, error: 0 },
  actions: {},
  seats: 0,
  people: { in: 0, out: 0, waiting: 0 },
  ownersLost: 0,
};

export interface ImportStart {
  readonly file: string;
  readonly dryRun: boolean;
  /** The token of the departments that the file leaves out, as a dry run showed them. */
  readonly confirmed?: string;
}

/** Throws `ImportError` `importNotFound` where the file is not there any more. */
export async function startImport(
  context: ImportContext,
  organizationId: OrganizationId,
  { file: fileId, dryRun, confirmed }: ImportStart,
  by: ChangeContext,
): Promise<StoredJob> {
  const file = await readImportFile(context, organizationId, fileId);
  const now = context.now();
  const id = createTimeOrderedId(now, context.randomBytes);
  await putPointer(context, organizationId, id);
  const value: ImportJob = {
    file: fileId,
    kind: file.kind,
    dryRun,
    state: 'waiting',
    by: { ...by, mouth: 'csvImport' },
    createdAt: now,
    rows: file.rows,
    rowsDone: 0,
    steps: file.pieces,
    position: 0,
    tally: emptyTally,
    ...(confirmed === undefined ? {} : { confirmed }),
  };
  const record = { id, organizationId, expiresAt: now + keptMs, value };
  await context.storage.records(importJobRecords).insert(record);
  return { ...record, revision: 1 };
}

/** Throws `ImportError` `importNotFound`, also for another organisation's. */
export async function readImportFile(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  id: string,
): Promise<ImportFile> {
  const file = await context.storage.records(importFileRecords).get(id, context.now());
  if (file?.organizationId !== organizationId)
    throw new ImportError('importNotFound', 'The file of this import is not kept any more; send it again.');
  return file.value;
}

/** Throws `ImportError` `importNotFound`, also for another organisation's. */
export async function readJob(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  id: string,
): Promise<StoredJob> {
  const job = await context.storage.records(importJobRecords).get(id, context.now());
  if (job?.organizationId !== organizationId) throw new ImportError('importNotFound', 'There is no such import.');
  return job;
}

/** Newest first. */
export function listJobs(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  page: { readonly limit: number; readonly after?: string },
): Promise<readonly StoredJob[]> {
  return context.storage
    .records(importJobRecords)
    .list(organizationId, { ...page, key: 'all', newestFirst: true }, context.now());
}

/**
 * Changes a job as it is now; `edit` may run several times, and answers null for nothing to be done. Answers the job as stored, or null.
 * Throws what `edit` throws.
 */
export async function changeJob(
  context: ImportContext,
  { id, organizationId }: Pick<StoredJob, 'id' | 'organizationId'>,
  edit: (job: ImportJob) => { readonly job: ImportJob; readonly event?: AuditEvent } | null,
): Promise<StoredJob | null> {
  const jobs = context.storage.records(importJobRecords);
  for (;;) {
    const stored = await readJob(context, organizationId, id);
    const edited = edit(stored.value);
    if (edited === null) return null;
    const { job: value, event } = edited;
    const effects = event === undefined ? [] : toEffects(context, organizationId, [{ kind: 'audit', event }]);
    if (!(await jobs.replace({ ...stored, value }, effects))) continue;
    if (event !== undefined) context.wakeRelay();
    return { ...stored, revision: stored.revision + 1, value };
  }
}

/** What is done stays done; the rest is not begun. Throws `ImportError` `importNotFound`, `importState`. */
export async function cancelImport(
  context: ImportContext,
  organizationId: OrganizationId,
  id: string,
  by: ChangeContext,
): Promise<StoredJob> {
  const cancelled = await changeJob(context, { id, organizationId }, (job) => {
    if (job.state !== 'waiting' && job.state !== 'running')
      throw new ImportError('importState', `This import is ${job.state}; there is nothing to cancel.`);
    const after: ImportJob = { ...job, state: 'cancelled', finishedAt: context.now() };
    return { job: after, event: jobEvent(context, { id, job: after }, 'import.cancelled', by) };
  });
  return cancelled ?? readJob(context, organizationId, id);
}

/** Whoever began it, or its undo, may not go on. What is done stays done, and somebody else can take it back. Throws `StorageError`. */
export async function stopImport(
  context: ImportContext,
  { id, organizationId }: Pick<StoredJob, 'id' | 'organizationId'>,
  reason: CredentialRefusal,
): Promise<void> {
  await changeJob(context, { id, organizationId }, (job) => {
    if (isFinished(job)) return null;
    const after: ImportJob = { ...job, state: 'stopped', stopped: reason, finishedAt: context.now() };
    return { job: after, event: jobEvent(context, { id, job: after }, 'import.stopped', byWorker) };
  });
}

/** Whether nothing of it is left to be worked on. */
export function isFinished({ state }: Pick<ImportJob, 'state'>): boolean {
  return state === 'done' || state === 'cancelled' || state === 'stopped' || state === 'undone';
}

/** Begins to take back what an import did, the last row first. Throws `ImportError` `importNotFound`, `importState`. */
export async function undoImport(
  context: ImportContext,
  organizationId: OrganizationId,
  id: string,
  by: ChangeContext,
): Promise<StoredJob> {
  await putPointer(context, organizationId, id);
  const undoing = await changeJob(context, { id, organizationId }, (job) => {
    if (job.state === 'undoing' || job.state === 'undone') return null;
    if (job.dryRun || !isFinished(job))
      throw new ImportError(
        'importState',
        job.dryRun ? 'A dry run did nothing.' : `This import is ${job.state}; cancel it first, or wait.`,
      );
    const outcomes = { restored: 0, partly: 0, changedSince: 0, gone: 0, blocked: 0 };
    // The step at the position may have been begun, by a node that died or is at it still.
    const position = Math.min(job.position + 1, job.steps);
    const undo = { by: { ...by, mouth: 'csvImport' as const }, position, outcomes };
    return { job: { ...job, state: 'undoing', undo } };
  });
  // Whoever found the import finished meanwhile has taken the pointer away.
  await putPointer(context, organizationId, id);
  return undoing ?? readJob(context, organizationId, id);
}

/** The one entry of a whole import; those of its rows name its id as their `job`. */
export function jobEvent(
  context: Pick<ImportContext, 'now' | 'randomBytes'>,
  { id, job }: { readonly id: string; readonly job: ImportJob },
  action: 'import.done' | 'import.cancelled' | 'import.stopped' | 'import.undone',
  by: ChangeContext,
): AuditEvent {
  const { kind, rows, dryRun, tally, undo, stopped } = job;
  return {
    action,
    level: 'important',
    actor: describeActor(by.actor),
    mouth: 'csvImport',
    target: { kind: 'import', id, name: kind },
    after:
      undo !== undefined ? { kind, ...undo?.outcomes } : { kind, dryRun, rows, ...tally.outcomes, seats: tally.seats },
    ...(action === 'import.stopped' && stopped !== undefined ? { reason: stopped } : {}),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change: createTimeOrderedId(context.now(), context.randomBytes),
  };
}

async function putPointer(context: ImportContext, organization: OrganizationId, id: string): Promise<void> {
  const expiresAt = context.now() + keptMs;
  const pointer = { id, organizationId: everyOrganization, expiresAt, value: { organization } };
  await context.storage.records(importPointerRecords).insertOnce(pointer);
}
