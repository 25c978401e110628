/** Several processes on one database file: one serves, commands work beside it, and whoever is killed leaves nothing half done. */
import { DatabaseSync } from '@photostructure/sqlite';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { acquireServeLock } from '#storage/sqlite/sqlite-serve-lock.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { dismiss, expectUsed, hire, insert, makeUser, openOrganization } from '../contract/contract-world.ts';
import { compileProgram } from '../../harness/compiled-program.ts';

const unavailable = expect.objectContaining({ name: 'StorageError', code: 'unavailable' }) as Error;

describe('several processes on one file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-sqlite-'));
  const script = join(process.cwd(), 'test/storage/sqlite/second-process.ts');
  const children: ChildProcess[] = [];
  let path: string;
  let files = 0;
  beforeEach(() => {
    files += 1;
    path = join(folder, `${files}.db`);
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map(end));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Starts a second process; `line` waits for its next line. */
  const start = (...task: string[]) => {
    const child = spawn(process.execPath, ['--no-warnings', compileProgram(script), path, ...task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, line: async () => (await lines.next()).value };
  };
  const end = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const open = () => openSqliteStorage({ path, recordKinds: [] });

  test('a second server is refused while the first lives, commands are not, and death frees the place', async () => {
    const first = start('serve');
    expect(await first.line()).toBe('ready');
    await expect(openSqliteStorage({ path, recordKinds: [], exclusiveServe: true })).rejects.toEqual(unavailable);
    await expect(acquireServeLock(path)).rejects.toThrow(/already serves/);
    const command = await open();
    const organization = await openOrganization(command, 1);
    await hire(command, organization);
    await command.close();
    await expect(acquireServeLock(path)).rejects.toEqual(unavailable);
    await end(first.child);
    const second = await openSqliteStorage({ path, recordKinds: [], exclusiveServe: true });
    await expectUsed(second, organization, 1);
    await expect(acquireServeLock(path)).rejects.toEqual(unavailable);
    await second.close();
    (await acquireServeLock(path)).release();
  });

  test('while another process holds the write lock reads go on and the event loop runs; writes wait, then fail whole', async () => {
    const storage = await open();
    const organization = await openOrganization(storage, 5);
    const user = await hire(storage, organization);
    const other = start('lock');
    expect(await other.line()).toBe('ready');
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 10);
    const writes = Promise.allSettled([
      dismiss(storage, user),
      insert(storage, makeUser(organization), { seat: 'take' }),
      storage.leases.acquire('sweep', 'me', 1_000),
    ]);
    expect(await storage.users.get(organization, user.id)).toEqual(user);
    expect(await storage.effects.claimDue(10, 1_000)).toEqual([]);
    await expect(storage.ping()).resolves.toBeUndefined();
    const outcomes = await writes;
    clearInterval(turning);
    expect(turns).toBeGreaterThan(50);
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason: unavailable })));
    await expectUsed(storage, organization, 1);
    expect(await storage.users.get(organization, user.id)).toEqual(user);

    const waiting = dismiss(storage, user);
    await end(other.child);
    expect((await waiting).kind).toBe('committed');
    await expectUsed(storage, organization, 0);
    await storage.close();
  });

  test('two processes and this one take 30 seats at the same time: exactly 30 are taken', async () => {
    const storage = await open();
    const organization = await openOrganization(storage, 30);
    const others = [start('hire', organization, '25'), start('hire', organization, '25')];
    for (const other of others) expect(await other.line()).toBe('ready');
    let hired = 0;
    for (let n = 0; n < 25; n += 1) {
      if ((await insert(storage, makeUser(organization), { seat: 'take' })).kind === 'committed') hired += 1;
    }
    for (const other of others) hired += Number(/^done (\d+)$/.exec((await other.line()) as string)?.[1]);
    expect(hired).toBe(30);
    await expectUsed(storage, organization, 30);
    expect(await storage.users.count(organization)).toBe(30);
    await storage.close();
  });

  test('a process killed in the middle of its writes leaves users, seats and effects that agree', async () => {
    const storage = await open();
    const organization = await openOrganization(storage, null);
    for (let round = 0; round < 3; round += 1) {
      const other = start('churn', organization);
      expect(await other.line()).toBe('ready');
      const before = await storage.users.count(organization);
      while ((await storage.users.count(organization)) < before + 20) await new Promise((go) => setImmediate(go));
      await end(other.child);
    }
    const count = await storage.users.count(organization);
    expect(count).toBeGreaterThanOrEqual(60);
    await expectUsed(storage, organization, count);
    expect(await storage.effects.backlog()).toBe(count);
    expect(await storage.users.list(organization, { limit: 10_000 })).toHaveLength(count);
    const unexpected = (): never => {
      throw new Error('no repair was due');
    };
    expect((await storage.seats.recount(organization, unexpected)).outcome).toBe('exact');
    await storage.close();
    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    database.close();
  });
});
