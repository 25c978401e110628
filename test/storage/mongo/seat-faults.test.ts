/**
 * The seat protocol when the network fails between any two steps: nobody goes over, a lost answer loses nothing, and after
 * settling ledger and users agree. model.md, "Seats"; the proxy stands in for crashes of either side.
 */
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { createLedger } from '#directory/seat.ts';
import type { User } from '#directory/user.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import type { Storage } from '#storage/storage.ts';
import type { CommitOutcome } from '#storage/user-store.ts';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { type CommandMatch, type Fault, type MongoProxy, startMongoProxy } from '../../harness/mongo-proxy.ts';
import { chargedIn } from '../contract/seat-budget-store.ts';
import {
  committed,
  contractRecordKinds,
  dismiss,
  expectUsed,
  freed,
  held,
  hire,
  insert,
  makeEffect,
  makeOrganization,
  makeUser,
  openOrganization,
  update,
} from '../contract/contract-world.ts';

const licensed = 3;
const later = (): number => Date.now() + 60_000;

/** One commit to disturb: what must be there before, the commit, and how many users hold a seat without and with it. */
interface Step {
  readonly commands: number;
  readonly prepare: (storage: Storage, organization: OrganizationId) => Promise<User>;
  readonly commit: (storage: Storage, user: User) => Promise<CommitOutcome>;
  readonly without: number;
  readonly after: number;
}

const steps: Readonly<Record<string, Step>> = {
  'a new user who takes a seat': {
    commands: 3,
    prepare: async (_, organization) => makeUser(organization),
    commit: (storage, user) => insert(storage, user, { seat: 'take', effects: [makeEffect(user.organizationId)] }),
    without: 1,
    after: 2,
  },
  'a user who comes back': {
    commands: 3,
    prepare: (storage, organization) => committed(insert(storage, held(makeUser(organization), 'admin'))),
    commit: (storage, user) =>
      update(storage, user, freed(user), { seat: 'take', effects: [makeEffect(user.organizationId)] }),
    without: 1,
    after: 2,
  },
  'a user who is locked out': {
    commands: 4,
    prepare: (storage, organization) => hire(storage, organization),
    commit: (storage, user) => dismiss(storage, user, { effects: [makeEffect(user.organizationId)] }),
    without: 2,
    after: 1,
  },
  'a seat that is charged to a budget': {
    commands: 3,
    prepare: async (storage, organization) => {
      await storage.budgets.set(organization, sales, 1, []);
      return makeUser(organization);
    },
    commit: async (storage, user) =>
      insert(storage, user, { seat: 'take', charge: await chargeTo(storage, user, sales) }),
    without: 1,
    after: 2,
  },
  'a seat that is charged to another budget': {
    commands: 3,
    prepare: async (storage, organization) => {
      await storage.budgets.set(organization, sales, 1, []);
      await storage.budgets.set(organization, support, 0, []);
      const user = makeUser(organization);
      const charge = await chargeTo(storage, user, sales);
      return committed(insert(storage, user, { seat: 'take', charge }));
    },
    commit: async (storage, user) => update(storage, user, user, { charge: await chargeTo(storage, user, support) }),
    without: 2,
    after: 2,
  },
  'a charged seat that is given back': {
    commands: 4,
    prepare: async (storage, organization) => {
      await storage.budgets.set(organization, sales, 1, []);
      const user = makeUser(organization);
      const charge = await chargeTo(storage, user, sales);
      return committed(insert(storage, user, { seat: 'take', charge }));
    },
    commit: (storage, user) => dismiss(storage, user),
    without: 2,
    after: 1,
  },
};

const [sales, support] = ['sales', 'support'] as DepartmentId[] as [DepartmentId, DepartmentId];

async function chargeTo(storage: Storage, { organizationId }: User, to: DepartmentId) {
  return { to, basis: (await storage.seats.read(organizationId))?.budgets?.basis ?? 'none' };
}

type FaultName = 'cutBefore' | 'cutAfter' | 'dropAnswer';
const faults: readonly FaultName[] = ['cutBefore', 'cutAfter', 'dropAnswer'];
const places = Object.entries(steps).flatMap(([name, step]) =>
  Array.from({ length: step.commands }, (_, n) => faults.map((fault) => ({ name, fault, nth: n + 1 }))).flat(),
);
const writes: CommandMatch = { command: ['update', 'insert', 'findAndModify'] };

describeWithMongo('seats on MongoDB when the network fails', () => {
  let proxy: MongoProxy;
  /** What the fault strikes, and what looks at the result without it. */
  let storage: Storage;
  let witness: Storage;
  let organization: OrganizationId;

  beforeAll(async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    proxy = await startMongoProxy(uri);
    witness = await openMongoStorage(uri, { recordKinds: contractRecordKinds });
    const impatient = `${proxy.uri()}&socketTimeoutMS=700&serverSelectionTimeoutMS=5000`;
    storage = await openMongoStorage(impatient, { recordKinds: contractRecordKinds });
  });
  beforeEach(async () => {
    // Reconnected after the fault before: else that one would be counted as this one.
    await storage.ping();
    organization = await openOrganization(witness, licensed);
    await hire(witness, organization);
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await storage.close();
    await witness.close();
    await proxy.close();
  });

  const expectNeverOver = async (): Promise<void> => {
    const counts = await witness.users.counts(organization);
    const ledger = await witness.seats.read(organization);
    expect(counts.active).toBeLessThanOrEqual(counts.holders);
    expect(counts.holders).toBeLessThanOrEqual(ledger?.used ?? -1);
    expect(ledger?.used).toBeLessThanOrEqual(licensed);
  };
  const outcomeOf = (commit: Promise<CommitOutcome>): Promise<CommitOutcome | 'unavailable'> =>
    commit.catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'StorageError', code: 'unavailable' });
      return 'unavailable' as const;
    });

  test.each(places)('$name, $fault at write $nth: never over, and exact once settled', async ({ name, fault, nth }) => {
    const step = steps[name];
    if (step === undefined) throw new Error('unreachable');
    const user = await step.prepare(witness, organization);
    const injected: Fault = proxy[fault]({ ...writes, nth });
    const outcome = await outcomeOf(step.commit(storage, user));
    expect(injected.hits).toBe(1);
    await expectNeverOver();

    const stored = await witness.users.get(organization, user.id);
    const wasActive = stored?.active === true;
    if (outcome !== 'unavailable' && outcome.kind === 'committed') {
      // What was answered is true whatever still has to be settled.
      expect(stored?.active).toBe(outcome.user.active);
      expect(stored?.epoch).toBe(outcome.user.epoch);
    }
    await witness.seats.settle(later());
    const settled = await witness.users.get(organization, user.id);
    expect(settled?.active === true).toBe(wasActive);
    expect(settled?.seat ?? 'none').toBe(wasActive ? 'held' : 'none');
    await expectUsed(witness, organization, wasActive ? 2 : 1);
    await chargedIn(witness, organization);
    expect(await witness.seats.settle(later())).not.toContain(organization);

    // Whoever was told "try again" tries again, and then it is done.
    if (wasActive !== (step.after === 2)) {
      const again = settled === null ? makeUser(organization) : settled;
      expect((await step.commit(storage, again)).kind).toBe('committed');
    }
    await expectUsed(witness, organization, step.after);
  });

  test('a writer who was only slow loses to whoever settled the intent', async () => {
    const user = await committed(insert(witness, held(makeUser(organization), 'admin')));
    const hold = proxy.hold({ command: 'findAndModify', collection: 'users' });
    const slow = update(storage, user, freed(user), { seat: 'take' });
    await hold.struck;
    expect(await witness.seats.settle(later())).toContain(organization);
    hold.release();
    expect(await slow).toEqual({ kind: 'conflict' });
    expect(await witness.users.get(organization, user.id)).toMatchObject({ active: false, seat: 'none' });
    await expectUsed(witness, organization, 1);
  });

  test('a slow insert loses to whoever settled the intent, and the user never was', async () => {
    const user = makeUser(organization);
    const hold = proxy.hold({ command: 'insert', collection: 'users' });
    const slow = insert(storage, user, { seat: 'take' });
    await hold.struck;
    expect(await witness.seats.settle(later())).toContain(organization);
    hold.release();
    expect(await slow).toEqual({ kind: 'conflict' });
    expect(await witness.users.get(organization, user.id)).toBeNull();
    expect(await witness.users.count(organization)).toBe(1);
    await expectUsed(witness, organization, 1);
  });

  test('whoever meets an unfinished take of the same user settles it instead of waiting', async () => {
    const user = await committed(insert(witness, held(makeUser(organization), 'admin')));
    const hold = proxy.hold({ command: 'findAndModify', collection: 'users' });
    const slow = update(storage, user, freed(user), { seat: 'take' });
    await hold.struck;
    expect(await update(witness, user, freed(user), { seat: 'take' })).toEqual({ kind: 'conflict', freedSeat: true });
    const again = await witness.users.get(organization, user.id);
    if (again === null) throw new Error('gone');
    expect((await update(witness, again, freed(again), { seat: 'take' })).kind).toBe('committed');
    hold.release();
    expect(await slow).toEqual({ kind: 'conflict' });
    await expectUsed(witness, organization, 2);
  });

  test('a take whose intent was settled as applied stays applied', async () => {
    const user = await committed(insert(witness, held(makeUser(organization), 'admin')));
    const hold = proxy.holdAnswer({ command: 'findAndModify', collection: 'users' });
    const slow = update(storage, user, freed(user), { seat: 'take' });
    await hold.struck;
    expect(await witness.seats.settle(later())).not.toContain(organization);
    hold.release();
    expect(await slow).toMatchObject({ kind: 'committed', user: { active: true, seat: 'held' } });
    await expectUsed(witness, organization, 2);
  });

  test('the door is closed before the ledger hears of it, and the ledger cannot keep it open', async () => {
    const user = await hire(witness, organization);
    const hold = proxy.hold({ command: 'update', collection: 'seatLedgers' });
    const slow = dismiss(storage, user);
    await hold.struck;
    const state = await witness.users.accessState(organization, user.id);
    expect(state).toMatchObject({ active: false, epoch: user.epoch + 1 });
    await expectNeverOver();
    hold.release();
    expect(await slow).toMatchObject({ kind: 'committed', user: { seat: 'none' } });
    await expectUsed(witness, organization, 1);
  });

  test('someone who comes back while the seat is still on its way first lets it arrive', async () => {
    const user = await hire(witness, organization);
    proxy.cutBefore({ command: 'update', collection: 'seatLedgers' });
    const away = await committed(dismiss(storage, user));
    expect(away.seat).toBe('releasing');
    expect(await update(witness, away, freed(away), { seat: 'take' })).toEqual({ kind: 'conflict', freedSeat: true });
    const arrived = await witness.users.get(organization, user.id);
    expect(arrived).toMatchObject({ seat: 'none', active: false });
    await expectUsed(witness, organization, 1);
    if (arrived !== null) await committed(update(witness, arrived, freed(arrived), { seat: 'take' }));
    await expectUsed(witness, organization, 2);
  });

  test('an organisation whose ledger was lost on the way gets it when it is first asked for', async () => {
    const made = makeOrganization();
    proxy.cutBefore({ command: 'insert', collection: 'seatLedgers' });
    await expect(storage.organizations.insert(made, 7, [])).rejects.toMatchObject({ code: 'unavailable' });
    expect(await witness.organizations.get(made.id)).toEqual(made);
    expect(await witness.seats.read(made.id)).toEqual(createLedger(7));
    expect(await witness.organizations.insert(made, 9, [])).toBe(false);
    expect(await witness.seats.read(made.id)).toEqual(createLedger(7));
  });
});
