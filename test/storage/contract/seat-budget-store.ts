/** Contract of storage/seat-budget-store.ts, and of what `UserStore.commit` makes of a charge. */
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import {
  atOnce,
  committed,
  countKinds,
  deleted,
  dismiss,
  expectUsed,
  freed,
  held,
  hire,
  insert,
  makeEffect,
  makeUser,
  nextUserId,
  openOrganization,
  type OpenStorage,
  update,
} from './contract-world.ts';

/** Makes the counter of a budget untrue behind the port's back. */
export type BreakBudget = (
  storage: Storage,
  organizationId: OrganizationId,
  department: DepartmentId,
  by: number,
) => Promise<void>;

export function nextDepartment(): DepartmentId {
  return nextUserId() as string as DepartmentId;
}

/** What is counted, by department; fails where it is not what the holders say. */
export async function chargedIn(storage: Storage, organization: OrganizationId): Promise<Record<string, number>> {
  const recount = await storage.seats.recount(organization, () => {
    throw new Error('no repair was due');
  });
  expect(recount).toMatchObject({ drift: 0, outcome: 'exact' });
  const of = Object.entries(recount.ledger.budgets?.of ?? {});
  return Object.fromEntries(of.map(([department, { used }]) => [department, used]));
}

export function describeSeatBudgetStore(open: OpenStorage, breakBudget: BreakBudget): void {
  describe('budgets', () => {
    let storage: Storage;
    let organization: OrganizationId;
    let sales: DepartmentId;
    let basis: string;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, 100);
      sales = nextDepartment();
      await setBudget(sales, 5);
    });

    const setBudget = async (department: DepartmentId, limit: number | null) => {
      const ledger = await storage.budgets.set(organization, department, limit, []);
      basis = ledger.budgets?.basis ?? 'none';
      return ledger;
    };
    const charge = (to: DepartmentId | null) => ({ to, basis });
    const take = (to: DepartmentId | null = sales, user = makeUser(organization)) =>
      insert(storage, user, { seat: 'take', charge: charge(to) });
    const hireFor = (to: DepartmentId | null) => committed(take(to));
    const get = async (user: User) => (await storage.users.get(organization, user.id)) ?? user;
    const charged = () => chargedIn(storage, organization);
    const usedUp = (limit: number, used = limit) => ({
      kind: 'noSeat',
      budget: { department: sales, limit, used },
    });

    test('a take counts for the budget, the charge is kept, and a give-back frees both', async () => {
      const user = await hireFor(sales);
      expect(user.charge).toBe(sales);
      expect((await get(user)).charge).toBe(sales);
      expect(await charged()).toEqual({ [sales]: 1 });
      const renamed = await committed(update(storage, user, { ...user, profile: { userName: 'renamed' } }));
      expect(renamed.charge).toBe(sales);
      expect(await dismiss(storage, renamed)).toMatchObject({ kind: 'committed', freedSeat: true });
      expect('charge' in (await get(user))).toBe(false);
      expect(await charged()).toEqual({ [sales]: 0 });
      await expectUsed(storage, organization, 0);
    });

    test('a used-up budget refuses, whatever else is free, and nothing is stored', async () => {
      for (let n = 0; n < 5; n += 1) await hireFor(sales);
      const late = makeUser(organization);
      expect(
        await insert(storage, late, { seat: 'take', charge: charge(sales), effects: [makeEffect(organization)] }),
      ).toEqual(usedUp(5));
      expect(await storage.users.get(organization, late.id)).toBeNull();
      expect((await take(null)).kind).toBe('committed');
      await storage.seats.changeContract(organization, { licensed: 6, over: 3 }, () => []);
      expect(await take(sales)).toEqual({ kind: 'noSeat', budget: { department: sales, limit: 5, used: 5 } });
      await setBudget(sales, 50);
      for (let n = 0; n < 3; n += 1) await hireFor(sales);
      // Now it is the organisation that has none.
      expect(await take(sales)).toEqual({ kind: 'noSeat' });
      expect(await charged()).toEqual({ [sales]: 8 });
    });

    test('the limit may be below the use: nobody loses a seat, nobody gets one until it is met', async () => {
      const people = await Promise.all([hireFor(sales), hireFor(sales), hireFor(sales)]);
      const before = basis;
      await setBudget(sales, 1);
      expect(basis).toBe(before);
      expect(await take()).toEqual(usedUp(1, 3));
      for (const user of people.slice(0, 2)) {
        await committed(dismiss(storage, user));
        expect((await take()).kind).toBe('noSeat');
      }
      await setBudget(sales, 0);
      await committed(dismiss(storage, people[2]!));
      expect(await take()).toEqual(usedUp(0));
      await setBudget(sales, 1);
      expect((await take()).kind).toBe('committed');
    });

    test('what was reckoned on another basis, or without budgets, is refused with nothing stored', async () => {
      const user = makeUser(organization);
      expect(await insert(storage, user, { seat: 'take' })).toEqual({ kind: 'staleCharge' });
      const old = charge(sales);
      await setBudget(nextDepartment(), 3);
      expect(await insert(storage, user, { seat: 'take', charge: old })).toEqual({ kind: 'staleCharge' });
      const staff = await hireFor(sales);
      expect(await update(storage, staff, staff, { charge: old })).toEqual({ kind: 'staleCharge' });
      expect(await storage.users.get(organization, user.id)).toBeNull();
      const other = await openOrganization(storage, 5);
      expect(await insert(storage, makeUser(other), { seat: 'take', charge: old })).toEqual({ kind: 'staleCharge' });
      await hire(storage, other);
    });

    test('a seat that is held is charged elsewhere, also to a budget that is used up, with whatever else changes', async () => {
      const full = nextDepartment();
      await setBudget(full, 0);
      const user = await hireFor(sales);
      const moved = await committed(
        update(storage, user, { ...user, profile: { userName: 'moved' } }, { charge: charge(full) }),
      );
      expect(moved).toMatchObject({ charge: full, profile: { userName: 'moved' }, seat: 'held' });
      expect(await charged()).toEqual({ [sales]: 0, [full]: 1 });
      expect((await update(storage, user, user, { charge: charge(sales) })).kind).toBe('conflict');
      const left = await committed(update(storage, moved, moved, { charge: charge(null) }));
      expect('charge' in left).toBe(false);
      const back = await committed(update(storage, left, left, { charge: charge(sales) }));
      expect([back.charge, await charged()]).toEqual([sales, { [sales]: 1, [full]: 0 }]);
      await committed(update(storage, back, deleted(back), { seat: 'giveBack' }));
      expect(await charged()).toEqual({ [sales]: 0, [full]: 0 });
      await expectUsed(storage, organization, 0);
    });

    test('20 who take at once get exactly the 5 seats of the budget', async () => {
      const outcomes = await atOnce(20, () => take());
      expect(countKinds(outcomes)).toEqual({ committed: 5, noSeat: 15 });
      expect(await charged()).toEqual({ [sales]: 5 });
      await expectUsed(storage, organization, 5);
    });

    test('people who come, go and change departments at once: never over, and exact when all is quiet', async () => {
      const support = nextDepartment();
      await setBudget(support, 3);
      const users = await atOnce(12, () => committed(insert(storage, held(makeUser(organization), 'admin'))));
      await atOnce(72, async (n) => {
        const user = await get(users[n % 12]!);
        const to = [sales, support, null][n % 3] ?? null;
        if (!user.active) await update(storage, user, freed(user), { seat: 'take', charge: charge(to) });
        else if (n % 5 === 0) await dismiss(storage, user);
        else await update(storage, user, user, { charge: charge(user.charge === sales ? null : sales) });
      });
      await storage.seats.settle(Date.now() + 60_000);
      const holders = (await Promise.all(users.map(get))).filter((user) => user.seat !== 'none');
      const of = (department: DepartmentId) => holders.filter((user) => user.charge === department).length;
      expect(await charged()).toEqual({ [sales]: of(sales), [support]: of(support) });
      expect(of(support)).toBeLessThanOrEqual(3);
      await expectUsed(storage, organization, holders.length);
    });

    test('a removed budget stays until nobody is charged to it, and is counted on if it comes back', async () => {
      const user = await hireFor(sales);
      await setBudget(sales, null);
      expect((await storage.seats.read(organization))?.budgets?.of[sales]).toEqual({ limit: null, used: 1 });
      expect(await storage.budgets.endCharging(organization, basis, 7)).toBe(true);
      expect((await storage.seats.read(organization))?.budgets).toMatchObject({ basis, chargedAt: 7 });
      await setBudget(sales, 2);
      expect((await storage.seats.read(organization))?.budgets).toEqual({
        basis,
        of: { [sales]: { limit: 2, used: 1 } },
      });
      await setBudget(sales, null);
      const moved = await committed(update(storage, user, user, { charge: charge(null) }));
      expect(await storage.budgets.endCharging(organization, 'another', 8)).toBe(false);
      expect(await storage.budgets.organizations()).toContain(organization);
      expect(await storage.budgets.endCharging(organization, basis, 8)).toBe(true);
      expect(await storage.seats.read(organization)).not.toHaveProperty('budgets');
      expect(await storage.budgets.organizations()).not.toContain(organization);
      await committed(dismiss(storage, moved));
      await hire(storage, organization);
    });

    test('what is set to what it was already, or removed where there is none, changes no basis', async () => {
      const before = basis;
      await setBudget(sales, 5);
      await setBudget(nextDepartment(), null);
      expect(basis).toBe(before);
      const { budgets } = await storage.budgets.beginCharging(organization);
      expect(budgets?.basis).not.toBe(before);
      const without = await openOrganization(storage, 5);
      expect(await storage.budgets.beginCharging(without)).not.toHaveProperty('budgets');
      await hire(storage, without);
    });

    test('a recount repairs a wrong counter and tells of it', async () => {
      await hireFor(sales);
      await hireFor(null);
      await breakBudget(storage, organization, sales, 2);
      const told: unknown[] = [];
      const outcome = await storage.seats.recount(organization, (drift, budgets) => {
        told.push(drift, budgets);
        return [makeEffect(organization)];
      });
      expect(outcome).toMatchObject({ drift: 0, outcome: 'repaired', budgets: { [sales]: 2 } });
      expect(told).toEqual([0, { [sales]: 2 }]);
      expect(await charged()).toEqual({ [sales]: 1 });
      for (let n = 0; n < 4; n += 1) await hireFor(sales);
      expect(await take()).toEqual(usedUp(5));
    });
  });
}
