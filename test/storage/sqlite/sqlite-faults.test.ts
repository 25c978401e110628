/** Writes that fail: a full disk, and a failure at every single statement. Nothing of them stays, reads go on, the store works again. */
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { migrateSchema } from '#storage/sqlite/sqlite-schema.ts';
import { createSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { openConnection, type SqliteConnection, type SqliteStatement } from '#storage/sqlite/sqlite-transaction.ts';
import type { Storage } from '#storage/storage.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  contractRecordKinds,
  deleted,
  dismiss,
  expectUsed,
  freed,
  hire,
  insert,
  makeEffect,
  makeUser,
  openOrganization,
  things,
  update,
} from '../contract/contract-world.ts';

const unavailable = expect.objectContaining({ name: 'StorageError', code: 'unavailable' }) as Error;
const folder = mkdtempSync(join(tmpdir(), 'furlough-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function open(name: string, wrap = (connection: SqliteConnection) => connection) {
  const connection = openConnection(name === ':memory:' ? name : join(folder, name));
  await migrateSchema(connection);
  return { connection, storage: createSqliteStorage(wrap(connection), { recordKinds: contractRecordKinds }) };
}

describe('a full disk', () => {
  test.each(['full.db', ':memory:'])(
    'refuses writes whole, lets reads go on, and is forgotten when there is room (%s)',
    async (name) => {
      const { connection, storage } = await open(name);
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      const pages = connection.prepare<{ page_count: number }>('PRAGMA page_count').get()?.page_count ?? 0;
      connection.exec(`PRAGMA max_page_count = ${pages + 2}`);

      const profile = { userName: 'large', title: 'x'.repeat(100_000) };
      const effects = [makeEffect(organization)];
      for (let again = 0; again < 3; again += 1) {
        const large = makeUser(organization, { profile });
        await expect(insert(storage, large, { seat: 'take', effects })).rejects.toEqual(unavailable);
        await expect(update(storage, user, { ...user, profile }, { effects })).rejects.toEqual(unavailable);
        expect(await storage.users.get(organization, large.id)).toBeNull();
        expect(await storage.users.get(organization, user.id)).toEqual(user);
        expect(await storage.users.findByKey(organization, { kind: 'userName', value: 'large' })).toEqual([]);
        expect(await storage.effects.backlog()).toBe(0);
        await expectUsed(storage, organization, 1);
      }
      const record = { id: 'large', organizationId: organization, value: { colour: 'red', more: profile } };
      await expect(storage.records(things).insert(record, effects)).rejects.toEqual(unavailable);
      expect(await storage.records(things).get('large', 0)).toBeNull();
      await expect(storage.ping()).resolves.toBeUndefined();

      connection.exec('PRAGMA max_page_count = 1000000');
      expect((await update(storage, user, { ...user, profile }, { effects })).kind).toBe('committed');
      expect(await storage.effects.backlog()).toBe(1);
      await storage.close();
    },
  );
});

/** A connection whose `failAt`-th statement inside a transaction fails, as a broken disk would. */
function breaking(): { wrap(connection: SqliteConnection): SqliteConnection; failAt: number; ran: number } {
  let writing = false;
  const state = {
    failAt: Number.POSITIVE_INFINITY,
    ran: 0,
    wrap(connection: SqliteConnection): SqliteConnection {
      const step = <Value>(run: () => Value): Value => {
        if (writing) state.ran += 1;
        if (writing && state.ran === state.failAt) {
          throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
        }
        return run();
      };
      return {
        ...connection,
        prepare<Row>(sql: string): SqliteStatement<Row> {
          const statement = connection.prepare<Row>(sql);
          return {
            get: (...values) => step(() => statement.get(...values)),
            all: (...values) => step(() => statement.all(...values)),
            run: (...values) => step(() => statement.run(...values)),
          };
        },
        write: (work) =>
          connection.write(() => {
            writing = true;
            try {
              return work();
            } finally {
              writing = false;
            }
          }),
      };
    },
  };
  return state;
}

describe('a failure at every statement of a write', () => {
  type Change = (storage: Storage, organization: OrganizationId, user: User) => Promise<unknown>;
  const changes: [string, Change][] = [
    [
      'hire',
      (storage, organization) =>
        insert(storage, makeUser(organization, { roles: ['owner'] }), {
          seat: 'take',
          effects: [makeEffect(organization)],
        }),
    ],
    ['lock out', (storage, organization, user) => dismiss(storage, user, { effects: [makeEffect(organization)] })],
    [
      'rename',
      (storage, organization, user) =>
        update(storage, user, { ...user, profile: { userName: 'new' } }, { effects: [makeEffect(organization)] }),
    ],
    ['remove', (storage, _organization, user) => update(storage, user, deleted(user), { seat: 'giveBack' })],
    ['keep', (storage, _organization, user) => update(storage, user, freed(user))],
    [
      'contract',
      (storage, organization) =>
        storage.seats.changeContract(organization, { licensed: 9 }, () => [makeEffect(organization)]),
    ],
    [
      'record',
      (storage, organization) =>
        storage
          .records(things)
          .insert({ id: 'new', organizationId: organization, value: { colour: 'red', tags: ['a'] } }, [
            makeEffect(organization),
          ]),
    ],
  ];

  test.each(changes)('%s: nothing of it stays until it succeeds', async (_name, change) => {
    const broken = breaking();
    const { connection, storage } = await open(':memory:', (c) => broken.wrap(c));
    const organization = await openOrganization(storage, 5);
    const user = await hire(storage, organization, { roles: ['owner', 'billing'] });
    const tables = connection
      .prepare<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .all();
    const dump = (): string =>
      JSON.stringify(tables.map(({ name }) => [name, connection.prepare(`SELECT * FROM ${name}`).all()]));
    const before = dump();
    let failures = 0;
    for (broken.failAt = 1; ; broken.failAt += 1) {
      broken.ran = 0;
      const outcome = await change(storage, organization, user).then(
        () => 'written',
        (error: unknown) => error,
      );
      if (outcome === 'written') break;
      expect(outcome).toEqual(unavailable);
      expect(dump()).toBe(before);
      failures += 1;
    }
    expect(failures).toBeGreaterThan(2);
    expect(dump()).not.toBe(before);
    await storage.close();
  });
});
