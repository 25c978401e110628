// Two and three servers on one MongoDB: one state, whichever node is asked. What one node locks out is out at all of them, jobs and effects are
// done once, and a node that was paused in the middle of something changes nothing that was decided meanwhile.

import mongoose from 'mongoose';
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
  let client: mongoose.mongo.MongoClient;
  /** Who had the lease of the sweep while the first node was alone. */
  let ofFirst: { readonly holder: string; readonly fence: number };
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
    // What the server would slow down is asked as fast as it goes here.
    const patient = { FURLOUGH_LIMITS_BAD_CREDENTIALS_PER_SECOND: '10000' };
    const one = await startServerProcess(store, { environment: patient });
    await one.ready;
    client = await mongoose.mongo.MongoClient.connect(uri);
    ofFirst = await eventually(leaseOfSweep);
    const others = await Promise.all([
      startServerProcess(store, { environment: patient }),
      startServerProcess(store, { environment: { ...patient, FURLOUGH_STORAGE: proxy.uri() } }),
    ]);
    nodes = [one, ...others];
    await Promise.all(nodes.map((node) => node.ready));
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    await client.close();
    await proxy.close();
    store.remove();
  });
  afterEach(() => proxy.heal());

  const leases = () => client.db().collection<{ _id: string; holder: string; fence: number; until: number }>('leases');
  const leaseOfSweep = () => leases().findOne({ _id: 'job:seats' });

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

  test('a credential revoked through one is refused by all at once, and so is an access token bought with it', async () => {
    const ask = async (node: ServerProcess, bearer: string): Promise<number> =>
      (await fetch(`${node.url}/scim/v2/Users?count=1`, { headers: { authorization: `Bearer ${bearer}` } })).status;
    const rounds = runsOn('mongodb', 3, 100);
    for (let round = 0; round < rounds; round += 1) {
      const issued = await first().admin('POST', '/credentials', { kind: 'scim', name: `revoked ${round}` });
      expect(issued.status).toBe(201);
      const { credential, secret } = issued.body as { credential: { id: string }; secret: string };
      const bought = await fetch(`${second().url}/scim/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: credential.id,
          client_secret: secret,
        }),
      });
      const { access_token: token } = (await bought.json()) as { access_token: string };
      const askAll = () =>
        Promise.all(nodes.flatMap((node) => [secret, token, secret, token].map((bearer) => ask(node, bearer))));
      // Each node knows both by now, and may not go by what it knows.
      expect(new Set(await askAll())).toEqual(new Set([200]));
      const by = nodes[round % nodes.length] ?? first();
      expect((await by.admin('POST', `/credentials/${credential.id}/revoke`, {})).status).toBe(200);
      expect(new Set(await askAll())).toEqual(new Set([401]));
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
    // Its own changes wake its own relay, yet another node may be quicker: until it stands in the middle of writing an entry.
    await eventually(async () => {
      const { body } = await third().scim('POST', '/Users', newUser(`relay-${ids.length}@nodes.example`));
      ids.push(body['id'] as string);
      return ids.length >= 4 && hold.hits > 0;
    }, 60_000);
    third().pause();
    // What it has claimed is due again once its claim has run out; nobody has to wait here until then.
    const claimed = client.db().collection<{ effectsDue?: number }>('users');
    expect((await claimed.updateMany({ effectsDue: { $gt: 0 } }, { $set: { effectsDue: 1 } })).matchedCount).not.toBe(
      0,
    );
    for (const id of ids) expect(await auditOf(id)).toEqual(['user.created']);
    hold.release();
    third().resume();
    await third().ready;
    await eventually(async () => (await third().scim('GET', '/Users?count=1')).status === 200);
    for (const id of ids) expect(await auditOf(id)).toEqual(['user.created']);
    expect(await inside(({ audit }) => audit.verify(organization))).toMatchObject({ intact: true });
  });

  test('a job runs on one node at a time, and goes on at another when its node is killed, and when that one ends', async () => {
    expect(await leaseOfSweep()).toMatchObject({ holder: ofFirst.holder, fence: ofFirst.fence });
    await first().kill();
    // The dead node's lease still stands; nobody has to wait here until it has run out.
    await leases().updateMany({}, { $set: { until: 0 } });
    const next = await eventually(async () => {
      const lease = await leaseOfSweep();
      return lease !== null && lease.until > 0 && lease;
    }, 60_000);
    expect(next.holder).not.toBe(ofFirst.holder);
    expect(next.fence).toBe(ofFirst.fence + 1);
    await second().stop();
    const left = await leaseOfSweep();
    // Only the third one can take or renew it now.
    const last = await eventually(async () => {
      const lease = await leaseOfSweep();
      return lease !== null && lease.until > (left?.until ?? 0) && lease;
    }, 60_000);
    expect(last.holder).not.toBe(ofFirst.holder);
    expect(last.fence).toBe(last.holder === next.holder ? next.fence : next.fence + 1);
    expect((await third().scim('GET', '/Users?count=1')).status).toBe(200);
  });
});
