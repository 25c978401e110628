// What became of an import, row by row: as a file, and piece by piece for whoever shows it.

import { createBreath } from '#breath.ts';
import { byteOrderMark, writeLine } from './csv-writing.ts';
import type { ImportContext } from './import-context.ts';
import type { StoredJob } from './import-jobs.ts';
import { importStepRecords, numberedId, type StepRow } from './import-records.ts';

const stepsAtOnce = 4;
const header = ['Line', 'Name', 'Outcome', 'Action', 'Code', 'Detail', 'Warnings', 'Change', 'Undo', 'Undo Detail'];

/** The rows of the steps from this one on, in the order in which they were carried out. Throws `StorageError`. */
export async function* readSteps(
  context: Pick<ImportContext, 'storage' | 'now'>,
  { id, value }: StoredJob,
  from = 0,
): AsyncGenerator<{ readonly step: number; readonly rows: readonly StepRow[] }> {
  const steps = context.storage.records(importStepRecords);
  // The step that is under way is behind the position: what of it is done is shown, too.
  const end = Math.min(value.steps, value.position + 1);
  for (let first = from; first < end; first += stepsAtOnce) {
    const numbers = Array.from({ length: Math.min(stepsAtOnce, end - first) }, (_, index) => first + index);
    const ids = new Map(numbers.map((number) => [numberedId(id, number), number]));
    const found = await steps.getMany([...ids.keys()], context.now());
    const inOrder = found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    for (const step of inOrder) yield { step: ids.get(step.id) ?? 0, rows: step.value.rows.filter(({ done }) => done) };
  }
}

/** UTF-8 with its mark, comma, a header: what any spreadsheet opens. */
export async function* writeResult(
  context: Pick<ImportContext, 'storage' | 'now'>,
  job: StoredJob,
): AsyncGenerator<Uint8Array> {
  const options = { encoding: 'utf-8', mark: true, delimiter: 'comma', neutralise: true } as const;
  const breathe = createBreath(5);
  yield Buffer.concat([byteOrderMark, writeLine(header, options) ?? new Uint8Array(0)]);
  for await (const { rows } of readSteps(context, job)) {
    await breathe();
    const lines = rows.map((row) => writeLine(cellsOf(row), options) ?? new Uint8Array(0));
    yield Buffer.concat(lines);
  }
}

function cellsOf(row: StepRow): readonly string[] {
  const { line, key, outcome, action, code, detail, warnings, change, undo, undoDetail } = row;
  const texts = [action, code, detail, warnings?.join(' '), change, undo, undoDetail].map((text) => text ?? '');
  return [line === 0 ? '' : String(line), key, outcome, ...texts];
}
