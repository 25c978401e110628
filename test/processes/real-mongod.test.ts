// K02, D02 and D03: what only a real mongod has. Run where MONGODB_URI names one; the proxy's faults stand in elsewhere (mongo-outage.test.ts).
// D02 wants a server started with enableTestCommands, K02 a mongod on the PATH, which is killed in place of the given one.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import type { House, Server } from '#server.ts';
import { eventually } from '../harness/eventually.ts';
import { isOnPath } from '../harness/mongo-builds.ts';
import { withDatabase } from '../harness/mongo-uri.ts';
import { requireTestMongo } from '../harness/mongo-for-tests.ts';
import { findFreePort, type Answer } from '../harness/running-server.ts';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  newUser,
  organization,
  patchActive,
  startServerProcess,
  type ProcessStore,
} from '../harness/server-process.ts';
import { runs } from '../harness/test-scale.ts';
import {
  askAll,
  expectClosed,
  expectOpen,
  expectSoonOpen,
  expectWhole,
  setScene,
  untilOpen,
  type Scene,
} from './outage-scene.ts';

type Client = InstanceType<typeof mongoose.mongo.MongoClient>;

const given = process.env['MONGODB_URI'];
const client = given === undefined ? null : await connectToRealMongod(given);
const hasFailPoints = client !== null && (await knowsFailPoints(client));

afterAll(() => client?.close());

/** Skips loudly what this machine cannot show. */
function testWhere(possible: boolean, id: string, missing: string): typeof test {
  if (possible) return test;
  console.error(`SKIPPED: ${id} needs ${missing}.`);
  return test.skip as typeof test;
}

const aRealMongod = 'MONGODB_URI to name a real mongod';

describe('D02 and D03 at the doors of a whole server', () => {
  let store: ProcessStore;
  let scene: Scene;
  let beside: { readonly house: House; readonly server: Server };

  beforeAll(async () => {
    if (client === null) return;
    buildProgram();
    const uri = requireTestMongo().freshDatabaseUri();
    store = createProcessStore('mongodb', uri);
    const patience = 'serverSelectionTimeoutMS=1000&socketTimeoutMS=2000&waitQueueTimeoutMS=1500';
    const environment = { FURLOUGH_STORAGE: `${uri}${uri.includes('?') ? '&' : '?'}${patience}` };
    const server = await startServerProcess(store, { environment });
    await server.ready;
    beside = await store.openBeside();
    scene = await setScene(server, store, beside.house);
  }, 240_000);
  afterAll(async () => {
    if (client === null) return;
    await endServerProcesses();
    await beside.server.stop();
    store.remove();
  });

  const writes = ['insert', 'update', 'delete', 'findAndModify'];
  const noMajority = { code: 64, errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } };
  const troubles: readonly (readonly [name: string, data: object, reads: 'go on' | 'fail'])[] = [
    ['no majority', { failCommands: writes, writeConcernError: noMajority }, 'go on'],
    ['a full disk', { failCommands: writes, errorCode: 14031 }, 'go on'],
    ['a primary that became read-only', { failCommands: writes, errorCode: 10107 }, 'go on'],
    [
      'five seconds for every answer',
      { failCommands: [...writes, 'find'], blockConnection: true, blockTimeMS: 5_000 },
      'fail',
    ],
  ];
  for (const [name, data, reads] of troubles) {
    testWhere(hasFailPoints, 'D02', `${aRealMongod} with enableTestCommands`)(
      `D02 ${name}: no write is said to be done, waiting ends, not ready but alive, and all works again`,
      async () => {
        const admin = client?.db('admin');
        const fail = (mode: string, more: object) =>
          admin?.command({ configureFailPoint: 'failCommand', mode, data: { ...more, appName: 'furlough' } });
        await fail('alwaysOn', data);
        const doors = await askAll(scene, `${name.replaceAll(' ', '-')}@example.com`).finally(() => fail('off', {}));
        expectClosed(doors, reads);
        expectSoonOpen(`D02 ${name}`, [await untilOpen(scene, name.replaceAll(' ', '-'))]);
        await expectWhole(scene, beside);
      },
      240_000,
    );
  }

  testWhere(client !== null, 'D03', aRealMongod)(
    'D03 standalone, replica set or sharded: everything is served, with majority and journal whatever the address says',
    async () => {
      expectOpen(await askAll(scene, 'topology@example.com'));
      await expectWhole(scene, beside);
      const hello = (await client?.db('admin').command({ hello: 1 })) ?? {};
      const { arbiters } = hello as { arbiters?: readonly string[] };
      const warns = /arbiter/i.test(scene.server.program.output());
      expect(warns).toBe(arbiters !== undefined && arbiters.length > 0);
      // An address that asks for less gets no less.
      const { FURLOUGH_STORAGE = '' } = store.environment;
      const lax = `${FURLOUGH_STORAGE}${FURLOUGH_STORAGE.includes('?') ? '&' : '?'}w=1&journal=false`;
      const other = await startServerProcess(store, { environment: { FURLOUGH_STORAGE: lax } });
      await other.ready;
      expectOpen(await askAll({ ...scene, server: other }, 'lax@example.com'));
      await other.stop();
    },
    240_000,
  );
});

describe('K02', () => {
  testWhere(client !== null && isOnPath('mongod', process.env), 'K02', `${aRealMongod}, and a mongod on the PATH`)(
    'K02 a mongod killed in the middle of writes: what was acknowledged is there, what was not can be sent again, seats exact',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'furlough-mongod-'));
      const port = await findFreePort();
      let mongod = await startMongod(folder, port);
      buildProgram();
      const uri = withDatabase(`mongodb://127.0.0.1:${port}/`, 'furlough');
      const store = createProcessStore('mongodb', `${uri}?serverSelectionTimeoutMS=1000`);
      try {
        const server = await startServerProcess(store);
        await server.ready;
        const people: { readonly id: string; active: boolean; unsure: boolean }[] = [];
        for (let n = 0; n < 6; n += 1) {
          const { body } = await server.scim('POST', '/Users', newUser(`k02-${n}@example.com`));
          people.push({ id: body['id'] as string, active: true, unsure: false });
        }
        for (let round = 0; round < runs(2, 20); round += 1) {
          let over = false;
          let acknowledged = 0;
          const load = people.map(async (person) => {
            while (!over && !person.unsure) {
              const answer: Answer = await server.scim('PATCH', `/Users/${person.id}`, patchActive(!person.active));
              if (answer.status === 200) {
                person.active = !person.active;
                acknowledged += 1;
              } else {
                expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
                person.unsure = true;
              }
            }
          });
          const enough = 20 + Math.floor(Math.random() * 40);
          await eventually(() => acknowledged >= enough, 60_000);
          await endMongod(mongod);
          await eventually(() => people.some(({ unsure }) => unsure), 60_000);
          over = true;
          await Promise.all(load);
          mongod = await startMongod(folder, port);
          await eventually(async () => (await fetch(`${server.url}/readyz`)).ok, 60_000);
          for (const person of people) {
            const active = (await server.scim('GET', `/Users/${person.id}`)).body['active'] as boolean;
            if (!person.unsure) expect([person.id, active]).toEqual([person.id, person.active]);
            // Sent again, it is done once.
            const again = await server.scim('PATCH', `/Users/${person.id}`, patchActive(!person.active));
            expect([again.status, again.body['active']]).toEqual([200, !person.active]);
            person.active = !person.active;
            person.unsure = false;
          }
          await eventually(async () => {
            const { body } = await server.admin('POST', '/seats/recount', {});
            expect(body['drift']).toBe(0);
            return body['outcome'] === 'exact';
          }, 60_000);
        }
        const { house, server: look } = await store.openBeside();
        await eventually(async () => (await house.storage.effects.backlog()) === 0, 90_000);
        expect(await house.audit.verify(organization)).toMatchObject({ intact: true });
        await look.stop();
      } finally {
        await endServerProcesses();
        await endMongod(mongod);
        rmSync(folder, { recursive: true, force: true });
        store.remove();
      }
    },
    600_000,
  );
});

const tied = fileURLToPath(new URL('../harness/tied-process.mjs', import.meta.url));

async function startMongod(folder: string, port: number): Promise<ChildProcess> {
  const settings = ['--dbpath', folder, '--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket', '--quiet'];
  const child = spawn(process.execPath, [tied, 'mongod', ...settings], { stdio: ['pipe', 'ignore', 'inherit'] });
  await eventually(async () => {
    const trying = mongoose.mongo.MongoClient.connect(`mongodb://127.0.0.1:${port}/`, {
      serverSelectionTimeoutMS: 500,
    });
    return trying.then(
      (connected) => connected.close().then(() => true),
      () => false,
    );
  }, 60_000);
  return child;
}

/** SIGKILL: that is how the tied process ends what it runs. */
async function endMongod(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.stdin?.end();
  await gone;
}

/** Null where the address names something that only speaks like a mongod: it has no storage engine of mongod's. */
async function connectToRealMongod(uri: string): Promise<Client | null> {
  const connected = await mongoose.mongo.MongoClient.connect(uri, { serverSelectionTimeoutMS: 5_000 });
  const info: Readonly<Record<string, unknown>> = await connected.db('admin').command({ buildInfo: 1 });
  const { storageEngines: engines } = info;
  if (Array.isArray(engines) && engines.includes('wiredTiger')) return connected;
  await connected.close();
  return null;
}

async function knowsFailPoints(connected: Client): Promise<boolean> {
  try {
    await connected.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    return true;
  } catch {
    return false;
  }
}
