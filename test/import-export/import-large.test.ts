// A large file is taken in, run dry and exported piece by piece: memory does not grow with it, and the event loop turns.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { exportFile } from '#import-export/export-file.ts';
import { readJob, startImport } from '#import-export/import-jobs.ts';
import { receiveFile } from '#import-export/receive-file.ts';
import { writeResult } from '#import-export/result-file.ts';
import { runImport } from '#import-export/run-import.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { acme } from '../admin/admin-house.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { watchLoopStall, withoutStall } from '../harness/loop-stall.ts';
import { runs } from '../harness/test-scale.ts';
import { openImportWorld, type ImportWorld } from './import-world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

/** Of a row of the file only a digest and a line number may stay, until the file is through. */
const mostPerRow = 150;
const by: ChangeContext = { actor: { kind: 'cli' }, mouth: 'csvImport' };
const options = {
  kind: 'users',
  preset: 'furlough',
  delimiter: null,
  header: null,
  encoding: null,
  neutralised: true,
} as const;

describeAtDoors('a large file', (open, kind) => {
  // The full count is for a store that keeps up with it.
  const rows = kind === 'sqlite' ? runs(3_000, 100_000) : 3_000;
  const longText = 'x'.repeat(rows > 3_000 ? 550 : 4_000);
  /** What other parts of the process come to hold meanwhile, its compiled code included. */
  const slack = (rows > 3_000 ? 16 : 6) * 1024 * 1024;
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open(), null);
  });
  afterEach(async () => void (await world.stop()));

  /** The file as it comes over a wire; `look` is asked early and at the end. */
  async function* file(look: (place: 'early' | 'end') => void): AsyncGenerator<Uint8Array> {
    yield Buffer.from('Login Name,Display Name,About Me\n');
    // As much at once as a socket gives: what a reader keeps ahead is so many pieces, whatever they weigh.
    const block = rows > 3_000 ? 50 : 8;
    for (let row = 0; row < rows; row += block) {
      const lines = Array.from({ length: block }, (_, index) => `big${row + index},髙橋 ${row + index},${longText}\n`);
      yield await Promise.resolve(Buffer.from(lines.join('')));
      if (row === 400) look('early');
    }
    look('end');
  }

  test('is never in memory as a whole, on the way in and while it is worked on', async () => {
    const seen = { early: 0, end: 0 };
    const receive = () =>
      receiveFile(
        world.context.imports,
        acme,
        file((place) => (seen[place] = heap())),
        options,
      );
    let { id, file: taken } = await receive();
    expect(taken).toMatchObject({ rows, encoding: 'utf-8' });
    // What others in the process come to hold falls into one try; a file that is held grows the heap in each.
    const grown = [seen.end - seen.early];
    for (; Math.min(...grown) >= slack + rows * mostPerRow && grown.length < 4; grown.push(seen.end - seen.early))
      ({ id, file: taken } = await receive());
    expect(Math.min(...grown)).toBeLessThan(slack + rows * mostPerRow);
    // What a row of it weighs, so that this would fail if they were held.
    expect(taken.bytes).toBeGreaterThan((slack + rows * mostPerRow) * 1.5);

    const job = await startImport(world.context.imports, acme, { file: id, dryRun: true }, by);
    const during: number[] = [];
    await runImport(world.context.imports, job.id, ({ position }) => {
      if (position % Math.ceil(rows / 500) === 0) during.push(heap());
    });
    expect(await world.show(job.id)).toMatchObject({
      state: 'done',
      outcomes: { changed: rows },
      seats: { change: rows },
    });
    expect(Math.max(...during) - (during[0] ?? 0)).toBeLessThan(slack);
    let lines = 0;
    const shown: number[] = [];
    for await (const piece of writeResult(world.context.imports, await readJob(world.context.imports, acme, job.id))) {
      lines += Buffer.from(piece).toString().split('\r\n').length - 1;
      if (lines % Math.ceil(rows / 10) < 100) shown.push(heap());
    }
    expect(lines).toBe(rows + 1);
    expect(Math.max(...shown) - (shown[0] ?? 0)).toBeLessThan(slack);
  }, 600_000);

  test('leaves the event loop its turns', async () => {
    const { imports: context } = world.context;
    const stall = watchLoopStall();
    const lines = Array.from({ length: 1_500 }, (_, index) => `e${index},髙橋,${'x'.repeat(300)}\n`).join('');
    const whole = Buffer.from(`Login Name,Display Name,About Me\n${lines}`);
    async function* atOnce(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(whole);
    }
    const work = async (dryRun: boolean): Promise<void> => {
      const { id } = await receiveFile(context, acme, atOnce(), options);
      const job = await startImport(context, acme, { file: id, dryRun }, by);
      await runImport(context, job.id);
    };
    try {
      await withoutStall(stall, () => work(true));
      await withoutStall(stall, () => work(false));
      await withoutStall(stall, async () => {
        const content = await exportFile(context, acme, {
          kind: 'users',
          preset: 'kintone',
          language: 'ja',
          encoding: 'shift_jis',
          mark: false,
          delimiter: 'comma',
          neutralise: true,
          header: true,
        });
        let bytes = 0;
        for await (const piece of content) bytes += piece.length;
        expect(bytes).toBeGreaterThan(300_000);
      });
    } finally {
      stall.stop();
    }
  }, 200_000);
});
