/**
 * The commit on SQLite when the process dies: at every statement of every change, as the files lie on the disk at that moment and by a
 * real SIGKILL. The change is there or it is not, and repeated it is there once. gate.md 11, C03 and K01.
 */
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFull } from '../../harness/test-scale.ts';
import { createSide, sideRecordKinds } from '../../provisioning/relayed-write-side.ts';
import { operations } from './crash-operations.ts';
import { expectWholeOrNothing, rehearse, setScene } from './crash-scene.ts';
import { runCrashingChild } from './crashing-child.ts';
import { type LookOn, openWatchedStorage } from './statement-hook.ts';

const folder = mkdtempSync(join(tmpdir(), 'furlough-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${(files += 1)}.db`);
const open = async (path: string) => createSide(await openSqliteStorage({ path, recordKinds: sideRecordKinds }));

/** The files as they are now: what a process that starts after a crash finds. The index of the log is made anew from the log. */
function copy(from: string): string {
  const to = newPath();
  for (const part of ['', '-wal']) if (existsSync(`${from}${part}`)) copyFileSync(`${from}${part}`, `${to}${part}`);
  return to;
}

describe.each(operations)('$name', (operation) => {
  test('K01 C03 the files at every statement hold all of it or nothing, and repeating gives it once', async () => {
    const path = newPath();
    const look: { on?: LookOn } = {};
    const side = createSide((await openWatchedStorage(path, look)).storage);
    const pictures = await rehearse(side, operation);
    const scene = await setScene(side, operation);
    const images: { path: string; answered: boolean; sql: string }[] = [];
    look.on = (moment, sql) => {
      if (moment === 'after') images.push({ path: copy(path), answered: false, sql });
    };
    await operation.run(side, scene);
    delete look.on;
    images.push({ path: copy(path), answered: true, sql: 'answered' });
    await side.storage.close();
    expect(images.filter(({ sql }) => sql === 'COMMIT').length).toBeGreaterThanOrEqual(1);
    for (const image of images) {
      const after = await open(image.path);
      await expectWholeOrNothing(after, scene, operation, pictures, image.answered);
      await after.storage.close();
    }
  });

  test('K01 C03 a process killed on the way leaves all of it or nothing, and repeating gives it once', async () => {
    const path = newPath();
    const side = await open(path);
    const pictures = await rehearse(side, operation);
    const scene = await setScene(side, operation);
    await side.storage.close();
    const whole = copy(path);
    const { killed, answer } = await runCrashingChild(whole, operation, scene);
    expect(killed).toBe(false);
    // The control: undisturbed it is answered, by a connection that brings its log to the disk after every commit.
    expect(answer).toMatchObject({ isFlushed: true, journal: 'wal' });
    const places = answer?.places ?? 0;
    expect(places).toBeGreaterThan(10);
    const last = await open(whole);
    await expectWholeOrNothing(last, scene, operation, pictures, true);
    await last.storage.close();

    const everyPlace = Array.from({ length: places }, (_, n) => n + 1);
    const chosen = isFull ? everyPlace : [Math.ceil(places / 2)];
    for (const place of chosen) {
      const struck = copy(path);
      const child = await runCrashingChild(struck, operation, scene, place);
      expect(child).toEqual({ killed: true, answer: null });
      const after = await open(struck);
      await expectWholeOrNothing(after, scene, operation, pictures, false);
      await after.storage.close();
    }
  }, 1_800_000);
});
