// Seats taken by many at once are taken in few steps of the ledger, exactly as if one by one: never more than there are, each by one person, and a
// lost answer leaves nothing that is not settled.

import type { OrganizationId } from '#directory/identifiers.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import type { Storage } from '#storage/storage.ts';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { startMongoProxy, type MongoProxy } from '../../harness/mongo-proxy.ts';
import { contractRecordKinds, expectUsed, insert, makeUser, openOrganization } from '../contract/contract-world.ts';

describeWithMongo('seats taken together', () => {
  let proxy: MongoProxy;
  let storage: Storage;
  beforeAll(async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    storage = await openMongoStorage(`${proxy.uri()}&socketTimeoutMS=700`, { recordKinds: contractRecordKinds });
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await storage.close();
    await proxy.close();
  });

  const ledgerSteps = (): number =>
    proxy.commands.filter(({ name, collection }) => name === 'update' && collection === 'seatLedgers').length;
  const hireAtOnce = async (organization: OrganizationId, count: number) => {
    const users = Array.from({ length: count }, () => makeUser(organization));
    const asked = users.map((user) => insert(storage, user, { seat: 'take' }));
    return (await Promise.allSettled(asked)).map((each) =>
      each.status === 'fulfilled' ? each.value.kind : 'unavailable',
    );
  };

  test('forty at once cost a few steps, not eighty, and the ledger is exact', async () => {
    const organization = await openOrganization(storage, null);
    const before = ledgerSteps();
    expect(new Set(await hireAtOnce(organization, 40))).toEqual(new Set(['committed']));
    expect(ledgerSteps() - before).toBeLessThan(20);
    await expectUsed(storage, organization, 40);
  });

  test.each([
    ['as many as are licensed', { licensed: 12 }, 12],
    ['over-use is taken as far as it goes', { licensed: 9, over: 4 }, 13],
  ])('with too few seats exactly those are taken: %s', async (_name, contract, taken) => {
    const organization = await openOrganization(storage, null);
    expect(await storage.seats.changeContract(organization, contract, () => [])).toMatchObject({ kind: 'changed' });
    const outcomes = await hireAtOnce(organization, 30);
    expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(taken);
    expect(outcomes.filter((outcome) => outcome === 'noSeat')).toHaveLength(30 - taken);
    await expectUsed(storage, organization, taken);
  });

  test.each([1, 2, 3, 4, 5, 6])('the answer of step %s is lost: whoever is not told is settled', async (nth) => {
    const organization = await openOrganization(storage, 25);
    const lost = proxy.cutAfter({ command: 'update', collection: 'seatLedgers', nth });
    const outcomes = await hireAtOnce(organization, 20);
    lost.cancel();
    const committed = outcomes.filter((outcome) => outcome === 'committed').length;
    await storage.ping();
    await storage.seats.settle(Date.now() + 60_000);
    const { used = 0, intents = {} } = (await storage.seats.read(organization)) ?? {};
    expect(Object.keys(intents)).toEqual([]);
    expect(used).toBeGreaterThanOrEqual(committed);
    await expectUsed(storage, organization, (await storage.users.counts(organization)).holders);
  });
});
