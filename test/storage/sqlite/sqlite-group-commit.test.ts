/** Writes share a transaction and a flush, and nobody is answered before it: with a log whose flush can be held and can fail. */
import { openConnection, openDatabase, type SqliteConnection } from '#storage/sqlite/sqlite-transaction.ts';
import { createLogFlush, type LogFlush } from '#storage/sqlite/sqlite-log-flush.ts';
import { migrateSchema } from '#storage/sqlite/sqlite-schema.ts';
import { DatabaseSync } from '@photostructure/sqlite';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../harness/eventually.ts';

const unavailable = expect.objectContaining({ name: 'StorageError', code: 'unavailable' }) as Error;

describe('the group commit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-group-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  let path: string;
  let connection: SqliteConnection;
  let flushes: { resolve: () => void; reject: (error: Error) => void }[];
  let isHeld: boolean;
  const held: LogFlush = {
    flush: () =>
      isHeld ? new Promise<void>((resolve, reject) => flushes.push({ resolve, reject })) : createLogFlush(path).flush(),
    close: () => undefined,
  };
  beforeEach(async () => {
    path = join(folder, `${(files += 1)}.db`);
    flushes = [];
    isHeld = false;
    connection = openConnection(path, openDatabase(path), held);
    await migrateSchema(connection);
    connection.exec('CREATE TABLE step (name TEXT PRIMARY KEY) STRICT; PRAGMA wal_checkpoint(TRUNCATE)');
    isHeld = true;
  });
  afterEach(() => connection.close());

  const add = (name: string) =>
    connection.write(() => connection.prepare('INSERT INTO step VALUES (?)').run(name) === 1 && name);
  const stored = (from: string): unknown[] => {
    const database = new DatabaseSync(from);
    const rows = database.prepare('SELECT name FROM step ORDER BY name').all();
    database.close();
    return rows.map(({ name }) => name);
  };
  /** The database file without its log. */
  const storedWithoutLog = (): unknown[] => {
    const copy = `${path}.copy${(files += 1)}`;
    copyFileSync(path, copy);
    return stored(copy);
  };
  const heldFlush = () => eventually(() => flushes.shift() ?? null);
  const outcomes: string[] = [];
  const watch = (name: string): Promise<void> =>
    add(name).then(
      () => void outcomes.push(name),
      () => void outcomes.push(`not ${name}`),
    );
  beforeEach(() => void outcomes.splice(0));

  test('nobody is answered before the flush, who comes meanwhile shares the next one, and reads go on', async () => {
    const early = [watch('a'), watch('b')];
    const first = await heldFlush();
    const late = [watch('c'), watch('d')];
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([outcomes, flushes.length]).toEqual([[], 0]);
    const names = await connection.read(() => connection.prepare('SELECT name FROM step ORDER BY name').all());
    expect(names).toHaveLength(2);
    first.resolve();
    await Promise.all(early);
    expect(outcomes).toEqual(['a', 'b']);
    (await heldFlush()).resolve();
    await Promise.all(late);
    expect(outcomes).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a group in which nothing was written because all failed needs no flush', async () => {
    const failing = connection.write(() => {
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(flushes).toHaveLength(0);
  });

  test('one that fails among others is told after the flush, and takes nothing with it', async () => {
    const [good, bad] = [watch('a'), watch('a')];
    (await heldFlush()).resolve();
    await Promise.all([good, bad]);
    expect(outcomes).toEqual(['a', 'not a']);
  });

  test('after a flush that failed nobody of its group is told that it is stored, and the log is written back first', async () => {
    const lost = add('a');
    (await heldFlush()).reject(new Error('the disk says no'));
    await expect(lost).rejects.toEqual(unavailable);
    expect(storedWithoutLog()).toEqual([]);
    const next = watch('b');
    const flush = await heldFlush();
    // What the flush before may have lost is in the file itself by now.
    expect(storedWithoutLog()).toEqual(['a']);
    flush.resolve();
    await next;
    expect(stored(path)).toEqual(['a', 'b']);
  });

  test('what can be read is settled once it is on the disk, and not before', async () => {
    await connection.settled();
    const wrote = watch('a');
    const first = await heldFlush();
    let isSettled = false;
    const settled = connection.settled().then(() => (isSettled = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isSettled).toBe(false);
    first.resolve();
    await Promise.all([wrote, settled]);
  });

  test('after a flush that failed nothing is settled until the log is written back', async () => {
    const lost = add('a');
    const first = await heldFlush();
    const early = connection.settled();
    first.reject(new Error('the disk says no'));
    await expect(lost).rejects.toEqual(unavailable);
    // Both ask for all that was read to be brought to the disk, and the disk still says no.
    const late = connection.settled();
    (await heldFlush()).reject(new Error('still no'));
    await expect(early).rejects.toEqual(unavailable);
    await expect(late).rejects.toEqual(unavailable);
    const last = connection.settled();
    (await heldFlush()).resolve();
    await last;
    expect(storedWithoutLog()).toEqual(['a']);
  });

  test('while somebody reads the log it cannot be written back, and writes wait for that', async () => {
    const lost = add('a');
    (await heldFlush()).reject(new Error('the disk says no'));
    await expect(lost).rejects.toEqual(unavailable);
    const reader = new DatabaseSync(path);
    reader.exec('BEGIN; SELECT * FROM step');
    reader.prepare('SELECT * FROM step').all();
    const next = watch('b');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([outcomes, flushes.length]).toEqual([[], 0]);
    reader.exec('COMMIT');
    reader.close();
    (await heldFlush()).resolve();
    await next;
    expect(outcomes).toEqual(['b']);
  });

  test('the flush of a file reaches its log; one that is not there, or closed under it, is no success', async () => {
    isHeld = false;
    await add('a');
    const log = createLogFlush(path);
    await log.flush();
    await log.flush();
    log.close();
    await log.flush();
    log.close();
    await expect(createLogFlush(join(folder, 'nowhere.db')).flush()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
