// Takes a large file in, runs it dry and shows the result, in a process of its own, so that what its heap comes to hold is the file's doing.
// Arguments: the store, the number of rows, the length of the long cell in each. Sends a `LargeFileReport` and ends.

import { readJob, startImport } from '#import-export/import-jobs.ts';
import { receiveFile } from '#import-export/receive-file.ts';
import { writeResult } from '#import-export/result-file.ts';
import { runImport } from '#import-export/run-import.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { recordKinds } from '#record-kinds.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { acme } from '../admin/admin-house.ts';
import { openImportWorld } from './import-world.ts';

/** Bytes that the heap had grown by at most, from an early moment of each step on. */
export interface LargeFileReport {
  readonly fileBytes: number;
  readonly rows: number;
  readonly encoding: string;
  readonly received: number;
  readonly worked: number;
  readonly shown: number;
  /** How often the heap was looked at in each step. */
  readonly looks: readonly number[];
  readonly job: object;
  readonly resultLines: number;
}

const [address = '', count = '', cellLength = ''] = process.argv.slice(2);
const [rows, longText] = [Number(count), 'x'.repeat(Number(cellLength))];
const by: ChangeContext = { actor: { kind: 'cli' }, mouth: 'csvImport' };
const storage = address.startsWith('mongodb:')
  ? await openMongoStorage(address, { recordKinds })
  : await openSqliteStorage({ path: address, recordKinds });
const world = await openImportWorld(storage, null);
const { imports } = world.context;

const heap = (): number => {
  (globalThis as unknown as { gc: () => void }).gc();
  return process.memoryUsage().heapUsed;
};
const grown = (seen: readonly number[]): number => Math.max(...seen) - (seen[0] ?? 0);

/** The file as it comes over a wire, as much at once as a socket gives: what a reader keeps ahead is so many pieces, whatever they weigh. */
async function* file(look: () => void): AsyncGenerator<Uint8Array> {
  yield Buffer.from('Login Name,Display Name,About Me\n');
  const block = Math.ceil(32_000 / (longText.length + 30));
  for (let row = 0; row < rows; ) {
    const lines: string[] = [];
    for (const end = Math.min(row + block, rows); row < end; row += 1)
      lines.push(`big${row},髙橋 ${row},${longText}\n`);
    yield await Promise.resolve(Buffer.from(lines.join('')));
    if (row <= 400 && row + block > 400) look();
  }
  look();
}

const duringReading: number[] = [];
const { id, file: taken } = await receiveFile(
  imports,
  acme,
  file(() => duringReading.push(heap())),
  { kind: 'users', preset: 'furlough', delimiter: null, header: null, encoding: null, neutralised: true },
);
const job = await startImport(imports, acme, { file: id, dryRun: true }, by);
const duringWork: number[] = [];
await runImport(imports, job.id, ({ position }) => {
  if (position % Math.ceil(rows / 50) === 0) duringWork.push(heap());
});
let resultLines = 0;
const duringResult: number[] = [];
for await (const piece of writeResult(imports, await readJob(imports, acme, job.id))) {
  resultLines += Buffer.from(piece).toString().split('\r\n').length - 1;
  if (resultLines % Math.ceil(rows / 10) < 100) duringResult.push(heap());
}
const report: LargeFileReport = {
  fileBytes: taken.bytes,
  rows: taken.rows,
  encoding: taken.encoding,
  received: grown(duringReading),
  worked: grown(duringWork),
  shown: grown(duringResult),
  looks: [duringReading, duringWork, duringResult].map(({ length }) => length),
  job: await world.show(job.id),
  resultLines,
};
await world.stop();
await storage.close();
process.send?.(report);
process.disconnect?.();
