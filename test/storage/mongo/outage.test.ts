/** A MongoDB that goes away and comes back: every port says `unavailable`, never "not there", and works again without a restart. */
import type { GroupId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import mongoose from 'mongoose';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { type MongoProxy, startMongoProxy } from '../../harness/mongo-proxy.ts';
import {
  contractRecordKinds,
  hire,
  insert,
  makeEffect,
  makeOrganization,
  makeUser,
  noon,
  openOrganization,
  badges,
  things,
} from '../contract/contract-world.ts';
import { makeGroup } from '../contract/group-store.ts';
import { makeSeatEvent } from '../contract/seat-event-store.ts';

const options = { recordKinds: contractRecordKinds };
const id = 'org' as OrganizationId;
const person = 'person' as UserId;
const group = 'group' as GroupId;
const unavailable = { name: 'StorageError', code: 'unavailable' };
const claimed = { organizationId: id, source: 'users:person', claim: 'x', effects: [] };
const record = { id: 'r', organizationId: id, revision: 1, value: { colour: 'red' } };
const entry = {
  organizationId: id,
  seq: 1,
  at: noon,
  eventId: 'e',
  prevHash: '0',
  hash: '1',
  event: { action: 'a', level: 'important', actor: 'cli', mouth: 'cli', target: { kind: 'user', id: 'p' } },
} as const;

/** Every method of every port, with arguments that are harmless when it answers. */
const calls: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
  ping: (s) => s.ping(),
  isEmpty: (s) => s.isEmpty(),
  'organizations.get': (s) => s.organizations.get(id),
  'organizations.list': (s) => s.organizations.list(),
  'organizations.insert': (s) => s.organizations.insert(makeOrganization(), 1, []),
  'organizations.replace': (s) => s.organizations.replace(makeOrganization({ revision: 2 }), 1, []),
  'users.get': (s) => s.users.get(id, person),
  'users.accessState': (s) => s.users.accessState(id, person),
  'users.findByKey': (s) => s.users.findByKey(id, { kind: 'userName', value: 'x' }),
  'users.queue': (s) => s.users.queue(id, { limit: 1 }),
  'users.countByKey': (s) => s.users.countByKey(id, { kind: 'userName', value: 'x' }),
  'users.findByKeys': (s) => s.users.findByKeys(id, 'userName', ['x']),
  'users.list': (s) => s.users.list(id, { limit: 1 }),
  'users.count': (s) => s.users.count(id),
  'users.counts': (s) => s.users.counts(id),
  'users.commit': (s) => insert(s, makeUser(id)),
  'users.commit, taking a seat': (s) => insert(s, makeUser(id), { seat: 'take' }),
  'users.dueTransitions': (s) => s.users.dueTransitions(noon, 10),
  'users.longestWaiting': (s) => s.users.longestWaiting(id),
  'users.waitingBefore': (s) => s.users.waitingBefore(id, { id: person }),
  'users.leavesAhead': (s) => s.users.leavesAhead(id, { limit: 1 }),
  'users.countActiveWithRole': (s) => s.users.countActiveWithRole(id, 'owner'),
  'users.activeWithRoles': (s) => s.users.activeWithRoles(id, ['owner'], { limit: 1 }),
  'users.known': (s) => s.users.known(id, [person]),
  'groups.get': (s) => s.groups.get(id, group),
  'groups.getMany': (s) => s.groups.getMany(id, [group]),
  'groups.findByKey': (s) => s.groups.findByKey(id, { kind: 'displayName', value: 'x' }),
  'groups.list': (s) => s.groups.list(id, { limit: 1 }),
  'groups.count': (s) => s.groups.count(id),
  'groups.commit': (s) =>
    s.groups.commit({ group: makeGroup(id), expectedRevision: null, add: [], remove: [], effects: [] }),
  'groups.members': (s) => s.groups.members(id, group, { limit: 1 }),
  'groups.membersOf': (s) => s.groups.membersOf(id, [group], 1),
  'groups.membersAmong': (s) => s.groups.membersAmong(id, group, [person]),
  'groups.groupsOf': (s) => s.groups.groupsOf(id, [person]),
  'groups.settle': (s) => s.groups.settle(noon),
  'seats.read': (s) => s.seats.read(id),
  'budgets.organizations': (s) => s.budgets.organizations(),
  'seats.settle': (s) => s.seats.settle(noon),
  'seatEvents.add': (s) => s.seatEvents.add(id, [{ id: 'step', event: makeSeatEvent(person) }]),
  'seatEvents.ofDay': (s) => s.seatEvents.ofDay(id, '2027-01-01', { limit: 1 }),
  'seatEvents.ofUser': (s) => s.seatEvents.ofUser(id, person, 1),
  'seatEvents.earliest': (s) => s.seatEvents.earliest(id),
  'effects.claimDue': (s) => s.effects.claimDue(1, 1),
  'effects.claimOfUser': (s) => s.effects.claimOfUser(id, person, 1),
  'effects.complete': (s) => s.effects.complete(claimed, []),
  'effects.completeAll': (s) => s.effects.completeAll([claimed]),
  'effects.postpone': (s) => s.effects.postpone(claimed, [], 1),
  'effects.backlog': (s) => s.effects.backlog(),
  'audit.last': (s) => s.audit.last(id),
  'audit.insert': (s) => s.audit.insert(entry),
  'audit.insertInOrder': (s) => s.audit.insertInOrder([entry]),
  'audit.list': (s) => s.audit.list(id, { limit: 1 }),
  'leases.acquire': (s) => s.leases.acquire('job', 'me', 1),
  'leases.release': (s) => s.leases.release('job', 'me'),
  'doors.recordOfPerson': (s) => s.doors.recordOfPerson({ kind: badges, id: 'b' }, noon),
  'doors.recordOfPersonBeside': (s) =>
    s.doors.recordOfPersonBeside({ kind: badges, id: 'b' }, { kind: things, id: 'r' }, noon),
  'records.insert': (s) => s.records(things).insert({ ...record, id: makeUser(id).id }),
  'records.insertOnce': (s) => s.records(things).insertOnce({ ...record, id: makeUser(id).id }),
  'records.get': (s) => s.records(things).get('r', noon),
  'records.getMany': (s) => s.records(things).getMany(['r'], noon),
  'records.replace': (s) => s.records(things).replace(record),
  'records.take': (s) => s.records(things).take('r', noon),
  'records.delete': (s) => s.records(things).delete('r'),
  'records.list': (s) => s.records(things).list(id, { limit: 1 }, noon),
  'records.deleteExpired': (s) => s.records(things).deleteExpired(noon, 1),
};

describeWithMongo('MongoDB away', () => {
  let proxy: MongoProxy;
  let storage: Storage;
  let uri: string;

  beforeAll(async () => {
    uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    storage = await openMongoStorage(`${proxy.uri()}&serverSelectionTimeoutMS=2000`, options);
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await storage.close();
    await proxy.close();
  });

  test('every method of every port says so, and answers again afterwards', async () => {
    const outcomes = async (): Promise<Record<string, string>> => {
      const asked = Object.entries(calls).map(async ([name, call]) => {
        const answer = await call(storage).then(
          () => 'answers',
          (error: unknown) => (error instanceof StorageError ? error.code : String(error)),
        );
        return [name, answer] as const;
      });
      return Object.fromEntries(await Promise.all(asked));
    };
    const all = (outcome: string): Record<string, string> =>
      Object.fromEntries(Object.keys(calls).map((name) => [name, outcome]));
    expect(await outcomes()).toEqual(all('answers'));
    proxy.refuse({ cutPresent: true });
    expect(await outcomes()).toEqual(all('unavailable'));
    proxy.accept();
    expect(await outcomes()).toEqual(all('answers'));
  });

  test('every method of every port is among the calls above', () => {
    const ports = ['organizations', 'users', 'groups', 'effects', 'audit', 'leases'] as const;
    const names = [
      ...ports.flatMap((port) => Object.keys(storage[port]).map((method) => `${port}.${method}`)),
      ...Object.keys(storage.records(things)).map((method) => `records.${method}`),
    ];
    for (const name of names) expect(Object.keys(calls)).toContain(name);
  });

  test('what was committed before an outage is there after it', async () => {
    const organization = await openOrganization(storage, 5);
    const user = await hire(storage, organization);
    proxy.refuse({ cutPresent: true });
    await expect(insert(storage, makeUser(organization), { effects: [makeEffect(organization)] })).rejects.toThrow();
    proxy.accept();
    const witness = await openMongoStorage(uri, options);
    expect(await witness.users.list(organization, { limit: 10 })).toEqual([user]);
    expect(await witness.effects.claimOfUser(organization, user.id, 1)).toBeNull();
    await witness.close();
  });

  test('an address where nobody answers is unavailable, one that cannot be an address is incompatible', async () => {
    proxy.refuse();
    const refused = openMongoStorage(`${proxy.uri()}&serverSelectionTimeoutMS=2000`, options);
    await expect(refused).rejects.toMatchObject(unavailable);
    const nonsense = openMongoStorage('mongodb://', options);
    await expect(nonsense).rejects.toMatchObject({ name: 'StorageError', code: 'incompatible' });
  });

  test('a database that a newer program has written is left alone', async () => {
    const other = requireTestMongo().freshDatabaseUri();
    const client = await mongoose.mongo.MongoClient.connect(other);
    await client
      .db()
      .collection<{ _id: string; version: number }>('furlough')
      .insertOne({ _id: 'schema', version: 99 });
    await expect(openMongoStorage(other, options)).rejects.toMatchObject({
      name: 'StorageError',
      code: 'incompatible',
    });
    expect((await client.db().listCollections().toArray()).map(({ name }) => name)).toEqual(['furlough']);
    await client.close();
  });

  test('a database of before people were found by employee number finds them after it is opened', async () => {
    const other = requireTestMongo().freshDatabaseUri();
    const storage = await openMongoStorage(other, options);
    const old = await openOrganization(storage, 9);
    const enterprise = { employeeNumber: 'E-1' };
    const aoki = await hire(storage, old, { profile: { userName: 'aoki', enterprise } });
    await insert(storage, makeUser(old, { profile: { userName: 'baba', enterprise: { costCenter: '1' } } }));
    await storage.close();
    const client = await mongoose.mongo.MongoClient.connect(other);
    const keys = { keys: 'employeeNumber E-1' } as never;
    await client.db().collection('users').updateMany({}, { $pull: keys });
    expect(await client.db().collection('users').countDocuments(keys)).toBe(0);
    const versions = client.db().collection<{ _id: string; version: number }>('furlough');
    await versions.updateOne({ _id: 'schema' }, { $set: { version: 1 } });
    const again = await openMongoStorage(other, options);
    const found = await again.users.findByKey(old, { kind: 'employeeNumber', value: 'E-1' });
    expect(found.map(({ id }) => id)).toEqual([aoki.id]);
    expect(await versions.findOne({ _id: 'schema' })).toMatchObject({ version: 3 });
    await again.close();
    await client.close();
  });

  test('two nodes may open one empty database at once', async () => {
    const other = requireTestMongo().freshDatabaseUri();
    const nodes = await Promise.all([1, 2, 3].map(() => openMongoStorage(other, options)));
    const [one, two] = nodes;
    if (one === undefined || two === undefined) throw new Error('unreachable');
    const organization = await openOrganization(one, 1);
    const outcomes = await Promise.all(nodes.map((node) => insert(node, makeUser(organization), { seat: 'take' })));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(await one.leases.acquire('job', 'one', 60_000)).toEqual({ fence: 1 });
    expect(await two.leases.acquire('job', 'two', 60_000)).toBeNull();
    for (const node of nodes) await node.close();
  });
});
