/**
 * Random histories of a directory by every mouth of the write side, with deaths on the way, against a simple model: the same people
 * active, the same seats used, the same order of waiting, no drift. A failure prints the seed and the shortest history found.
 */
import fc from 'fast-check';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFull, runsOn } from '../harness/test-scale.ts';
import { sideRecordKinds } from '../provisioning/relayed-write-side.ts';
import { liveThrough } from './directory-history.ts';
import { openMortalSqlite } from './mortal-store.ts';
import { histories, length } from './random-history.ts';

// Nobody cuts the power here: what a disk takes to flush would be most of the time.
const memory = '/dev/shm';

test('C02 the write side on SQLite behaves like the model, whatever dies on the way', async () => {
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'furlough-model-'));
  let files = 0;
  const property = fc.asyncProperty(histories(length, isFull ? 10 : 2), fc.nat(3), async (steps, licensed) => {
    const path = join(folder, `${(files += 1)}.db`);
    const store = await openMortalSqlite(path, sideRecordKinds);
    try {
      await liveThrough(store, steps, licensed);
    } finally {
      await store.close();
      for (const part of ['', '-wal', '-shm']) rmSync(`${path}${part}`, { force: true });
    }
  });
  await fc.assert(property, { numRuns: runsOn('sqlite', 8, 1_000) });
  rmSync(folder, { recursive: true });
}, 7_200_000);
