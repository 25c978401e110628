/**
 * The power fails while SQLite's log is on its way to the disk: whatever part of it arrived, the store opens as it was after a whole
 * transaction, and none is lost whose frames were all there when it was answered. https://sqlite.org/walformat.html
 */
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { DatabaseSync } from '@photostructure/sqlite';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isFull } from '../../harness/test-scale.ts';
import { createSide, sideRecordKinds } from '../../provisioning/relayed-write-side.ts';
import { operations } from './crash-operations.ts';
import { expectNeverOver, recover, setScene } from './crash-scene.ts';
import { type LookOn, openWatchedStorage } from './statement-hook.ts';

const folder = mkdtempSync(join(tmpdir(), 'furlough-power-'));
afterAll(() => rmSync(folder, { recursive: true }));

const logHeader = 32;
const frameHeader = 24;

/** Everything in every table, as text. */
function dump(path: string): string {
  const database = new DatabaseSync(path);
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all();
  const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM ${String(name)}`).all()]);
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  database.close();
  return JSON.stringify(rows);
}

/** The driver keeps a closed file open until its statements are collected; thousands of files are too many to wait for that. */
const collect = ((): (() => Promise<void>) => {
  setFlagsFromString('--expose-gc');
  const garbage = runInNewContext('gc') as () => void;
  let opened = 0;
  return async () => {
    opened += 1;
    if (opened % 100 !== 0) return;
    garbage();
    await new Promise((resolve) => setImmediate(resolve));
  };
})();

interface Committed {
  /** How long the log was when the transaction was answered. */
  readonly bytes: number;
  readonly state: string;
}

/** Every operation once, undisturbed; the files as they were, and what was committed by which length of the log. */
async function record() {
  const path = join(folder, 'whole.db');
  const look: { on?: LookOn } = {};
  const { storage, connection } = await openWatchedStorage(path, look);
  connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  let copies = 0;
  const present = (): Committed => {
    // A new name each time: the driver may still have the one before open.
    const copied = join(folder, `copy${(copies += 1)}.db`);
    for (const part of ['', '-wal']) copyFileSync(`${path}${part}`, `${copied}${part}`);
    return { bytes: statSync(`${path}-wal`).size, state: dump(copied) };
  };
  const base = readFileSync(path);
  const commits = [present()];
  look.on = (moment, sql) => {
    if (moment === 'after' && sql === 'COMMIT') commits.push(present());
  };
  const side = createSide(storage);
  const scenes = [];
  for (const operation of operations) {
    const scene = await setScene(side, operation);
    await operation.run(side, scene);
    scenes.push(scene);
  }
  delete look.on;
  const log = readFileSync(`${path}-wal`);
  // Nothing was written back meanwhile: the log alone tells what happened since `base`.
  expect(readFileSync(path).equals(base)).toBe(true);
  await storage.close();
  return { base, log, commits, scenes };
}

describe('the power fails while the log is written', () => {
  let whole: Awaited<ReturnType<typeof record>>;
  let frame: number;
  let tries = 0;
  beforeAll(async () => {
    whole = await record();
    frame = frameHeader + whole.base.readUInt16BE(16);
  });

  const write = (log: Buffer): string => {
    const path = join(folder, `torn${(tries += 1)}.db`);
    writeFileSync(path, whole.base);
    writeFileSync(`${path}-wal`, log);
    return path;
  };
  const remove = (path: string): Promise<void> => {
    for (const part of ['', '-wal', '-shm']) rmSync(`${path}${part}`, { force: true });
    return collect();
  };
  /** The state of the last transaction whose frames all lie within so many bytes. */
  const stateAt = (bytes: number): string => {
    const state = whole.commits.findLast((commit) => commit.bytes <= bytes)?.state;
    return state ?? whole.commits[0]?.state ?? '';
  };
  const frames = (): number[] => {
    const count = (whole.log.length - logHeader) / frame;
    expect(Number.isInteger(count)).toBe(true);
    return Array.from({ length: count }, (_, n) => logHeader + n * frame);
  };

  test('K01 the log holds every transaction by the time it is answered', () => {
    expect(whole.commits.length).toBeGreaterThan(30);
    expect(frames().length).toBeGreaterThan(100);
    for (const [n, commit] of whole.commits.entries()) {
      const before = whole.commits[n - 1];
      // One that found nothing to write leaves nothing in the log.
      if (before?.state === commit.state) expect(commit.bytes).toBe(before.bytes);
      else expect(commit.bytes).toBeGreaterThanOrEqual((before?.bytes ?? -frame) + frame);
    }
  });

  test('K01 cut off anywhere, the log gives the last whole transaction before the cut, and never a part of one', async () => {
    const places = [0, 1, 12, frameHeader - 1, frameHeader, frameHeader + 1, frame / 2, frame - 512, frame - 1];
    for (const [n, start] of frames().entries()) {
      if (!isFull && n % 2 === 1) continue;
      const chosen = isFull ? places : [places[(n / 2) % places.length] ?? 0];
      for (const more of chosen) {
        const cut = Math.floor(start + more);
        const path = write(whole.log.subarray(0, cut));
        expect([cut, dump(path) === stateAt(cut)]).toEqual([cut, true]);
        await remove(path);
      }
    }
    const path = write(whole.log);
    expect(dump(path)).toBe(whole.commits.at(-1)?.state);
    await remove(path);
  }, 1_800_000);

  test('K01 a piece of the log that never arrived takes its own transaction with it and what came after, nothing before', async () => {
    const pieces = [
      [0, frameHeader],
      [0, frame],
      [frameHeader, 512],
      [frame - 512, 512],
    ];
    for (const [n, start] of frames().entries()) {
      if (!isFull && n % 4 !== 0) continue;
      const chosen = isFull ? pieces : [pieces[(n / 4) % pieces.length] ?? []];
      for (const [from = 0, length = 0] of chosen) {
        const log = Buffer.from(whole.log);
        const piece = log.subarray(start + from, start + from + length);
        for (const [at, byte] of piece.entries()) piece[at] = 255 - byte;
        const path = write(log);
        expect([start, dump(path) === stateAt(start)]).toEqual([start, true]);
        await remove(path);
      }
    }
  }, 1_800_000);

  test('K01 the store goes on from any cut: nobody over, what was left is done by the sweeps', async () => {
    for (const [n, { bytes }] of whole.commits.entries()) {
      if (!isFull && n % 8 !== 0) continue;
      const path = write(whole.log.subarray(0, bytes + frame / 2));
      const storage = await openSqliteStorage({ path, recordKinds: sideRecordKinds });
      const side = createSide(storage);
      // The claims of the relay that died have run out.
      const clock = new DatabaseSync(path);
      clock.exec('UPDATE outbox SET due_at = 0');
      clock.close();
      for (const scene of whole.scenes) {
        if ((await storage.organizations.get(scene.organization)) === null) continue;
        await expectNeverOver(storage, scene.organization);
        await recover(side, scene);
        await expectNeverOver(storage, scene.organization);
        expect((await side.audit.verify(scene.organization)).intact).toBe(true);
      }
      expect(await storage.effects.backlog()).toBe(0);
      await storage.close();
      await remove(path);
    }
  }, 1_800_000);
});
