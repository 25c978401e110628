// D01 on SQLite, at the doors of a whole server: its file is locked by another process, the disk is full, nothing can be written, or it is
// read-only from the start. Whoever is locked out stays out, reads go on, writes are refused whole, and all works again by itself.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { House, Server } from '#server.ts';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  newUser,
  startServerProcess,
  type ProcessStore,
} from '../harness/server-process.ts';
import { runsOn } from '../harness/test-scale.ts';
import { endPrograms, startProgram } from '../package/started-program.ts';
import {
  askAll,
  expectClosed,
  expectSoonOpen,
  expectWhole,
  setScene,
  untilOpen,
  whileWatched,
  type Scene,
} from './outage-scene.ts';
import { canLimitFiles, fillDisk, lockFile, mountSmallDisk, refuseWrites, type FileFault } from './sqlite-faults.ts';

const isRoot = process.getuid?.() === 0;
const canMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
    execFileSync('umount', [folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

/** Root may write what is read-only, unless it gives that up. */
const withoutOverride = ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner'];
const canBeRefused = ((): boolean => {
  if (!isRoot) return true;
  try {
    execFileSync(withoutOverride[0] ?? '', [...withoutOverride.slice(1), 'true'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
})();

/** Where a fault cannot be made it is skipped, loudly; never under CI. */
function testWhere(possible: boolean, missing: string): typeof test {
  if (possible) return test;
  if (process.env['CI'] === 'true') throw new Error(`D01 needs ${missing}`);
  console.error(`SKIPPED: a part of D01 on SQLite, for it needs ${missing}.`);
  return test.skip as typeof test;
}

describe('a whole server whose SQLite file cannot be used', () => {
  let store: ProcessStore;
  let disk: FileFault | null = null;
  let scene: Scene;
  let beside: { readonly house: House; readonly server: Server };
  let folder: string;
  let path: string;

  beforeAll(async () => {
    buildProgram();
    store = createProcessStore('sqlite');
    path = store.path ?? '';
    folder = dirname(path);
    if (canMount) disk = mountSmallDisk(folder, 16);
    const server = await startServerProcess(store);
    await server.ready;
    beside = await store.openBeside();
    scene = await setScene(server, store, beside.house);
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    await beside.server.stop();
    await disk?.end();
    store.remove();
  });

  const rounds = runsOn('sqlite', 1, 10);
  async function suffer(name: string, begin: () => Promise<FileFault> | FileFault): Promise<void> {
    const recoveries: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const label = `${name}-${round}`;
      await whileWatched(scene, async () => {
        const fault = await begin();
        try {
          expectClosed(await askAll(scene, `${label}@example.com`), 'go on');
        } finally {
          await fault.end();
        }
        recoveries.push(await untilOpen(scene, label));
      });
    }
    expectSoonOpen(`SQLite ${name}`, recoveries);
  }
  const timeout = 60_000 + rounds * 40_000;

  test(
    `D01 locked by another process: reads go on, writes are refused, and all works again without a restart (${rounds} rounds)`,
    () => suffer('locked', () => lockFile(path)),
    timeout,
  );

  testWhere(canMount, 'the right to mount a tmpfs')(
    `D01 a full disk: reads go on, writes are refused, and all works again without a restart (${rounds} rounds)`,
    () => suffer('full', () => fillDisk(folder)),
    timeout,
  );

  testWhere(canLimitFiles, 'prlimit')(
    `D01 no file can be written: reads go on, writes are refused, and all works again without a restart (${rounds} rounds)`,
    () => suffer('unwritable', () => refuseWrites(scene.server.program.pid)),
    timeout,
  );

  test('D01 after all of it: seats exact, everybody whose creation was written has one entry, the chain whole', async () => {
    await expectWhole(scene, beside);
  }, 200_000);
});

describe('a SQLite file that is read-only when the server starts', () => {
  afterAll(() => endPrograms());

  testWhere(canBeRefused, 'setpriv')(
    'D01 the server refuses to start with exit code 5 and leaves the file as it is; writable again, it starts with everything',
    async () => {
      buildProgram();
      const store = createProcessStore('sqlite');
      const path = store.path ?? '';
      const first = await startServerProcess(store);
      await first.ready;
      const { body } = await first.scim('POST', '/Users', newUser('kept@example.com'));
      await first.stop();
      const before = readFileSync(path);
      // A server that ended in order leaves these two, and no log.
      const files = [path, `${path}.serve`];
      expect(readdirSync(dirname(path)).toSorted()).toEqual(files.map((file) => basename(file)));
      for (const file of files) chmodSync(file, 0o400);
      chmodSync(dirname(path), 0o500);
      const [code, words] = await startRefused(store);
      chmodSync(dirname(path), 0o700);
      for (const file of files) chmodSync(file, 0o600);
      expect([code, words]).toEqual([5, expect.stringContaining('Storage does not answer')]);
      expect(readFileSync(path).equals(before)).toBe(true);
      const again = await startServerProcess(store);
      await again.ready;
      expect((await again.scim('GET', `/Users/${body['id']}`)).body['active']).toBe(true);
      await again.stop();
      store.remove();
    },
    120_000,
  );

  testWhere(canBeRefused, 'setpriv')(
    'D01 a lock file that is read-only by itself: no server starts, for it could not keep a second one away',
    async () => {
      buildProgram();
      const store = createProcessStore('sqlite');
      const first = await startServerProcess(store);
      await first.ready;
      await first.stop();
      chmodSync(`${store.path}.serve`, 0o400);
      const [code, words] = await startRefused(store);
      expect([code, words]).toEqual([5, expect.stringContaining('cannot be written')]);
      store.remove();
    },
    120_000,
  );
});

/** Starts a server that may write only what its account may; answers how it ended, and its words. */
async function startRefused(store: ProcessStore): Promise<readonly [number | NodeJS.Signals | null, string]> {
  const program = startProgram(
    [...(isRoot ? withoutOverride : []), process.execPath, '--no-warnings', 'dist/main.js'],
    { cwd: process.cwd(), environment: { ...store.environment, PORT: '0' } },
  );
  return [await program.ended, program.output()];
}
