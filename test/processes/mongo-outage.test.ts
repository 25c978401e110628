// D01 on MongoDB, at the doors of a whole server: its database refuses, is cut off, says nothing, or is slow. The server never lets anybody in
// whom it cannot look up, refuses writes in each door's own form, and works again by itself.

import type { House, Server } from '#server.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { startMongoProxy, type MongoProxy } from '../harness/mongo-proxy.ts';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  startServerProcess,
  type ProcessStore,
} from '../harness/server-process.ts';
import { runsOn } from '../harness/test-scale.ts';
import {
  askAll,
  expectClosed,
  expectOpen,
  expectSoonOpen,
  expectWhole,
  setScene,
  untilOpen,
  whileWatched,
  type Scene,
} from './outage-scene.ts';

/** Less patience than a real server has, so that a silent database is found out sooner. */
const impatient = '&serverSelectionTimeoutMS=1000&socketTimeoutMS=1000&waitQueueTimeoutMS=1500';

describeWithMongo('a whole server whose MongoDB is away', () => {
  let proxy: MongoProxy;
  let store: ProcessStore;
  let scene: Scene;
  let beside: { readonly house: House; readonly server: Server };

  beforeAll(async () => {
    buildProgram();
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    store = createProcessStore('mongodb', uri);
    const throughProxy = { FURLOUGH_STORAGE: `${proxy.uri()}${proxy.uri().includes('?') ? '' : '?'}${impatient}` };
    const server = await startServerProcess(store, { environment: throughProxy });
    await server.ready;
    beside = await store.openBeside();
    scene = await setScene(server, store, beside.house);
  }, 240_000);
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await endServerProcesses();
    await beside.server.stop();
    await proxy.close();
    store.remove();
  });

  const rounds = runsOn('mongodb', 1, 40);
  const faults: readonly (readonly [name: string, begin: (proxy: MongoProxy) => void])[] = [
    ['refuses', (faulty) => faulty.refuse({ cutPresent: true })],
    ['cuts every connection at the first command', (faulty) => void faulty.cutBefore({ times: Infinity })],
    ['says nothing', (faulty) => faulty.pause()],
    ['answers after five seconds', (faulty) => void faulty.delay({ times: Infinity }, 5_000)],
    ['carries commands out and never answers', (faulty) => void faulty.dropAnswer({ times: Infinity })],
  ];
  test.each(faults)(
    `D01 a database that %s: nobody comes in, writes are refused, and all works again without a restart (${rounds} rounds)`,
    async (name, begin) => {
      const recoveries: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const label = `${name.replaceAll(' ', '-')}-${round}`;
        await whileWatched(scene, async () => {
          begin(proxy);
          expectClosed(await askAll(scene, `${label}@example.com`), 'fail');
          proxy.heal();
          recoveries.push(await untilOpen(scene, label));
        });
      }
      expectSoonOpen(`MongoDB ${name}`, recoveries);
    },
    120_000 + rounds * 60_000,
  );

  test('D01 a database that is slow within patience is no outage: everything is answered, only later', async () => {
    const delay = proxy.delay({ times: Infinity }, 60);
    expectOpen(await askAll(scene, 'slow@example.com'));
    expect(delay.hits).toBeGreaterThan(10);
  });

  test('D01 after all of it: seats exact, everybody whose creation was written has one entry, the chain whole', async () => {
    await expectWhole(scene, beside);
  }, 200_000);
});
