// Records that are asked for often are kept, and what is answered is nevertheless what is stored now: whoever wrote, and wherever.

import type { Connection } from '#directory/connection.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { connectionRecords } from '#storage/connection-records.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const organizationId = 'acme' as OrganizationId;
const named = (name: string) => ({ id: 'acme/okta', name, domains: [] }) as unknown as Connection;
const folder = mkdtempSync(join(tmpdir(), 'furlough-recent-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** Two connections to one file, as two processes have. */
async function openTwice() {
  const path = join(folder, `${(files += 1)}.db`);
  const [one, other] = [
    await openSqliteStorage({ path, recordKinds: [connectionRecords] }),
    await openSqliteStorage({ path, recordKinds: [connectionRecords] }),
  ];
  await one.records(connectionRecords).insert({ id: 'acme/okta', organizationId, value: named('first') });
  return { one: one.records(connectionRecords), other: other.records(connectionRecords), stores: [one, other] };
}

const close = async (stores: readonly { close(): Promise<void> }[]) => {
  for (const store of stores) await store.close();
};
const nameIn = async (records: Awaited<ReturnType<typeof openTwice>>['one'], now = 0) =>
  (await records.get('acme/okta', now))?.value.name;

test('what another connection changes, removes or puts back is answered at once', async () => {
  const { one, other, stores } = await openTwice();
  for (let round = 0; round < 50; round += 1) {
    expect(await nameIn(one)).toBe(await nameIn(other));
    const record = await other.get('acme/okta', 0);
    await other.replace({ ...record!, value: named(`round ${round}`) });
    expect(await nameIn(one)).toBe(`round ${round}`);
    await one.delete('acme/okta');
    expect([await nameIn(other), await nameIn(one)]).toEqual([undefined, undefined]);
    await other.insert({ id: 'acme/okta', organizationId, value: named(`again ${round}`) });
    expect(await nameIn(one)).toBe(`again ${round}`);
  }
  await close(stores);
});

test('its own writes are answered at once, and what failed has changed nothing', async () => {
  const { one, stores } = await openTwice();
  const record = (await one.get('acme/okta', 0))!;
  expect(await one.replace({ ...record, value: named('second') })).toBe(true);
  expect(await nameIn(one)).toBe('second');
  expect(await one.replace({ ...record, value: named('late') })).toBe(false);
  expect(await nameIn(one)).toBe('second');
  await expect(one.insert({ id: 'acme/okta', organizationId, value: named('twin') })).rejects.toThrow('exists');
  expect(await nameIn(one)).toBe('second');
  expect((await one.take('acme/okta', 0))?.value.name).toBe('second');
  expect(await nameIn(one)).toBeUndefined();
  await close(stores);
});

test('whoever is past its end is not answered, kept or not, and nobody can change what is kept', async () => {
  const { one, stores } = await openTwice();
  const record = (await one.get('acme/okta', 0))!;
  await one.replace({ ...record, expiresAt: 100, value: named('short') });
  expect([await nameIn(one, 99), await nameIn(one, 99), await nameIn(one, 100)]).toEqual(['short', 'short', undefined]);
  const kept = (await one.get('acme/okta', 99))!;
  expect(() => Object.assign(kept.value, { name: 'changed' })).toThrow(TypeError);
  expect(() => (kept.value.domains as string[]).push('x')).toThrow(TypeError);
  expect(await nameIn(one, 99)).toBe('short');
  await one.deleteExpired(100, 10);
  expect(await nameIn(one, 99)).toBeUndefined();
  await close(stores);
});
