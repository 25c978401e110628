// A large file is taken in, run dry and exported piece by piece: memory does not grow with it, and the event loop turns.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportFile } from '#import-export/export-file.ts';
import { startImport } from '#import-export/import-jobs.ts';
import { receiveFile } from '#import-export/receive-file.ts';
import { runImport } from '#import-export/run-import.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { acme } from '../admin/admin-house.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { watchLoopStall, withoutStall } from '../harness/loop-stall.ts';
import { requireTestMongo } from '../harness/mongo-for-tests.ts';
import { runs } from '../harness/test-scale.ts';
import { openImportWorld, type ImportWorld } from './import-world.ts';
import type { LargeFileReport } from './large-file-process.ts';

/** Of a row of the file only a digest and a line number may stay, until the file is through. */
const mostPerRow = 150;
const script = join(process.cwd(), 'test/import-export/large-file-process.ts');
const folder = mkdtempSync(join(tmpdir(), 'furlough-large-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
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
  const cellLength = rows > 3_000 ? 550 : 4_000;
  /** What compiled code and the like come to hold meanwhile. */
  const slack = 6 * 1024 * 1024;
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open(), null);
  });
  afterEach(async () => void (await world.stop()));

  test('is never in memory as a whole, on the way in, while it is worked on, and in its result', async () => {
    const address = kind === 'sqlite' ? join(folder, 'people.db') : requireTestMongo().freshDatabaseUri();
    const flags = ['--no-warnings', '--import', 'tsx', '--expose-gc'];
    const child = spawn(process.execPath, [...flags, script, address, `${rows}`, `${cellLength}`], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const exit = once(child, 'exit');
    const [report] = (await Promise.race([once(child, 'message'), exit])) as [LargeFileReport];
    expect(await exit).toEqual([0, null]);
    expect(report).toMatchObject({
      rows,
      encoding: 'utf-8',
      job: { state: 'done', outcomes: { changed: rows }, seats: { change: rows } },
      resultLines: rows + 1,
    });
    expect(Math.min(...report.looks)).toBeGreaterThan(1);
    expect(report.received).toBeLessThan(slack + rows * mostPerRow);
    expect(report.worked).toBeLessThan(slack);
    expect(report.shown).toBeLessThan(slack);
    // What the file weighs, so that this would fail if it were held.
    expect(report.fileBytes).toBeGreaterThan((slack + rows * mostPerRow) * 1.5);
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
