// A server that stops in the middle of something (SIGSTOP: a full machine, a long pause of its own) and goes on when others have decided
// since: what it had begun is refused by the guards, and it starts again on what it finds. The clock is put forward in the store.

import mongoose from 'mongoose';
import { eventually } from '../harness/eventually.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { startMongoProxy, type MongoProxy } from '../harness/mongo-proxy.ts';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  newUser,
  organization,
  patchActive,
  startServerProcess,
  type ProcessStore,
  type ServerProcess,
} from '../harness/server-process.ts';

interface Node {
  readonly server: ServerProcess;
  readonly proxy: MongoProxy;
}

const ledgerUpdate = { command: 'update', collection: 'seatLedgers' };

describeWithMongo('a paused server', () => {
  let store: ProcessStore;
  let client: mongoose.mongo.MongoClient;
  let nodes: readonly Node[] = [];
  const nodeOf = (n: number) => (): Node => {
    const node = nodes[n];
    if (node === undefined) throw new Error('not started');
    return node;
  };
  const [first, second, third] = [nodeOf(0), nodeOf(1), nodeOf(2)];

  beforeAll(async () => {
    buildProgram();
    const uri = requireTestMongo().freshDatabaseUri();
    store = createProcessStore('mongodb', uri);
    client = await mongoose.mongo.MongoClient.connect(uri);
    const start = async (): Promise<Node> => {
      const proxy = await startMongoProxy(uri);
      const server = await startServerProcess(store, { environment: { FURLOUGH_STORAGE: proxy.uri() } });
      return { server, proxy };
    };
    // Alone at first, it holds the lease of every job.
    const one = await start();
    await one.server.ready;
    await eventually(async () => (await leaseOfSweep()) !== null);
    nodes = [one, ...(await Promise.all([start(), start()]))];
    await Promise.all(nodes.map(({ server }) => server.ready));
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    for (const { proxy } of nodes) await proxy.close();
    await client.close();
    store.remove();
  });

  const leases = () => client.db().collection<{ _id: string; holder: string; fence: number; until: number }>('leases');
  const leaseOfSweep = () => leases().findOne({ _id: 'job:seats' });
  const letLeasesRunOut = () => leases().updateMany({}, { $set: { until: 0 } });
  const letMovementsGrowOld = async (): Promise<void> => {
    const ledgers = client.db().collection<{ _id: string; intents: Record<string, unknown> }>('seatLedgers');
    for (const { _id, intents } of await ledgers.find().toArray()) {
      const old = Object.keys(intents).map((user) => [`intents.${user}.at`, 0] as const);
      if (old.length > 0) await ledgers.updateOne({ _id }, { $set: Object.fromEntries(old) });
    }
  };
  const hire = async (name: string, expected = true): Promise<string> => {
    const { status, body } = await second().server.scim('POST', '/Users', newUser(`${name}@paused.example`));
    expect([status, body['active']]).toEqual([201, expected]);
    return body['id'] as string;
  };
  const setActive = (node: Node, id: string, active: boolean) =>
    node.server.scim('PATCH', `/Users/${id}`, patchActive(active));
  const isActive = async (id: string) => (await third().server.scim('GET', `/Users/${id}`)).body['active'] as boolean;
  const used = async () => (await third().server.admin('GET', '/seats')).body['used'] as number;
  const limitTo = async (licensed: number | null): Promise<void> => {
    expect((await third().server.admin('PUT', '/seats', { licensed })).status).toBe(200);
  };
  const isExact = async (): Promise<boolean> => {
    const { body } = await third().server.admin('POST', '/seats/recount', {});
    return body['drift'] === 0 && body['outcome'] === 'exact';
  };
  /** How often this person came back, once everything that follows is carried out. */
  const returnsOf = async (id: string): Promise<number> => {
    const { server, house } = await store.openBeside();
    try {
      await eventually(async () => (await house.storage.effects.backlog()) === 0, 90_000);
      const entries = await house.storage.audit.list(organization, { limit: 1_000, newestFirst: true });
      return entries.filter(({ event }) => event.action === 'user.reactivated' && event.target.id === id).length;
    } finally {
      await server.stop();
    }
  };
  const sweepsOf = ({ proxy }: Node): number =>
    proxy.commands.filter(({ name, collection }) => name === 'update' && collection === 'seatLedgers').length;

  test('K03 a job runs on one server at a time; its holder, paused past the lease, gives nobody a seat any more', async () => {
    const leaver = await hire('leaver');
    await limitTo(await used());
    const waiting = await hire('waiting', false);
    const before = await leaseOfSweep();
    // The sweep of the first server has read who waits longest and asks for a seat for them; only a sweep does so while nobody calls.
    const held = first().proxy.hold(ledgerUpdate);
    await held.struck;
    first().server.pause();

    const others = [second(), third()];
    const asked = others.map(sweepsOf);
    await letLeasesRunOut();
    const sweeps = () => others.map((node, n) => sweepsOf(node) - (asked[n] ?? 0));
    // Between two sweeps of one server every other had its turn, too, and left it alone.
    await eventually(() => sweeps().some((count) => count > 1), 60_000);
    expect(sweeps().filter((count) => count > 0)).toHaveLength(1);
    const after = await leaseOfSweep();
    expect(after?.holder).not.toBe(before?.holder);
    expect(after?.fence).toBe((before?.fence ?? 0) + 1);

    // Meanwhile the person got a seat, and lost access again.
    expect((await setActive(second(), leaver, false)).status).toBe(200);
    await eventually(() => isActive(waiting));
    expect((await setActive(second(), waiting, false)).status).toBe(200);
    const askedBefore = sweepsOf(first());
    held.release();
    first().server.resume();
    // It takes the seat that is free now, may not give it to somebody who has changed since, and brings it back.
    await eventually(() => sweepsOf(first()) > askedBefore);
    await eventually(isExact, 60_000);
    expect(await isActive(waiting)).toBe(false);
    expect((await leaseOfSweep())?.holder).toBe(after?.holder);
    expect(await returnsOf(waiting)).toBe(1);
    await limitTo(null);
  }, 180_000);

  test('a take that the sweep has settled is not finished later: its server starts again, and the seat is taken once', async () => {
    const id = await hire('settled');
    expect((await setActive(second(), id, false)).status).toBe(200);
    await eventually(isExact, 60_000);
    const free = await used();
    // The seat is taken from the ledger, and the server that took it does not hear so.
    const held = first().proxy.holdAnswer(ledgerUpdate);
    const slow = setActive(first(), id, true);
    await held.struck;
    first().server.pause();
    await eventually(async () => (await used()) === free + 1);
    await letMovementsGrowOld();
    await letLeasesRunOut();
    await eventually(async () => (await used()) === free, 60_000);
    held.release();
    first().server.resume();
    expect((await slow).body['active']).toBe(true);
    await eventually(isExact, 60_000);
    expect(await used()).toBe(free + 1);
    expect(await returnsOf(id)).toBe(1);
  }, 180_000);
});
