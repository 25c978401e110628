/** The database file of the embedded store: how it is made, kept, recognised and refused. */
import { DatabaseSync } from '@photostructure/sqlite';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { migrations, schemaVersion } from '#storage/sqlite/sqlite-schema.ts';
import {
  atOnce,
  committed,
  contractRecordKinds,
  expectUsed,
  hire,
  insert,
  makeEffect,
  makeUser,
  openOrganization,
  things,
} from '../contract/contract-world.ts';
import { makeSeatEvent } from '../contract/seat-event-store.ts';

const incompatible = expect.objectContaining({ name: 'StorageError', code: 'incompatible' }) as Error;
const unavailable = expect.objectContaining({ name: 'StorageError', code: 'unavailable' }) as Error;

describe('the database file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-sqlite-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let path: string;
  let files = 0;
  beforeEach(() => {
    files += 1;
    path = join(folder, `${files}.db`);
  });
  const open = () => openSqliteStorage({ path, recordKinds: contractRecordKinds });
  const withDatabase = <Value>(work: (database: InstanceType<typeof DatabaseSync>) => Value): Value => {
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };

  test('file and folders are made for this account only', async () => {
    path = join(folder, 'deep', 'er', 'furlough.db');
    const storage = await open();
    expect(statSync(join(folder, 'deep', 'er')).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await storage.close();
  });

  test('a file behind a link is written, and served once by whatever name', async () => {
    await (await open()).close();
    const target = path;
    path = `${target}.link`;
    symlinkSync(target, path);
    const storage = await openSqliteStorage({ path, recordKinds: contractRecordKinds, exclusiveServe: true });
    const organization = await openOrganization(storage, 1);
    await expect(
      openSqliteStorage({ path: target, recordKinds: contractRecordKinds, exclusiveServe: true }),
    ).rejects.toEqual(unavailable);
    await storage.close();
    path = target;
    const again = await open();
    expect((await again.organizations.get(organization))?.id).toBe(organization);
    await again.close();
  });

  test('a closed file has everything: nothing is left in the log beside it', async () => {
    const storage = await open();
    const organization = await openOrganization(storage, 1);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    await storage.close();
    if (existsSync(`${path}-wal`)) expect(statSync(`${path}-wal`).size).toBe(0);
    copyFileSync(path, `${path}.copy`);
    path = `${path}.copy`;
    const copy = await open();
    expect((await copy.organizations.get(organization))?.id).toBe(organization);
    await copy.close();
  });

  test('whoever takes over after a crash writes the log back before anything else', async () => {
    const storage = await open();
    const organization = await openOrganization(storage, 1);
    const crashed = `${path}.crashed`;
    for (const part of ['', '-wal']) copyFileSync(`${path}${part}`, `${crashed}${part}`);
    await storage.close();
    path = crashed;
    const next = await open();
    await next.takeOver();
    path = `${crashed}.alone`;
    copyFileSync(crashed, path);
    const alone = withDatabase((database) => database.prepare('SELECT id FROM organization').all());
    expect(alone).toEqual([{ id: organization }]);
    await next.close();
  });

  test('what was written is there after a restart', async () => {
    const first = await open();
    expect(await first.isEmpty()).toBe(true);
    const organization = await openOrganization(first, 3);
    const user = await hire(first, organization);
    await first.records(things).insert({ id: 'r', organizationId: organization, value: { colour: 'red' } });
    await first.close();
    const second = await open();
    expect(await second.isEmpty()).toBe(false);
    expect(await second.users.get(organization, user.id)).toEqual(user);
    expect((await second.records(things).get('r', 0))?.value).toEqual({ colour: 'red' });
    await expectUsed(second, organization, 1);
    await second.close();
  });

  test('what a serving process had claimed and leased when it died is free for the next one', async () => {
    const first = await open();
    const organization = await openOrganization(first, 3);
    await committed(insert(first, makeUser(organization), { effects: [makeEffect(organization)] }));
    expect(await first.effects.claimDue(10, 60_000)).toHaveLength(1);
    expect(await first.leases.acquire('job', 'first', 60_000)).toEqual({ fence: 1 });
    await first.close();
    const second = await open();
    expect(await second.effects.claimDue(10, 60_000)).toEqual([]);
    expect(await second.leases.acquire('job', 'second', 60_000)).toBeNull();
    await second.takeOver();
    expect(await second.leases.acquire('job', 'second', 60_000)).toEqual({ fence: 2 });
    const [claim] = await second.effects.claimDue(10, 60_000);
    expect(claim?.effects).toHaveLength(1);
    await second.close();
  });

  test('five that open a new file at once all find it ready', async () => {
    const storages = await atOnce(5, open);
    const [first] = storages;
    if (first === undefined) throw new Error('unreachable');
    const organization = await openOrganization(first, 1);
    for (const storage of storages) expect((await storage.organizations.get(organization))?.id).toBe(organization);
    for (const storage of storages) await storage.close();
  });

  test('every commit reaches the disk before it is answered', async () => {
    const storage = await open();
    expect(withDatabase((database) => database.prepare('PRAGMA journal_mode').get())).toEqual({ journal_mode: 'wal' });
    const organization = await openOrganization(storage, 1);
    const seen = withDatabase((database) => database.prepare('SELECT id FROM organization').all());
    expect(seen).toEqual([{ id: organization }]);
    await storage.close();
  });

  /** A file as the version of this number left it. */
  const makeFileOf = (version: number, rows: readonly (readonly [sql: string, ...values: (string | number)[]])[]) =>
    withDatabase((database) => {
      for (const migration of migrations.slice(0, version)) database.exec(migration);
      database.exec(`PRAGMA application_id = 0x4675726c; PRAGMA user_version = ${version}`);
      for (const [sql, ...values] of rows) database.prepare(sql).run(...values);
    });

  test('a file of before people were found by employee number finds them after it is opened', async () => {
    const columns = 'row, organization, id, revision, epoch, active, status, seat, holds, body';
    const values = `VALUES (?, 'acme', ?, 1, 0, 1, 'active', 'none', '[]', ?)`;
    const insertUser = `INSERT INTO user (${columns}) ${values}`;
    const body = (enterprise: object) => JSON.stringify({ profile: { userName: 'x', enterprise }, provisionedBy: [] });
    makeFileOf(3, [
      [insertUser, 1, 'aoki', body({ employeeNumber: 'E-1' })],
      [insertUser, 2, 'baba', body({ costCenter: '1' })],
    ]);
    const storage = await open();
    const found = await storage.users.findByKey('acme' as OrganizationId, { kind: 'employeeNumber', value: 'E-1' });
    expect(found.map(({ id }) => id)).toEqual(['aoki']);
    await storage.close();
  });

  test('whoever was written by a program that knew fewer keys is found by all of them after the next change, whatever it changes', async () => {
    const acme = 'acme' as OrganizationId;
    const key = { kind: 'externalId', value: 'X-1' } as const;
    const columns = 'row, organization, id, revision, epoch, active, status, seat, holds, body, user_name_key';
    const body = { profile: { userName: 'x', externalId: 'X-1' }, provisionedBy: [], roles: [], createdAt: 1 };
    const values = `VALUES (1, 'acme', 'aoki', 1, 0, 1, 'active', 'none', '[]', ?, 'x')`;
    makeFileOf(9, [[`INSERT INTO user (${columns}) ${values}`, JSON.stringify(body)]]);
    const storage = await open();
    const change = async (modifiedAt: number) => {
      const before = (await storage.users.get(acme, 'aoki' as UserId))!;
      const user = { ...before, modifiedAt };
      const guard = { expectedRevision: before.revision, before };
      expect(await storage.users.commit({ user, ...guard, seat: 'keep', effects: [] })).toMatchObject({
        kind: 'committed',
      });
      return (await storage.users.findByKey(acme, key)).map(({ id }) => id);
    };
    expect(await storage.users.findByKey(acme, key)).toEqual([]);
    expect(await change(2)).toEqual(['aoki']);
    expect(await change(3)).toEqual(['aoki']);
    await storage.close();
  });

  test('what waited to be carried out in a file of before effects shared a row still does, in its order', async () => {
    const acme = 'acme' as OrganizationId;
    const [first, second, third] = [makeEffect(acme, 'first 🍜'), makeEffect(acme, 'second\n"line"'), makeEffect(acme)];
    const insertSource =
      'INSERT INTO effect_source (source, organization, claim, leased, due_at) VALUES (?, ?, ?, 1, ?)';
    const insertEffect = 'INSERT INTO effect (source, id, attempts, body) VALUES (?, ?, ?, ?)';
    makeFileOf(5, [
      [insertSource, 'user/acme/aoki', 'acme', 'claimed', Date.now() + 1_000_000],
      [insertSource, 'ledger/acme', 'acme', 'claimed', 0],
      [insertEffect, 'user/acme/aoki', second.id, 3, JSON.stringify(second)],
      [insertEffect, 'ledger/acme', third.id, 0, JSON.stringify(third)],
      [insertEffect, 'user/acme/aoki', first.id, 0, JSON.stringify(first)],
    ]);
    const storage = await open();
    const claims = await storage.effects.claimDue(10, 60_000);
    expect(Object.fromEntries(claims.map(({ source, effects }) => [source, effects]))).toEqual({
      'user/acme/aoki': [{ ...second, attempts: 3 }, first],
      'ledger/acme': [third],
    });
    expect(claims.every(({ organizationId }) => organizationId === acme)).toBe(true);
    await storage.close();
  });

  test('the history of seats of a file in which it stood among other records is there after it is opened', async () => {
    const person = 'aoki' as UserId;
    const event = makeSeatEvent(person);
    const insertRecord = `INSERT INTO record (row, kind, id, organization, revision, body) VALUES (?, 'seatEvent', ?, 'acme', 1, ?)`;
    const insertKey = `INSERT INTO record_key VALUES ('seatEvent', 'acme', 'day=2026-04-01', ?, ?)`;
    makeFileOf(5, [
      [insertRecord, 1, 'one', JSON.stringify(event)],
      [insertKey, 'one', 1],
      [insertRecord, 2, 'two', JSON.stringify({ kind: 'contract', licensed: 3, over: 0, at: 1, day: '2026-04-02' })],
    ]);
    const storage = await open();
    const acme = 'acme' as OrganizationId;
    expect(await storage.seatEvents.ofDay(acme, '2026-04-01', { limit: 9 })).toEqual([{ id: 'one', event }]);
    expect(await storage.seatEvents.ofUser(acme, person, 9)).toEqual([event]);
    expect(await storage.seatEvents.ofDay(acme, '2026-04-02', { limit: 9 })).toHaveLength(1);
    expect(withDatabase((database) => database.prepare('SELECT count(*) AS n FROM record_key').get())).toEqual({
      n: 0,
    });
    await storage.close();
  });

  test('a file of a newer version is refused and left as it is', async () => {
    await (await open()).close();
    withDatabase((database) => database.exec(`PRAGMA user_version = ${schemaVersion + 1}`));
    const look = () =>
      withDatabase((database) => [
        database.prepare('PRAGMA user_version').get(),
        database.prepare('SELECT * FROM sqlite_schema').all(),
      ]);
    const before = look();
    await expect(open()).rejects.toEqual(incompatible);
    expect(look()).toEqual(before);
    withDatabase((database) => database.exec(`PRAGMA user_version = ${schemaVersion}`));
    await (await open()).close();
  });

  test.each([
    ['tables but no mark', 'CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)'],
    ['another mark', 'PRAGMA application_id = 42; CREATE TABLE user (a)'],
  ])('the database of another program (%s) is refused and left as it is', async (_what, sql) => {
    withDatabase((database) => database.exec(sql));
    const before = readFileSync(path);
    await expect(open()).rejects.toEqual(incompatible);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('a file that is no database is refused and left as it is', async () => {
    writeFileSync(path, 'not a database, but long enough to be looked at '.repeat(100));
    await expect(open()).rejects.toEqual(incompatible);
    expect(readFileSync(path, 'utf8')).toMatch(/^not a database/);
  });

  test('a path that cannot be a file is refused as unavailable', async () => {
    mkdirSync(path);
    await expect(open()).rejects.toEqual(unavailable);
    writeFileSync(join(path, 'file'), '');
    path = join(path, 'file', 'below.db');
    await expect(open()).rejects.toEqual(unavailable);
  });

  test('a closed store says so', async () => {
    const storage = await open();
    const organization = await openOrganization(storage, 1);
    await storage.close();
    await storage.close();
    await expect(storage.ping()).rejects.toEqual(unavailable);
    await expect(storage.organizations.get(organization)).rejects.toEqual(unavailable);
    await expect(storage.leases.acquire('a', 'b', 1)).rejects.toEqual(unavailable);
  });
});
