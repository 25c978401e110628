/**
 * A lock-out and the ledger: whatever state the ledger is in, away, silent, over-used or with someone's unfinished step in the way, the
 * person is out and the caller is told so. model.md, "give back", step 0.
 */
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { type MongoProxy, startMongoProxy } from '../../harness/mongo-proxy.ts';
import {
  committed,
  expectUsed,
  held,
  hire,
  insert,
  makeUser,
  noon,
  openOrganization,
} from '../contract/contract-world.ts';
import { createSide, sideRecordKinds, type Side } from '../../provisioning/relayed-write-side.ts';
import { recover } from '../crash/crash-scene.ts';

const by: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };
const ledger = { collection: 'seatLedgers', times: Number.POSITIVE_INFINITY };

describeWithMongo('a lock-out is neither refused nor held up by the ledger', () => {
  let proxy: MongoProxy;
  let side: Side;
  let witness: Side;
  let organization: OrganizationId;
  let person: User;
  let waiting: User;

  beforeAll(async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    witness = createSide(await openMongoStorage(uri, { recordKinds: sideRecordKinds }));
    // Whoever waits for an answer here waits for ever.
    const address = `${proxy.uri()}&socketTimeoutMS=0`;
    side = createSide(await openMongoStorage(address, { recordKinds: sideRecordKinds }));
  });
  beforeEach(async () => {
    organization = await openOrganization(witness.storage, 1);
    person = await hire(witness.storage, organization);
    waiting = await committed(insert(witness.storage, held(makeUser(organization), 'seat', noon)));
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await side.storage.close();
    await witness.storage.close();
    await proxy.close();
  });

  const leave: Record<string, (id: UserId) => Promise<{ readonly user: User }>> = {
    deactivated: (id) => side.deactivateUser(organization, id, {}, by),
    deleted: (id) => side.removeUser(organization, id, by),
  };
  const expectOut = async (out: User): Promise<void> => {
    expect(out).toMatchObject({ active: false, epoch: person.epoch + 1 });
    const state = await witness.storage.users.accessState(organization, person.id);
    expect(state).toMatchObject({ active: false, epoch: person.epoch + 1 });
  };
  /** All that the sweeps would do: then the seat is with whoever waited. */
  const expectPassedOn = async (): Promise<void> => {
    await recover(witness, { organization, person: person.id, name: '' });
    expect(await witness.storage.users.get(organization, person.id)).toMatchObject({ active: false, seat: 'none' });
    expect((await witness.storage.users.get(organization, waiting.id))?.active).toBe(true);
    await expectUsed(witness.storage, organization, 1);
  };

  test.each(Object.keys(leave))(
    '%s: the control, with a ledger that answers, passes the seat on at once',
    async (how) => {
      const { user } = (await leave[how]?.(person.id)) ?? {};
      await expectOut(user as User);
      expect((await witness.storage.users.get(organization, waiting.id))?.active).toBe(true);
      await expectUsed(witness.storage, organization, 1);
    },
  );

  test.each(Object.keys(leave))('%s while the ledger does not answer', async (how) => {
    const hold = proxy.hold(ledger);
    const { user } = (await leave[how]?.(person.id)) ?? {};
    await expectOut(user as User);
    expect(hold.hits).toBeGreaterThanOrEqual(1);
    hold.release();
    hold.cancel();
    await side.finished();
    await expectPassedOn();
  });

  test.each(Object.keys(leave))('%s while the ledger cannot be reached', async (how) => {
    const cut = proxy.cutBefore(ledger);
    const { user } = (await leave[how]?.(person.id)) ?? {};
    await expectOut(user as User);
    expect(cut.hits).toBeGreaterThanOrEqual(1);
    cut.cancel();
    await side.finished();
    await expectPassedOn();
  });

  test.each(Object.keys(leave))('%s while the ledger loses every answer', async (how) => {
    const lost = proxy.cutAfter(ledger);
    const { user } = (await leave[how]?.(person.id)) ?? {};
    await expectOut(user as User);
    expect(lost.hits).toBeGreaterThanOrEqual(1);
    lost.cancel();
    await side.finished();
    await expectPassedOn();
  });

  test.each(Object.keys(leave))("%s with the person's own unfinished take in the way", async (how) => {
    await witness.storage.seats.changeContract(organization, { licensed: 2 }, () => []);
    const back = await committed(insert(witness.storage, held(makeUser(organization), 'admin')));
    // The second step of the ledger never arrives: the intent stays open beside an active person.
    const cut = proxy.cutBefore({ collection: 'seatLedgers', command: 'update', nth: 2, times: 2 });
    const next = { ...back, holds: [], active: true, revision: back.revision + 1 };
    const commit = { user: next, expectedRevision: back.revision, seat: 'take' as const, effects: [] };
    const taken = await committed(side.storage.users.commit(commit));
    expect(cut.hits).toBeGreaterThanOrEqual(1);
    cut.cancel();
    expect(Object.keys((await witness.storage.seats.read(organization))?.intents ?? {})).toEqual([taken.id]);
    const { user } = (await leave[how]?.(taken.id)) ?? {};
    expect(user).toMatchObject({ active: false, seat: 'none', epoch: taken.epoch + 1 });
    // Who waited has the one seat of the two that is free.
    await expectUsed(witness.storage, organization, 2);
  });

  test('with more people active than the contract allows', async () => {
    await witness.storage.seats.changeContract(organization, { over: 2 }, () => []);
    await hire(witness.storage, organization);
    await hire(witness.storage, organization);
    const { user } = await side.deactivateUser(organization, person.id, {}, by);
    await expectOut(user);
  });
});
