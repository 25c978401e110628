import mongoose from 'mongoose';
import { describeWithMongo, requireTestMongo } from './mongo-for-tests.ts';
import { type MongoProxy, startMongoProxy } from './mongo-proxy.ts';

type Counter = { _id: string; used: number; free: number };
type Collection = mongoose.mongo.Collection<Counter>;

describeWithMongo('the MongoDB of the tests', () => {
  let proxy: MongoProxy;
  let direct: mongoose.mongo.MongoClient;
  let through: mongoose.mongo.MongoClient;
  let counters: Collection;
  let seen: Collection;

  beforeAll(async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    direct = await mongoose.mongo.MongoClient.connect(uri);
    // No retries: a fault must show. The server may be busy with other suites.
    const impatient = { retryReads: false, retryWrites: false, serverSelectionTimeoutMS: 5_000, socketTimeoutMS: 1000 };
    through = await mongoose.mongo.MongoClient.connect(proxy.uri(), impatient);
    counters = direct.db().collection<Counter>('counters');
    seen = through.db().collection<Counter>('counters');
  });
  beforeEach(async () => {
    await counters.deleteMany({});
    await counters.insertOne({ _id: 'a', used: 0, free: 20 });
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await through.close();
    await direct.db().dropDatabase();
    await direct.close();
    await proxy.close();
  });

  const take = (collection: Collection) =>
    collection.updateOne({ _id: 'a', free: { $gt: 0 } }, { $inc: { used: 1, free: -1 } });
  const used = async (): Promise<number | undefined> => (await counters.findOne({ _id: 'a' }))?.used;

  test.each(['directly', 'through the proxy'])('of 50 guarded updates at once exactly 20 win, %s', async (way) => {
    const collection = way === 'directly' ? counters : seen;
    const results = await Promise.all(Array.from({ length: 50 }, () => take(collection)));
    expect(results.filter(({ modifiedCount }) => modifiedCount === 1)).toHaveLength(20);
    expect(await counters.findOne({ _id: 'a' })).toEqual({ _id: 'a', used: 20, free: 0 });
  });

  test('a command cut before it reaches the server fails and changes nothing', async () => {
    const fault = proxy.cutBefore({ command: 'update' });
    await expect(take(seen)).rejects.toThrow(mongoose.mongo.MongoNetworkError);
    expect([await used(), fault.hits]).toEqual([0, 1]);
    await take(seen);
    expect(await used()).toBe(1);
  });

  test('a command cut after it was carried out fails and has changed what it should', async () => {
    proxy.cutAfter({ command: 'update' });
    await expect(take(seen)).rejects.toThrow(mongoose.mongo.MongoNetworkError);
    expect(await used()).toBe(1);
  });

  test('an answer that is dropped leaves the client waiting until its own patience ends', async () => {
    proxy.dropAnswer({ command: 'update' });
    await expect(take(seen)).rejects.toThrow(mongoose.mongo.MongoNetworkError);
    expect(await used()).toBe(1);
  });

  /** Takes as soon as the driver has found its way back after a cut. */
  async function takeOnceReconnected(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await take(seen);
        return;
      } catch (error) {
        if (tries >= 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  test('only the n-th matching command of the named collection is hit', async () => {
    const fault = proxy.cutBefore({ command: ['update', 'insert'], collection: 'counters', nth: 2 });
    await take(seen);
    await through.db().collection('others').insertOne({});
    await expect(take(seen)).rejects.toThrow(mongoose.mongo.MongoNetworkError);
    await takeOnceReconnected();
    expect([await used(), fault.hits]).toEqual([2, 1]);
  });

  test('a fault for all commands strikes until it is cancelled', async () => {
    const fault = proxy.cutBefore({ command: 'update', times: Number.POSITIVE_INFINITY });
    // While the driver connects anew a command may fail before it reaches the proxy: those do not count.
    for (let tries = 0; fault.hits < 3 && tries < 50; tries += 1) await expect(take(seen)).rejects.toThrow();
    fault.cancel();
    await takeOnceReconnected();
    expect([await used(), fault.hits]).toEqual([1, 3]);
  });

  test('a command that is held lets others pass and goes on when released', async () => {
    const hold = proxy.hold({ command: 'update' });
    const held = take(seen);
    await hold.struck;
    await take(seen);
    expect(await used()).toBe(1);
    hold.release();
    await held;
    expect(await used()).toBe(2);
  });

  test('an answer that is held has been carried out while the client does not know', async () => {
    const hold = proxy.holdAnswer({ command: 'update' });
    let known = false;
    const held = take(seen).then(() => (known = true));
    await hold.struck;
    expect([await used(), known]).toEqual([1, false]);
    hold.release();
    await held;
  });

  test('a command that is delayed arrives after one that was sent later', async () => {
    const delay = proxy.delay({ command: 'update' }, 100);
    const late = seen.updateOne({ _id: 'a' }, { $set: { used: 100 } });
    await delay.struck;
    await seen.updateOne({ _id: 'a' }, { $set: { used: 7 } });
    expect(await used()).toBe(7);
    await late;
    expect(await used()).toBe(100);
  });

  test('while connections are refused and cut nothing gets through, and afterwards everything does', async () => {
    proxy.refuse({ cutPresent: true });
    await expect(take(seen)).rejects.toThrow();
    expect(await used()).toBe(0);
    proxy.accept();
    await take(seen);
    expect(await used()).toBe(1);
  });

  test('connections that are open go on while new ones are refused', async () => {
    proxy.refuse();
    const other = new mongoose.mongo.MongoClient(proxy.uri(), { serverSelectionTimeoutMS: 300 });
    await expect(other.connect()).rejects.toThrow();
    await other.close();
    await take(seen);
    expect(await used()).toBe(1);
  });

  test('while paused nothing passes in either direction', async () => {
    proxy.pause();
    const paused = take(seen);
    await take(counters);
    expect(await used()).toBe(1);
    proxy.resume();
    await paused;
    expect(await used()).toBe(2);
  });

  test('the commands that passed are listed with their collections', async () => {
    const before = proxy.commands.length;
    await take(seen);
    await seen.findOne({ _id: 'a' });
    expect(proxy.commands.slice(before)).toEqual([
      { name: 'update', collection: 'counters' },
      { name: 'find', collection: 'counters' },
    ]);
  });
});

describeWithMongo('a proxy that lets one command through at a time', () => {
  test('gives every command the server to itself, over all connections', async () => {
    await using inner = await startMongoProxy(requireTestMongo().freshDatabaseUri());
    await using outer = await startMongoProxy(inner.uri(), { oneAtATime: true });
    const client = await mongoose.mongo.MongoClient.connect(outer.uri());
    try {
      const counters = client.db().collection<Counter>('counters');
      await counters.insertOne({ _id: 'a', used: 0, free: 20 });
      const hold = inner.hold({ command: 'update' });
      const before = inner.commands.length;
      const taken = Array.from({ length: 50 }, () =>
        counters.updateOne({ _id: 'a', free: { $gt: 0 } }, { $inc: { used: 1, free: -1 } }),
      );
      await hold.struck;
      expect(inner.commands.slice(before)).toHaveLength(1);
      hold.release();
      const results = await Promise.all(taken);
      expect(results.filter(({ modifiedCount }) => modifiedCount === 1)).toHaveLength(20);
    } finally {
      await client.db().dropDatabase();
      await client.close();
    }
  });
});
