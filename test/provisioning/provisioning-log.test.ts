// The queue in front of the provisioning log: bounded, in packs, written once, by several nodes. What calls are in it is test/scim/provisioning-log.test.ts.

import { randomBytes } from 'node:crypto';
import type { OrganizationId } from '#directory/identifiers.ts';
import { createProvisioningLog } from '#provisioning/provisioning-log.ts';
import { provisioningLogRecords, type ProvisioningEntry } from '#storage/provisioning-log-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { eventually } from '../harness/eventually.ts';

const acme = 'acme' as OrganizationId;
const globex = 'globex' as OrganizationId;

describeAtDoors('provisioning log', (open) => {
  const build = async () => {
    const storage = await open();
    const clock = { now: Date.parse('2027-01-12T01:00:00Z') };
    const away = { now: false };
    const faulty: Storage = {
      ...storage,
      records: (kind) => ({
        ...storage.records(kind),
        async insertOnce(record) {
          if (away.now) throw new StorageError('unavailable', 'away');
          return storage.records(kind).insertOnce(record);
        },
      }),
    };
    const dropped = { count: 0 };
    const lines: unknown[] = [];
    const node = () =>
      createProvisioningLog({
        storage: faulty,
        now: () => clock.now,
        randomBytes,
        keepMs: 86_400_000,
        logger: { warn: (details: unknown) => void lines.push(details) } as never,
        metrics: { provisioningLogDropped: { inc: (by = 1) => void (dropped.count += by as number) } as never },
      });
    const entry = (n: number, more: Partial<ProvisioningEntry> = {}): ProvisioningEntry => ({
      at: (clock.now += 1),
      outcome: 'success',
      connection: 'default' as never,
      credential: 'c' as never,
      requestId: `r${n}`,
      method: 'PATCH',
      path: `/Users/${n}`,
      status: 200,
      resource: { type: 'User', id: `u${n}`, name: `name ${n}` },
      why: [],
      ...more,
    });
    const packs = async (organization = acme) =>
      storage.records(provisioningLogRecords).list(organization, { limit: 1_000 }, clock.now);
    const numbers = async (log: ReturnType<typeof node>, query: object = {}) => {
      const found: string[] = [];
      for (let after: string | undefined, pages = 0; ; pages += 1) {
        const page = await log.list(acme, { limit: 100, ...query, ...(after === undefined ? {} : { after }) });
        found.push(...page.items.map(({ requestId }) => requestId));
        if (page.next === null) return { found, pages };
        after = page.next;
      }
    };
    return { clock, away, dropped, lines, node, entry, packs, numbers };
  };

  test('many entries are few records; they are written by themselves, each organisation’s apart', async () => {
    const { node, entry, packs, numbers } = await build();
    const log = node();
    for (let n = 0; n < 120; n += 1) log.add(acme, entry(n));
    log.add(globex, entry(500));
    await eventually(async () => (await packs(globex)).length === 1 && (await packs()).length === 3);
    expect((await packs()).map(({ value }) => value.entries.length)).toEqual([50, 50, 20]);
    expect((await numbers(log)).found).toEqual(Array.from({ length: 120 }, (_, n) => `r${119 - n}`));
    expect((await numbers(log, { resource: 'u70' })).found).toEqual(['r70']);
    await log.close();
  });

  test('what is rare among many is found in pages that may be empty', async () => {
    const { node, entry, numbers } = await build();
    const log = node();
    log.add(acme, entry(9_999, { connection: 'rare' as never, resource: { type: 'User', id: 'x', name: 'x' } }));
    for (let n = 0; n < 5_000; n += 1) log.add(acme, entry(n, n % 2 === 0 ? {} : { outcome: 'skipped' }));
    await log.flush();
    const rare = await numbers(log, { outcome: 'success', limit: 3_000 });
    expect([rare.found.length, rare.pages]).toEqual([2_501, 2]);
    expect((await numbers(log, { connection: 'rare' })).found).toEqual(['r9999']);
    await log.close();
  });

  test('several nodes write beside each other and read one log', async () => {
    const { clock, node, entry, numbers } = await build();
    const nodes = [node(), node(), node()];
    for (let round = 0; round < 3; round += 1) {
      for (const [n, log] of nodes.entries()) log.add(acme, entry(round * 3 + n));
      await Promise.all(nodes.map((log) => log.flush()));
      clock.now += 1_000;
    }
    const [first] = nodes;
    if (first === undefined) throw new Error('unreachable');
    expect((await numbers(first)).found).toEqual(['r8', 'r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0']);
    for (const log of nodes) await log.close();
  });

  test('with the store away so many wait, the rest is dropped, counted and said once; then what waited is written', async () => {
    const { away, dropped, lines, node, entry, numbers } = await build();
    const log = node();
    away.now = true;
    for (let n = 0; n < 10_250; n += 1) log.add(acme, entry(n));
    await log.flush();
    expect(dropped.count).toBe(250);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'provisioningLog.trouble' }),
      { event: 'provisioningLog.dropped', dropped: 250 },
    ]);
    away.now = false;
    await log.flush();
    const { found } = await numbers(log);
    expect([found.length, found[0], found.at(-1)]).toEqual([10_000, 'r9999', 'r0']);
    log.add(acme, entry(20_000));
    await log.close();
    expect((await numbers(log, { resource: 'u20000' })).found).toEqual(['r20000']);
  });

  test('large bodies are bounded together, and in one pack', async () => {
    const { away, dropped, node, entry, packs } = await build();
    const log = node();
    away.now = true;
    const body = JSON.stringify('x'.repeat(16_000));
    for (let n = 0; n < 600; n += 1) log.add(acme, entry(n, { body }));
    expect(dropped.count).toBe(600 - Math.floor(8_388_608 / body.length));
    away.now = false;
    await log.flush();
    expect(new Set((await packs()).map(({ value }) => value.entries.length))).toEqual(new Set([4]));
    away.now = true;
    log.add(acme, entry(1));
    dropped.count = 0;
    await log.close();
    expect(dropped.count).toBe(1);
  });

  test('entries end with their time and are swept', async () => {
    const { clock, node, entry, packs, numbers } = await build();
    const log = node();
    log.add(acme, entry(1));
    await log.flush();
    clock.now += 86_400_000 - 1;
    expect((await numbers(log)).found).toEqual(['r1']);
    clock.now += 1;
    expect((await numbers(log)).found).toEqual([]);
    expect(await packs()).toEqual([]);
    await log.close();
  });
});
