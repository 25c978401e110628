// Thousands of leaves due at one moment, four processes at it, two of them paused in the middle and woken again: each leave begins once.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Leave } from '#directory/leave.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import type { Storage } from '#storage/storage.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { runsOn } from '../harness/test-scale.ts';
import { createSide, sideRecordKinds } from '../provisioning/relayed-write-side.ts';
import { insert, makeUser, openOrganization } from '../storage/contract/contract-world.ts';
import { compileProgram } from '../harness/compiled-program.ts';

const script = join(process.cwd(), 'test/processes/due-leaves-process.ts');
const folder = mkdtempSync(join(tmpdir(), 'furlough-due-leaves-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('leaves due at once on SQLite', () => {
  declareSuite('sqlite', join(folder, 'due.db'), (address) =>
    openSqliteStorage({ path: address, recordKinds: sideRecordKinds }),
  );
});
describeWithMongo('leaves due at once on MongoDB', () => {
  const address = requireTestMongo().freshDatabaseUri();
  declareSuite('mongodb', address, () => openMongoStorage(address, { recordKinds: sideRecordKinds }));
});

function declareSuite(kind: Storage['kind'], address: string, open: (address: string) => Promise<Storage>): void {
  const children: ChildProcess[] = [];
  let storage: Storage;
  beforeAll(async () => {
    storage = await open(address);
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await storage.close();
  });

  const people = runsOn(kind, kind === 'sqlite' ? 400 : 60, 10_000);
  test(`K03 ${people} begin once each, whoever sleeps on the way`, async () => {
    const organization = await openOrganization(storage, people);
    const startsAt = Date.now() - 60_000;
    for (let n = 0; n < people; n += 1) {
      const leave = {
        id: `leave-${n}`,
        type: 'leave',
        from: '2026-01-01',
        zone: 'UTC',
        returnHour: 0,
        startsAt,
      } as Leave;
      const planned: Leave = { ...leave, seat: 'release', by: 'cli', source: '', state: 'planned' };
      const outcome = await insert(storage, makeUser(organization, { leaves: [planned] }), { seat: 'take' });
      if (outcome.kind !== 'committed') throw new Error(`not written: ${outcome.kind}`);
    }
    for (let n = 0; n < 4; n += 1) {
      const what = [address, organization];
      const child = spawn(process.execPath, ['--no-warnings', compileProgram(script), ...what], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
    }
    await Promise.all(children.map((child) => once(child, 'message')));
    const exits = children.map((child) => once(child, 'exit'));
    for (const child of children) child.send('go');
    const begun = async (): Promise<number> => (await storage.users.counts(organization)).onLeave;
    while ((await begun()) === 0) await wait(5);
    const [one, two] = [children[0], children[1]];
    for (let round = 0; round < 3 && (await begun()) < people; round += 1) {
      one?.kill('SIGSTOP');
      two?.kill('SIGSTOP');
      await wait(400);
      one?.kill('SIGCONT');
      two?.kill('SIGCONT');
      await wait(100);
    }
    expect(await Promise.all(exits)).toEqual(children.map(() => [0, null]));

    expect(await storage.users.counts(organization)).toMatchObject({ active: 0, onLeave: people, holders: 0 });
    expect(await storage.seats.read(organization)).toMatchObject({ used: 0, free: people, intents: {} });
    const side = createSide(storage);
    while ((await storage.effects.backlog()) > 0) if ((await side.relay.drain()) === 0) await wait(200);
    const told = new Map<string, number>();
    for (let after: number | undefined; ; ) {
      const page = await storage.audit.list(organization, { limit: 1_000, ...(after === undefined ? {} : { after }) });
      for (const { event } of page)
        if (event.action === 'user.deactivated') told.set(event.target.id, (told.get(event.target.id) ?? 0) + 1);
      if (page.length < 1_000) break;
      after = page.at(-1)?.seq;
    }
    expect([told.size, [...told.values()].filter((times) => times !== 1)]).toEqual([people, []]);
    expect(await side.audit.verify(organization)).toMatchObject({ intact: true });
  }, 900_000);
}
