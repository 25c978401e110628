/**
 * The sweep that finishes what a crash left, when it dies itself: at every command, and another sweep then finishes both. The leftovers are
 * the documents as the protocol leaves them between two steps (model.md, "Seats"). gate.md 11, K01.
 */
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import type { Storage } from '#storage/storage.ts';
import mongoose from 'mongoose';
import { randomUUID } from 'node:crypto';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { type MongoProxy, startMongoProxy } from '../../harness/mongo-proxy.ts';
import { isFull } from '../../harness/test-scale.ts';
import { committed, expectUsed, held, hire, insert, makeUser, openOrganization } from '../contract/contract-world.ts';
import { sideRecordKinds } from '../../provisioning/relayed-write-side.ts';
import { expectNeverOver } from './crash-scene.ts';

type Database = mongoose.mongo.Db;
type Intent = { readonly id: string; readonly kind: 'take' | 'giveBack'; readonly at: number };

interface Leftover {
  /** Whether the person is active before the step that is left half done. */
  readonly active: boolean;
  /** The person's fields as the steps that happened left them; `id` is the intent's. */
  readonly person: (id: string) => object | null;
  readonly intent: Intent['kind'] | null;
  /** What the steps that happened did to `used`. */
  readonly moved: number;
  /** How many seats are used when it is settled. */
  readonly used: number;
}

const released = { active: false, status: 'inactive', releasingSince: 1 };
const leftovers: Readonly<Record<string, Leftover>> = {
  'a take that only the ledger knows': { active: false, person: () => null, intent: 'take', moved: 1, used: 1 },
  'a take that is done but for its intent': {
    active: true,
    person: (id) => ({ stamp: id }),
    intent: 'take',
    moved: 0,
    used: 2,
  },
  'a release that the ledger has not heard of': {
    active: true,
    person: () => ({ ...released, seat: 'releasing' }),
    intent: null,
    moved: 0,
    used: 1,
  },
  'a release that is announced': {
    active: true,
    person: () => ({ ...released, seat: 'releasing' }),
    intent: 'giveBack',
    moved: 0,
    used: 1,
  },
  'a release whose seat only has to be given back': {
    active: true,
    person: (id) => ({ ...released, releasingSince: null, seat: 'none', stamp: id }),
    intent: 'giveBack',
    moved: 0,
    used: 1,
  },
};

describeWithMongo('a sweep that dies on the way', () => {
  let proxy: MongoProxy;
  let storage: Storage;
  let witness: Storage;
  let client: mongoose.mongo.MongoClient;
  let database: Database;

  beforeAll(async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    witness = await openMongoStorage(uri, { recordKinds: sideRecordKinds });
    storage = await openMongoStorage(proxy.uri(), { recordKinds: sideRecordKinds });
    client = await mongoose.mongo.MongoClient.connect(uri);
    database = client.db();
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await storage.close();
    await witness.close();
    await client.close();
    await proxy.close();
  });

  const later = (): number => Date.now() + 60_000;

  async function leave({ active, person, intent, moved }: Leftover) {
    const organization = await openOrganization(witness, 3);
    await hire(witness, organization);
    const user = active
      ? await hire(witness, organization)
      : await committed(insert(witness, held(makeUser(organization), 'admin')));
    const id = randomUUID();
    const fields = person(id);
    if (fields !== null) {
      const users = database.collection<{ _id: string }>('users');
      await users.updateOne({ _id: user.id }, { $set: fields, $inc: { revision: 1 } });
    }
    if (intent !== null) {
      await database.collection<{ _id: string }>('seatLedgers').updateOne(
        { _id: organization },
        {
          $set: { [`intents.${user.id}`]: { id, kind: intent, at: 1 } },
          $inc: { used: moved, free: -moved, moving: 1, version: 1 },
        },
      );
    }
    await expectNeverOver(witness, organization);
    return { organization, user };
  }

  async function expectSettled(organization: OrganizationId, user: User, used: number): Promise<void> {
    await expectUsed(witness, organization, used);
    const stored = await witness.users.get(organization, user.id);
    expect(stored).toMatchObject(used === 2 ? { active: true, seat: 'held' } : { active: false, seat: 'none' });
    const unexpected = (): never => {
      throw new Error('no repair was due');
    };
    expect((await witness.seats.recount(organization, unexpected)).outcome).toBe('exact');
  }

  test.each(Object.entries(leftovers))(
    'K01 %s',
    async (_name, leftover) => {
      const control = await leave(leftover);
      const before = proxy.commands.length;
      await storage.seats.settle(later());
      const commands = proxy.commands.length - before;
      await expectSettled(control.organization, control.user, leftover.used);
      expect(commands).toBeGreaterThanOrEqual(4);

      for (let nth = 1; nth <= commands; nth += 1) {
        for (const fault of ['hold', 'holdAnswer', 'cutBefore', 'cutAfter'] as const) {
          // The driver takes half a second to find its way back from a cut.
          if (!isFull && fault.startsWith('cut') && nth !== Math.ceil(commands / 2)) continue;
          const { organization, user } = await leave(leftover);
          const injected = proxy[fault]({ nth });
          const dying = storage.seats.settle(later()).catch((error: unknown) => {
            expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable' });
          });
          await Promise.race([injected.struck, dying]);
          expect([fault, nth, injected.hits]).toEqual([fault, nth, 1]);
          if (fault.startsWith('cut')) await dying;
          await expectNeverOver(witness, organization);
          await witness.seats.settle(later());
          await expectSettled(organization, user, leftover.used);
          // The first sweep wakes up and finds nothing left to do.
          proxy.heal();
          await dying;
          await expectSettled(organization, user, leftover.used);
        }
      }
    },
    120_000,
  );
});
