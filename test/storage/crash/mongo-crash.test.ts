/**
 * The commit on MongoDB when its process or the network dies: before and after every command of every change, reads too. A lost answer, a
 * writer that wakes up when others have recovered already, a real SIGKILL. gate.md 11, C03 and K01; the proxy holds and cuts the wire.
 */
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { type MongoProxy, startMongoProxy } from '../../harness/mongo-proxy.ts';
import { isFull } from '../../harness/test-scale.ts';
import { createSide, sideRecordKinds, type Side } from '../../provisioning/relayed-write-side.ts';
import { operations } from './crash-operations.ts';
import {
  expectNeverOver,
  expectWholeOrNothing,
  type Picture,
  recover,
  rehearse,
  setScene,
  takePicture,
} from './crash-scene.ts';
import { startCrashingChild } from './crashing-child.ts';

const open = async (uri: string): Promise<Side> =>
  createSide(await openMongoStorage(uri, { recordKinds: sideRecordKinds }));

/** Whether the operation was answered; a store that is away is the only other way it may end. */
const isAnswered = (running: Promise<unknown>): Promise<boolean> =>
  running.then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable' });
      return false;
    },
  );

describeWithMongo('on MongoDB', () =>
  describe.each(operations)('$name', (operation) => {
    crashEverywhere(operation);
  }),
);

function crashEverywhere(operation: (typeof operations)[number]): void {
  let proxy: MongoProxy;
  /** Looks on and recovers beside the proxy. */
  let witness: Side;
  /** Whom the fault strikes: one that waits for an answer, one that does not wait long. */
  let patient: Side;
  let impatient: Side;
  let pictures: readonly [Picture, Picture];
  /** How many commands the operation sends when nothing goes wrong. */
  let commands: number;

  beforeAll(async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    witness = await open(uri);
    patient = await open(proxy.uri());
    impatient = await open(`${proxy.uri()}&socketTimeoutMS=250&serverSelectionTimeoutMS=2000`);
    pictures = await rehearse(witness, operation);
    // Twice: what the store learns once (the server's clock) is no part of it.
    for (let time = 0; time < 2; time += 1) {
      const scene = await setScene(witness, operation);
      const before = proxy.commands.length;
      await operation.run(patient, scene);
      commands = proxy.commands.length - before;
      await expectWholeOrNothing(witness, scene, operation, pictures, true);
    }
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    for (const side of [patient, impatient, witness]) await side.storage.close();
    await proxy.close();
  });
  const everyCommand = (): number[] => Array.from({ length: commands }, (_, n) => n + 1);

  test('K01 it asks the store more than once, so that there is something to disturb', () => {
    expect(commands).toBeGreaterThan(4);
  });

  test.each(['hold', 'holdAnswer'] as const)(
    'K01 a writer that wakes up when others have recovered already changes nothing that is settled (%s)',
    async (holding) => {
      for (const nth of everyCommand()) {
        // To the store the answer held here is the command held next.
        if (!isFull && nth % 12 !== (holding === 'hold' ? 1 : 7)) continue;
        const scene = await setScene(witness, operation);
        const hold = proxy[holding]({ nth });
        const slow = isAnswered(operation.run(patient, scene));
        await Promise.race([hold.struck, slow]);
        expect([nth, hold.hits]).toEqual([nth, 1]);
        await expectNeverOver(witness.storage, scene.organization);
        await recover(witness, scene);
        expect(pictures).toContainEqual(await takePicture(witness, scene));
        hold.release();
        const answered = await slow;
        await expectWholeOrNothing(witness, scene, operation, pictures, answered);
        hold.cancel();
      }
    },
    120_000,
  );

  test.each(['cutBefore', 'cutAfter', 'dropAnswer'] as const)(
    'C03 a connection lost at any command leaves all of it or nothing, and repeating gives it once (%s)',
    async (fault) => {
      for (const nth of everyCommand()) {
        // The driver takes half a second to find its way back: one place of each unless all are asked for.
        if (!isFull && nth !== 1 + ((operations.indexOf(operation) + fault.length) % commands)) continue;
        const scene = await setScene(witness, operation);
        await impatient.storage.ping();
        const injected = proxy[fault]({ nth });
        const answered = await isAnswered(operation.run(impatient, scene));
        expect(injected.hits).toBe(1);
        await expectWholeOrNothing(witness, scene, operation, pictures, answered);
      }
    },
    120_000,
  );

  test('K01 C03 a process killed at any command leaves all of it or nothing, and repeating gives it once', async () => {
    const places = everyCommand().flatMap((nth) => [
      { nth, holding: 'hold' as const },
      { nth, holding: 'holdAnswer' as const },
    ]);
    const half = Math.floor(places.length / 2);
    for (const { nth, holding } of isFull ? places : places.slice(half, half + 1)) {
      const scene = await setScene(witness, operation);
      const { child, ready, go, ended } = startCrashingChild(proxy.uri(), operation, scene);
      await ready;
      const hold = proxy[holding]({ nth });
      go();
      await Promise.race([hold.struck, ended]);
      child.kill('SIGKILL');
      expect(await ended).toEqual({ killed: true, answer: null });
      expect(hold.hits).toBe(1);
      hold.release();
      hold.cancel();
      await expectWholeOrNothing(witness, scene, operation, pictures, false);
    }
  }, 1_800_000);
}
