// Budgets of departments on both stores: who is charged to which one, what happens where it is used up, and that moves and crashes leave them right.

import type { DepartmentId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import { statusOf, type User } from '#directory/user.ts';
import { chargePeople } from '#provisioning/charge-people.ts';
import { runLeaves } from '#provisioning/run-leaves.ts';
import { createProvisioning } from '#provisioning/provisioning.ts';
import { readBudgets } from '#provisioning/seat-budgets.ts';
import { recountAll, sweepSeats } from '#provisioning/seat-sweep.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { chargedIn } from '../storage/contract/seat-budget-store.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';

describeOnBothStorages('budgets of departments', (open) => {
  let side: WriteSide;
  let sales: DepartmentId;
  let field: DepartmentId;
  let support: DepartmentId;

  /** Sales with Field below it, and Support beside them. */
  const start = async (licensed: number | null = 20, policy: SeatPolicy = 'wait') => {
    side = await createWriteSide(await open(), licensed, policy);
    sales = await department('Sales');
    field = await department('Field', sales);
    support = await department('Support');
  };
  const department = async (name: string, parent?: DepartmentId) => {
    const profile = parent === undefined ? { name } : { name, parent };
    return (await side.createDepartment(acme, { profile }, byAdministrator)).department.id;
  };
  const inDepartments = (name: string, ...departments: DepartmentId[]) => ({
    userName: name,
    person: { departments: departments.map((value) => ({ value })) },
  });
  const add = async (name: string, ...departments: DepartmentId[]) => {
    side.clock.now += 1;
    const request = { profile: inDepartments(name, ...departments), active: true, connection: okta, restore: true };
    return (await side.provisionUser(acme, request, byOkta)).user;
  };
  const assign = (user: User, ...departments: DepartmentId[]) =>
    side.changeUser(
      acme,
      user.id,
      ({ profile }) => ({ profile: inDepartments(profile.userName, ...departments) }),
      byOkta,
    );
  const leave = (user: User) => side.deactivateUser(acme, user.id, {}, byAdministrator);
  const limit = (of: DepartmentId, seats: number) => side.setBudget(acme, of, seats, byAdministrator);
  const moveTo = (id: DepartmentId, parent?: DepartmentId) =>
    side.changeDepartment(
      acme,
      id,
      ({ profile: { name } }) => (parent === undefined ? { name } : { name, parent }),
      byAdministrator,
    );
  const states = async (...users: User[]) => Promise.all(users.map(async ({ id }) => statusOf(await side.user(id))));
  /** `used` of Sales, Field and Support, agreeing with a recount. */
  const used = async () => {
    await side.finished();
    const charged = await chargedIn(side.storage, acme);
    expect(side.troubles).toEqual([]);
    return [sales, field, support].map((id) => charged[id] ?? null);
  };

  test('a person is charged to the nearest budget at or above the primary department, and to no other', async () => {
    await start();
    await limit(sales, 10);
    await add('none');
    await add('sales', sales, support);
    await add('field', field);
    await add('support', support);
    expect(await used()).toEqual([2, null, null]);
    await limit(field, 10);
    expect(await used()).toEqual([1, 1, null]);
    const profile = {
      userName: 'second',
      person: { departments: [{ value: sales }, { value: field, primary: true }] },
    };
    await side.provisionUser(acme, { profile, active: true, connection: okta, restore: true }, byOkta);
    expect(await used()).toEqual([1, 2, null]);
    await side.removeBudget(acme, field, byAdministrator);
    expect(await used()).toEqual([3, null, null]);
    await side.removeBudget(acme, sales, byAdministrator);
    expect(await used()).toEqual([null, null, null]);
    expect(await side.storage.seats.read(acme)).not.toHaveProperty('budgets');
    await add('later', sales);
    expect(await side.seats()).toEqual([6, 14, 0]);
  });

  test('policy wait: a used-up budget makes its people wait, with a reason, and nobody else', async () => {
    await start();
    await limit(sales, 1);
    const first = await add('first', sales);
    const second = await add('second', field);
    expect(second.holds).toMatchObject([{ kind: 'seat', reason: 'the budget of Sales is used up: 1 of 1' }]);
    const third = await add('third', sales);
    expect(third.holds).toMatchObject([{ kind: 'seat', reason: 'the budget of Sales is used up: 1 of 1' }]);
    const other = await add('other', support);
    expect(await states(first, second, third, other)).toEqual(['active', 'waiting', 'waiting', 'active']);
    await leave(first);
    expect(await states(second, third)).toEqual(['active', 'waiting']);
    await limit(sales, 2);
    expect(await states(third)).toEqual(['active']);
    expect(await used()).toEqual([2, null, null]);
  });

  test('policy refuse: the refusal names the department and its budget, and nothing is stored', async () => {
    await start(20, 'refuse');
    await limit(sales, 1);
    await add('first', sales);
    await expect(add('second', field)).rejects.toMatchObject({
      code: 'noFreeSeat',
      message: 'The budget of the department "Sales" is used up: 1 of 1 seats are in use.',
      details: { budget: sales, limit: 1, used: 1 },
    });
    expect(await side.storage.users.findByKey(acme, { kind: 'userName', value: 'second' })).toEqual([]);
    expect(statusOf(await add('other', support))).toBe('active');
    await expect(add('third', sales)).rejects.toMatchObject({ code: 'noFreeSeat' });
    expect(await used()).toEqual([1, null, null]);
  });

  test('allowOver lifts no budget; where the organisation has no seat either, that is what is said', async () => {
    await start(2);
    await side.changeSeats(acme, { over: 2, seatPolicy: 'allowOver' }, byAdministrator);
    await limit(sales, 1);
    await add('first', sales);
    expect(statusOf(await add('second', sales))).toBe('waiting');
    for (const name of ['a1', 'b1', 'c1']) expect(statusOf(await add(name, support))).toBe('active');
    await limit(sales, 9);
    const third = await add('third', sales);
    expect([statusOf(third), third.holds[0]?.reason]).toEqual(['waiting', undefined]);
  });

  test('the queue passes over whose budget is used up, in order, and comes back to them', async () => {
    await start(3);
    await limit(sales, 1);
    const staff = [await add('s1', sales), await add('o1'), await add('o2')];
    const waiting = [];
    for (const [name, ...of] of [['w1', sales], ['w2', support], ['w3', sales], ['w4']] as [string, DepartmentId][])
      waiting.push(await add(name, ...of));
    expect(await states(...waiting)).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    await leave(staff[1]!);
    await side.finished();
    expect(await states(...waiting)).toEqual(['waiting', 'active', 'waiting', 'waiting']);
    const late = await add('late', support);
    await leave(staff[2]!);
    await side.finished();
    expect(await states(...waiting, late)).toEqual(['waiting', 'active', 'waiting', 'active', 'waiting']);
    await leave(staff[0]!);
    await side.finished();
    expect(await states(...waiting, late)).toEqual(['active', 'active', 'waiting', 'active', 'waiting']);
    await side.changeSeats(acme, { licensed: 4 }, byAdministrator);
    expect(await states(...waiting, late)).toEqual(['active', 'active', 'waiting', 'active', 'active']);
    await side.changeSeats(acme, { licensed: 5 }, byAdministrator);
    await limit(sales, 2);
    expect(await states(waiting[2]!)).toEqual(['active']);
    expect(await used()).toEqual([2, null, null]);
  });

  test('a newcomer overtakes nobody who could have the seat, also where it would be refused', async () => {
    await start(2);
    await limit(sales, 1);
    await add('s1', sales);
    const blocked = await add('blocked', sales);
    await side.changeOrganization(acme, { seatPolicy: 'refuse' }, byAdministrator);
    expect(statusOf(await add('other'))).toBe('active');
    expect(await states(blocked)).toEqual(['waiting']);
  });

  test('20 at once for 5 seats of a budget: exactly 5, the others wait', async () => {
    await start(null);
    await limit(sales, 5);
    await Promise.all(Array.from({ length: 20 }, (_, n) => add(`user${n}`, n % 2 === 0 ? sales : field)));
    expect(await used()).toEqual([5, null, null]);
    expect(await side.storage.users.counts(acme)).toMatchObject({ active: 5, waiting: 15, holders: 5 });
  });

  test('a person who changes departments takes the seat along: never refused, and the old budget promotes', async () => {
    await start();
    await limit(sales, 1);
    await limit(support, 0);
    const [first, second] = [await add('first', sales), await add('second', sales)];
    expect((await assign(first, support)).user).toMatchObject({ active: true, charge: support });
    expect(await states(first, second)).toEqual(['active', 'active']);
    expect(await used()).toEqual([1, null, 1]);
    expect(statusOf(await add('third', support))).toBe('waiting');
    await assign(first);
    expect(await used()).toEqual([1, null, 0]);
    await leave(first);
    await leave(second);
    expect(await used()).toEqual([0, null, 0]);
  });

  test('a department that moves takes its people to another budget, over the limit if need be', async () => {
    await start();
    await limit(sales, 3);
    await limit(support, 1);
    const people = [await add('s1', sales), await add('f1', field), await add('f2', field)];
    const waiting = await add('s2', sales);
    expect(await states(waiting)).toEqual(['waiting']);
    await moveTo(field, support);
    expect(await used()).toEqual([2, null, 2]);
    expect(await states(...people, waiting)).toEqual(['active', 'active', 'active', 'active']);
    expect(statusOf(await add('late', support))).toBe('waiting');
    await moveTo(field);
    expect(await used()).toEqual([2, null, 1]);
    await moveTo(field, sales);
    expect(await used()).toEqual([4, null, 1]);
    await leave(people[1]!);
    expect(await used()).toEqual([3, null, 1]);
    expect(statusOf(await add('later', sales))).toBe('waiting');
  });

  test('a budget below its use takes nobody out, and a deleted department has none', async () => {
    await start();
    await limit(sales, 3);
    await limit(field, 2);
    const [one, two] = [await add('one', field), await add('two', field)];
    await limit(field, 0);
    expect(await states(one, two)).toEqual(['active', 'active']);
    expect(await used()).toEqual([0, 2, null]);
    await assign(one, sales);
    await assign(two, sales);
    await side.removeDepartment(acme, field, byAdministrator);
    expect(await used()).toEqual([2, null, null]);
    expect(await readBudgets(side.context, acme)).toEqual([{ department: sales, name: 'Sales', limit: 3, used: 2 }]);
    await expect(limit(field, 1)).rejects.toMatchObject({ code: 'departmentNotFound' });
  });

  test('a seat that is kept or reserved during a leave stays charged, and the return needs no other', async () => {
    await start();
    await side.changeOrganization(acme, { reserveForReturn: 30 }, byAdministrator);
    await limit(sales, 1);
    const aoki = await add('aoki', sales);
    await side.planLeave(acme, aoki.id, { type: 'leave', from: '2027-02-01', until: '2027-04-01' }, byAdministrator);
    const at = async (date: string) => {
      side.clock.now = Date.parse(`${date}T00:00:00+09:00`);
      await runLeaves(side.context);
    };
    await at('2027-02-01');
    expect(await used()).toEqual([0, null, null]);
    await at('2027-03-02');
    expect(await used()).toEqual([1, null, null]);
    expect(statusOf(await add('baba', sales))).toBe('waiting');
    await at('2027-04-01');
    expect([await states(aoki), await used()]).toEqual([['active'], [1, null, null]]);
  });

  test('what a crash left undone after a move, or a budget that was set, the sweep finishes', async () => {
    await start();
    for (const name of ['a1', 'b1', 'c1']) await add(name, field);
    await side.storage.budgets.set(acme, sales, 9, []);
    await sweepSeats(side.context);
    expect(await used()).toEqual([3, null, null]);
    await limit(support, 9);
    const dying = createProvisioning({ ...side.context, continueLater: () => undefined });
    await dying.changeDepartment(acme, field, () => ({ name: 'Field', parent: support }), byAdministrator);
    expect(await used()).toEqual([3, null, 0]);
    await sweepSeats(side.context);
    expect(await used()).toEqual([0, null, 3]);
  });

  test('a run that dies in the middle is finished by the next one, and two at once do no harm', async () => {
    await start();
    await Promise.all(Array.from({ length: 12 }, (_, n) => add(`user${n}`, field)));
    await side.storage.budgets.set(acme, sales, 9, []);
    let commits = 0;
    const users = {
      ...side.storage.users,
      commit: async (...[commit]: Parameters<typeof side.storage.users.commit>) => {
        commits += 1;
        if (commits > 5) throw new StorageError('unavailable', 'died');
        return side.storage.users.commit(commit);
      },
    };
    await expect(chargePeople({ ...side.context, storage: { ...side.storage, users } }, acme)).rejects.toThrow('died');
    expect(await used()).toEqual([5, null, null]);
    await Promise.all([chargePeople(side.context, acme), chargePeople(side.context, acme)]);
    await sweepSeats(side.context);
    expect(await used()).toEqual([12, null, null]);
    expect((await side.storage.seats.read(acme))?.budgets?.chargedAt).toBe(0);
  });

  test('people who come and go while departments and budgets change are charged right in the end', async () => {
    await start(null);
    await limit(sales, 6);
    await Promise.all([
      ...Array.from({ length: 16 }, (_, n) => add(`user${n}`, [sales, field, support][n % 3]!)),
      moveTo(field, support),
      limit(support, 6),
      limit(field, 2).then(() => side.removeBudget(acme, field, byAdministrator)),
      add('moves', field).then((user) => assign(user, sales)),
    ]);
    await side.finished();
    await sweepSeats(side.context);
    const holders = (await side.storage.users.list(acme, { limit: 100 })).filter(({ seat }) => seat === 'held');
    const primary = (user: User) => user.profile.person?.departments?.[0]?.value;
    for (const user of holders) expect(user.charge).toBe(primary(user) === sales ? sales : support);
    expect(await used()).toEqual([
      holders.filter((user) => user.charge === sales).length,
      null,
      holders.filter((user) => user.charge === support).length,
    ]);
  });

  test('a person who is locked out and moved at once keeps the door shut first; the hourly count charges what is kept', async () => {
    await start();
    await limit(sales, 5);
    await limit(support, 5);
    const user = await add('one', sales);
    // As a lock-out with a kept seat would leave it.
    const profile = inDepartments('one', support);
    const stored = await side.user(user.id);
    await side.storage.users.commit({
      user: { ...stored, profile, revision: stored.revision + 1 },
      expectedRevision: stored.revision,
      seat: 'keep',
      effects: [],
    });
    expect(await used()).toEqual([1, null, 0]);
    await recountAll(side.context);
    expect(await used()).toEqual([0, null, 1]);
  });
});
