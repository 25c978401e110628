// Two and three servers on one MongoDB: one state, whichever node is asked. What one node locks out is out at all of them, jobs and effects are
// done once, and a node that was paused in the middle of something changes nothing that was decided meanwhile.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '../harness/eventually.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { startMongoProxy, type MongoProxy } from '../harness/mongo-proxy.ts';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  newUser,
  openSessionOf,
  organization,
  patchActive,
  startServerProcess,
  type ProcessStore,
  type ServerProcess,
} from '../harness/server-process.ts';
import { runsOn } from '../harness/test-scale.ts';

describeWithMongo('several nodes', () => {
  let store: ProcessStore;
  let nodes: readonly ServerProcess[];
  /** In front of the third node's store, to stop it in the middle of a step. */
  let proxy: MongoProxy;
  const [first, second, third] = [0, 1, 2].map((n) => () => {
    const node = nodes[n];
    if (node === undefined) throw new Error('not started');
    return node;
  }) as [() => ServerProcess, () => ServerProcess, () => ServerProcess];

  beforeAll(async () => {
    buildProgram();
    const uri = requireTestMongo().freshDatabaseUri();
    store = createProcessStore('mongodb', uri);
    proxy = await startMongoProxy(uri);
    const one = await startServerProcess(store);
    await one.ready;
    const others = await Promise.all([
      startServerProcess(store),
      startServerProcess(store, { environment: { FURLOUGH_STORAGE: proxy.uri() } }),
    ]);
    nodes = [one, ...others];
    await Promise.all(nodes.map((node) => node.ready));
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    await proxy.close();
    store.remove();
  });
  afterEach(() => proxy.heal());

  const inside = async <Value>(
    work: (house: Awaited<ReturnType<ProcessStore['openBeside']>>['house']) => Promise<Value>,
  ) => {
    const { house, server } = await store.openBeside();
    try {
      return await work(house);
    } finally {
      await server.stop();
    }
  };
  const hire = async (name: string): Promise<string> => {
    const { status, body } = await first().scim('POST', '/Users', newUser(`${name}@nodes.example`));
    expect(status).toBe(201);
    return body['id'] as string;
  };
  const isExact = async (): Promise<boolean> => {
    const { body } = await first().admin('POST', '/seats/recount', {});
    return body['drift'] === 0 && body['outcome'] === 'exact';
  };
  /** Everything that follows from this person's changes is carried out. */
  const auditOf = async (id: string): Promise<readonly string[]> =>
    inside(async ({ storage }) => {
      await eventually(async () => (await storage.effects.backlog()) === 0, 90_000);
      const entries = await storage.audit.list(organization, { limit: 1_000, newestFirst: true });
      return entries
        .filter(({ event }) => event.target.id === id)
        .map(({ event }) => event.action)
        .toReversed();
    });

  test('a session opened through one is admitted by all; a deactivation through one is refused by all at once, and for good', async () => {
    const rounds = runsOn('mongodb', 3, 100);
    for (let round = 0; round < rounds; round += 1) {
      const id = await hire(`roam-${round}`);
      const cookie = await inside((house) => openSessionOf(house, id));
      for (const node of nodes) expect(await node.doors(cookie)).toEqual({ session: 200, forwardAuth: 200 });
      const by = nodes[round % nodes.length] ?? first();
      expect((await by.scim('PATCH', `/Users/${id}`, patchActive(false))).status).toBe(200);
      const answers = await Promise.all(nodes.flatMap((node) => Array.from({ length: 5 }, () => node.doors(cookie))));
      for (const answer of answers) expect(answer).toEqual({ session: 403, forwardAuth: 403 });
      expect((await by.scim('PATCH', `/Users/${id}`, patchActive(true))).body['active']).toBe(true);
      for (const node of nodes) expect(await node.doors(cookie)).toEqual({ session: 401, forwardAuth: 401 });
    }
  });

  test('changes through all nodes at once: each effect is carried out once, and the chain has no gap', async () => {
    const ids = await Promise.all(Array.from({ length: 9 }, (_, n) => hire(`busy-${n}`)));
    await Promise.all(
      ids.map(async (id, n) => {
        for (let turn = 0; turn < 4; turn += 1) {
          const node = nodes[(n + turn) % nodes.length] ?? first();
          expect((await node.scim('PATCH', `/Users/${id}`, patchActive(turn % 2 === 1))).status).toBe(200);
        }
      }),
    );
    for (const id of ids.slice(0, 3)) {
      expect(await auditOf(id)).toEqual([
        'user.created',
        'user.deactivated',
        'user.reactivated',
        'user.deactivated',
        'user.reactivated',
      ]);
    }
    expect(await inside(({ audit }) => audit.verify(organization))).toMatchObject({ intact: true });
    await eventually(isExact, 60_000);
  });

  test('the queue across nodes: one seat that comes free is given to one person, the one who waits longest', async () => {
    const { body: seats } = await first().admin('GET', '/seats');
    expect((await first().admin('PUT', '/seats', { licensed: seats['used'] + 1 })).status).toBe(200);
    const holder = await hire('holder');
    const waiting: string[] = [];
    for (let n = 0; n < 3; n += 1) waiting.push(await hire(`waiter-${n}`));
    const activeAmong = async (): Promise<readonly boolean[]> =>
      Promise.all(waiting.map(async (id) => (await second().scim('GET', `/Users/${id}`)).body['active'] as boolean));
    expect(await activeAmong()).toEqual([false, false, false]);
    // All nodes hear of the same free seat at once.
    await Promise.all([
      second().scim('PATCH', `/Users/${holder}`, patchActive(false)),
      ...nodes.map((node) => node.admin('POST', '/seats/recount', {})),
    ]);
    await eventually(async () => (await activeAmong())[0] === true);
    expect(await activeAmong()).toEqual([true, false, false]);
    expect((await first().admin('PUT', '/seats', { licensed: null })).status).toBe(200);
    await eventually(async () => (await activeAmong()).every(Boolean));
  });

  test('a node paused in the middle of a take is fenced: it gives nobody a seat any more', async () => {
    const id = await hire('paused-take');
    expect((await first().scim('PATCH', `/Users/${id}`, patchActive(false))).status).toBe(200);
    const hold = proxy.hold({ command: 'findAndModify', collection: 'users' });
    const slow = third().scim('PATCH', `/Users/${id}`, patchActive(true));
    await hold.struck;
    third().pause();
    // The seat is on its way for a node that sleeps: the next one finishes it, and decides.
    expect((await second().scim('PATCH', `/Users/${id}`, patchActive(true))).body['active']).toBe(true);
    expect((await second().scim('PATCH', `/Users/${id}`, patchActive(false))).body['active']).toBe(false);
    const { epoch, revision } = (await inside(({ storage }) => storage.users.get(organization, id as never))) ?? {};
    hold.release();
    third().resume();
    const { status, body } = await slow;
    // It starts over on what it finds, as any client's request may; it never writes what it had read before it slept.
    expect([status, body['active']]).toEqual([200, true]);
    const after = await inside(({ storage }) => storage.users.get(organization, id as never));
    expect(after?.epoch).toBe(epoch);
    expect(after?.revision).toBeGreaterThan(revision ?? Number.MAX_SAFE_INTEGER);
    await eventually(isExact, 60_000);
  });

  test('a node paused in the middle of a lock-out has closed the door; another gives the seat back', async () => {
    const id = await hire('paused-lockout');
    const cookie = await inside((house) => openSessionOf(house, id));
    const { body: before } = await first().admin('GET', '/seats');
    const hold = proxy.hold({ command: 'update', collection: 'seatLedgers' });
    const slow = third().scim('PATCH', `/Users/${id}`, patchActive(false));
    await hold.struck;
    third().pause();
    expect(await second().doors(cookie)).toEqual({ session: 403, forwardAuth: 403 });
    await eventually(async () => (await first().admin('GET', '/seats')).body['used'] === before['used'] - 1, 60_000);
    hold.release();
    third().resume();
    expect((await slow).body['active']).toBe(false);
    expect((await first().admin('GET', '/seats')).body['used']).toBe(before['used'] - 1);
    await eventually(isExact, 60_000);
  });

  test('a node paused while it carries effects out does nothing twice, and nothing is left undone', async () => {
    const hold = proxy.hold({ command: 'insert', collection: 'auditEntries' });
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { body } = await third().scim('POST', '/Users', newUser(`relay-${n}@nodes.example`));
      ids.push(body['id'] as string);
    }
    // Whichever node claimed them: if it is the third it sleeps now, in the middle of writing the entries.
    await Promise.race([hold.struck, new Promise((resolve) => setTimeout(resolve, 3_000))]);
    third().pause();
    for (const id of ids) expect(await auditOf(id)).toEqual(['user.created']);
    hold.release();
    third().resume();
    await third().ready;
    await eventually(async () => (await third().scim('GET', '/Users?count=1')).status === 200);
    for (const id of ids) expect(await auditOf(id)).toEqual(['user.created']);
    expect(await inside(({ audit }) => audit.verify(organization))).toMatchObject({ intact: true });
  });

  test('a job runs on one node at a time, and goes on elsewhere when its node is gone', async () => {
    const holders = async (): Promise<number> =>
      inside(async ({ storage }) => {
        // Whoever asks gets the lease only when no node has it.
        const lease = await storage.leases.acquire('job:seats', 'the test', 1);
        if (lease !== null) await storage.leases.release('job:seats', 'the test');
        return lease === null ? 1 : 0;
      });
    await eventually(async () => (await holders()) === 1, 60_000);
    await first().kill();
    await second().stop();
    await eventually(async () => (await holders()) === 1, 60_000);
    expect((await third().scim('GET', '/Users?count=1')).status).toBe(200);
  });
});

describe('one SQLite file', () => {
  let store: ProcessStore;
  let server: ServerProcess;
  beforeAll(async () => {
    buildProgram();
    store = createProcessStore('sqlite');
    server = await startServerProcess(store);
    await server.ready;
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    store.remove();
  });

  test('a second server is refused with exit code 2, and the first goes on', async () => {
    const other = await startServerProcess(store);
    other.ready.catch(() => undefined);
    expect(await other.program.ended).toBe(2);
    expect((await server.scim('GET', '/Users?count=1')).status).toBe(200);
  });

  test('commands beside a running server work, and it goes on answering', async () => {
    const launcher = fileURLToPath(new URL('../../src/cli/furlough.mjs', import.meta.url));
    const command = async (...args: readonly string[]) => {
      const { PATH = '' } = process.env;
      const child = spawn(process.execPath, [launcher, ...args, '--json'], { env: { PATH, ...store.environment } });
      const output: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => output.push(piece));
      const [code] = (await once(child, 'close')) as [number];
      return { code, output: Buffer.concat(output).toString('utf8') };
    };
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.push((await server.scim('POST', '/Users', newUser(`beside-${n}@example.com`))).body['id'] as string);
    }
    const cookie = await inBeside(store, ids[0] ?? '');
    let over = false;
    let asked = 0;
    const asking = (async () => {
      while (!over) {
        expect((await server.scim('GET', `/Users/${ids[1] ?? ''}`)).status).toBe(200);
        asked += 1;
      }
    })();
    const outcomes = await Promise.all(ids.map((id) => command('user', 'deactivate', id)));
    const during = asked;
    over = true;
    await asking;
    expect(outcomes.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual([0, 0, 0, 0]);
    // It was asked and answered throughout: one question after the other, while four commands opened, wrote and closed.
    expect(during).toBeGreaterThan(20);
    expect(await server.doors(cookie)).toEqual({ session: 403, forwardAuth: 403 });
    expect((await server.admin('POST', '/seats/recount', {})).body).toMatchObject({ drift: 0, outcome: 'exact' });
  });
});

async function inBeside(store: ProcessStore, id: string): Promise<string> {
  const { house, server } = await store.openBeside();
  try {
    return await openSessionOf(house, id);
  } finally {
    await server.stop();
  }
}
