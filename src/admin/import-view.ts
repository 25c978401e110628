// An import as administrators see it: how far it is, what it has done or would do, and what the seats ahead say to that.

import { describeActor } from '#directory/actor.ts';
import type { Organization } from '#directory/organization.ts';
import type { StoredJob } from '#import-export/import-jobs.ts';
import { importFileRecords, type FileRow } from '#import-export/import-records.ts';
import { readFirstLeftOut } from '#import-export/left-out.ts';
import { describeRefusal } from '#import-export/still-allowed.ts';
import { toIso, type AdminContext } from './admin-operation.ts';
import { readForecast } from './seat-forecast.ts';

/** As far as leaves are usually planned. */
const daysAhead = 365;

export function toImportAnswer({ id, value }: StoredJob, leftOut: readonly FileRow[] = []) {
  const { kind, dryRun, state, stopped, by, createdAt, startedAt, finishedAt } = value;
  const { rows, rowsDone, tally, seatsBefore, undo } = value;
  const { waiting, ...people } = tally.people;
  const { seats: change, passedOn = 0 } = tally;
  const departments = leftOut.map(({ cells: [department = '', code = '', name = ''] }) => ({
    id: department,
    code,
    name,
  }));
  return {
    id,
    kind,
    dryRun,
    state,
    ...(stopped === undefined ? {} : { stopped: { reason: stopped, detail: describeRefusal(stopped) } }),
    by: describeActor(by.actor),
    createdAt: toIso(createdAt),
    ...(startedAt === undefined ? {} : { startedAt: toIso(startedAt) }),
    ...(finishedAt === undefined ? {} : { finishedAt: toIso(finishedAt) }),
    rows,
    rowsDone,
    outcomes: tally.outcomes,
    actions: tally.actions,
    ...(seatsBefore === undefined
      ? {}
      : {
          seats: {
            licensed: seatsBefore.licensed,
            before: seatsBefore.used,
            change,
            passedOn,
            after: value.usedAfter ?? seatsBefore.used + change + passedOn,
            waiting,
          },
        }),
    people,
    ...(value.leftOut === undefined
      ? {}
      : { leftOut: { ...value.leftOut, departments, removed: !dryRun && value.confirmed === value.leftOut.token } }),
    ...(undo === undefined ? {} : { undo: { ...undo.outcomes, stepsLeft: undo.position } }),
  };
}

/** With how the file was read, and the forecast of a dry run. Throws `StorageError`. */
export async function showImport(context: AdminContext, organization: Organization, job: StoredJob) {
  const { value } = job;
  const [file, leftOut, warnings] = await Promise.all([
    context.storage.records(importFileRecords).get(value.file, context.now()),
    value.leftOut === undefined ? [] : readFirstLeftOut(context.imports, job.id),
    warnOfSeats(context, organization, job),
  ]);
  if (file === null) return { ...toImportAnswer(job, leftOut), warnings };
  const { name, encoding, delimiter, header, columns, bytes, sample } = file.value;
  const shown = { ...(name === undefined ? {} : { name }), encoding, delimiter, header, columns, bytes, sample };
  return { ...toImportAnswer(job, leftOut), file: shown, warnings };
}

/** What would be short if the file were run: people who return have no seat then. */
async function warnOfSeats(
  context: AdminContext,
  organization: Organization,
  { value: { dryRun, state, tally } }: StoredJob,
): Promise<readonly string[]> {
  if (!dryRun || state !== 'done') return [];
  const more = tally.seats + tally.people.waiting - (tally.leftLine ?? 0);
  if (more <= 0) return [];
  const { firstShortage } = await readForecast(context, organization, daysAhead, more);
  return firstShortage === null ? [] : [firstShortage.sentence];
}
