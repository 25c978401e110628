/**
 * A change of a group and its members when the network fails between any two steps: readers see all of it or nothing, whoever reads next finishes
 * it, and someone who was only slow changes nothing that was decided since.
 */
import type { Group } from '#directory/group.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import type { Storage } from '#storage/storage.ts';
import mongoose from 'mongoose';
import { randomUUID } from 'node:crypto';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { type MongoProxy, startMongoProxy } from '../../harness/mongo-proxy.ts';
import { atOnce, contractRecordKinds, hire, makeEffect, openOrganization } from '../contract/contract-world.ts';
import { changeMembers, makeGroup, person } from '../contract/group-store.ts';

const writes: readonly string[] = ['update', 'insert'];
const places = (['cutBefore', 'cutAfter', 'dropAnswer'] as const).flatMap((fault) =>
  [1, 2, 3].map((nth) => ({ fault, nth })),
);

describeWithMongo('groups on MongoDB when the network fails', () => {
  let proxy: MongoProxy;
  let storage: Storage;
  let witness: Storage;
  let organization: OrganizationId;
  let ids: readonly string[];
  let uri: string;

  beforeAll(async () => {
    uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    witness = await openMongoStorage(uri, { recordKinds: contractRecordKinds });
    const impatient = `${proxy.uri()}&socketTimeoutMS=700&serverSelectionTimeoutMS=5000`;
    storage = await openMongoStorage(impatient, { recordKinds: contractRecordKinds });
  });
  beforeEach(async () => {
    await storage.ping();
    organization = await openOrganization(witness, null);
    ids = (await atOnce(4, () => hire(witness, organization))).map(({ id }) => id as string).toSorted();
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await storage.close();
    await witness.close();
    await proxy.close();
  });

  const open = async (): Promise<Group> => {
    const group = makeGroup(organization);
    const add = ids.slice(0, 2).map(person);
    await witness.groups.commit({ group, expectedRevision: null, add, remove: [], effects: [] });
    return group;
  };
  const idsIn = async (from: Storage, { id }: Group): Promise<readonly string[]> =>
    (await from.groups.members(organization, id, { limit: 100 })).map((member) => member.id);
  const groupsOf = async (id: string): Promise<readonly string[]> =>
    (await witness.groups.groupsOf(organization, [id])).get(id) ?? [];
  const [before, after] = [() => ids.slice(0, 2), () => ids.slice(1, 4)];

  test.each(places)(
    '$fault at write $nth: all of the change or nothing, for every reader, and the same once it is sent again',
    async ({ fault, nth }) => {
      const group = await open();
      const injected = proxy[fault]({ command: writes, nth });
      const change = {
        group: { ...group, revision: 2, profile: { displayName: 'Changed' } },
        expectedRevision: 1,
        add: ids.slice(2).map(person),
        remove: [ids[0] ?? ''],
        effects: [makeEffect(organization)],
      };
      const outcome = await storage.groups.commit(change).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable' });
        return 'unavailable' as const;
      });
      expect(injected.hits).toBe(1);
      const stored = await witness.groups.get(organization, group.id);
      const happened = stored?.revision === 2;
      if (outcome === 'committed') expect(happened).toBe(true);
      expect(stored?.profile.displayName).toBe(happened ? 'Changed' : 'Engineers');
      expect(await groupsOf(ids[3] ?? '')).toEqual(happened ? [group.id] : []);
      expect(await idsIn(witness, group)).toEqual(happened ? after() : before());
      expect(await witness.groups.membersAmong(organization, group.id, [...ids])).toHaveLength(happened ? 3 : 2);
      await witness.groups.settle(Date.now() + 60_000);
      await changeMembers(witness, group, { add: ids.slice(1).map(person), remove: [ids[0] ?? ''] });
      expect(await idsIn(storage, group)).toEqual(after());
    },
  );

  test('someone who was only slow brings back nobody who was taken out since', async () => {
    const group = await open();
    const newcomer = ids[3] ?? '';
    const hold = proxy.hold({ command: 'update', collection: 'groupMembers' });
    const slow = changeMembers(storage, group, { add: [person(newcomer)] });
    await hold.struck;
    // Decided already: whoever reads sees the newcomer, though the rows do not say so yet.
    expect(await idsIn(witness, group)).toEqual([...before(), newcomer].toSorted());
    await changeMembers(witness, group, { remove: [newcomer] });
    expect(await idsIn(witness, group)).toEqual(before());
    hold.release();
    await slow;
    expect(await idsIn(witness, group)).toEqual(before());
    expect(await groupsOf(newcomer)).toEqual([]);
  });

  test('a commit whose rows cannot be written is committed all the same, and the sweep finishes it', async () => {
    const group = await open();
    const newcomer = ids[2] ?? '';
    proxy.cutBefore({ command: 'update', collection: 'groupMembers', times: Infinity });
    await changeMembers(storage, group, { add: [person(newcomer)] });
    proxy.heal();
    await witness.groups.settle(Date.now() + 60_000);
    expect(await witness.groups.membersAmong(organization, group.id, [newcomer])).toEqual([newcomer]);
  });

  test('whose groups: in the midst of a change in two pieces, all of it or nothing', async () => {
    const group = await open();
    const many = Array.from({ length: 1_001 }, () => randomUUID() as string);
    const asked = many.slice(2);
    const patient = await openMongoStorage(proxy.uri(), { recordKinds: contractRecordKinds });
    const reading = proxy.hold({ command: 'find', collection: 'groupMembers' });
    const answer = patient.groups.groupsOf(organization, asked);
    await reading.struck;
    const writing = proxy.hold({ command: 'update', collection: 'groupMembers', nth: 2 });
    const written = changeMembers(patient, group, { add: many.map(person) });
    await writing.struck;
    reading.release();
    const size = (await answer).size;
    writing.release();
    await written;
    expect([0, asked.length]).toContain(size);
    expect((await patient.groups.groupsOf(organization, asked)).size).toBe(asked.length);
    await patient.close();
  });

  test('whose groups: also where a change is under way in more groups than one sweep takes', async () => {
    const member = ids[0] ?? '';
    // So many at once take their time on a busy machine.
    const patient = await openMongoStorage(proxy.uri(), { recordKinds: contractRecordKinds });
    proxy.cutBefore({ command: 'update', collection: 'groupMembers', times: Infinity });
    const made = await atOnce(210, async () => {
      const group = makeGroup(organization);
      const commit = { group, expectedRevision: null, add: [person(member)], remove: [], effects: [] };
      expect(await patient.groups.commit(commit)).toBe('committed');
      return group.id as string;
    });
    proxy.heal();
    await patient.close();
    expect((await groupsOf(member)).toSorted()).toEqual(made.toSorted());
  });

  test('rows of a deleted group are gone, and a sweep removes them where the deletion could not', async () => {
    const group = await open();
    proxy.cutBefore({ command: 'delete', collection: 'groupMembers' });
    const gone = { ...group, revision: 2, deletedAt: Date.now() };
    const commit = { group: gone, expectedRevision: 1, add: [], remove: [], effects: [] };
    expect(await storage.groups.commit(commit)).toBe('committed');
    const rows = async (): Promise<number> => {
      const client = await mongoose.mongo.MongoClient.connect(uri);
      try {
        return await client.db().collection('groupMembers').countDocuments({ groupId: group.id });
      } finally {
        await client.close();
      }
    };
    expect(await rows()).toBe(2);
    await witness.groups.settle(Date.now() + 60_000);
    expect(await rows()).toBe(0);
  });
});
