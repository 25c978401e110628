// Budgets of departments for administrators: set, listed, changed, removed, told of in the trail and in the waiting list.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

describeAtDoors('budgets in the admin API', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  let sales: string;
  beforeEach(async () => {
    house = await openAdminHouse(await open(), 10);
    sales = await department('Sales');
  });
  afterEach(() => house.stop());
  const department = async (name: string) =>
    (await house.call('post', `${at}/departments`, { name }).expect(201)).body.department.id as string;
  const budgetOf = (id: string) => `${at}/seats/budgets/${id}`;
  const list = async () => (await house.call('get', `${at}/seats/budgets`).expect(200)).body.items;
  const place = async (name: string, departmentId = sales) => {
    const user = await house.add(name);
    await house.context.provisioning.changeUser(
      user.organizationId,
      user.id,
      ({ profile }) => ({ profile: { ...profile, person: { departments: [{ value: departmentId as never }] } } }),
      { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' },
    );
    return user;
  };

  test('a budget is set, listed with what is used, changed and removed, each in the trail', async () => {
    expect(await list()).toEqual([]);
    await place('aoki');
    const { body } = await house.call('put', budgetOf(sales), { limit: 3 }).expect(200);
    const budget = { department: sales, name: 'Sales', limit: 3, used: 1, free: 2 };
    expect(body).toEqual({ budget, change: expect.any(String) });
    expect((await house.call('put', budgetOf(sales), { limit: 3 }).expect(200)).body).toEqual({ budget, change: null });
    await house.call('put', budgetOf(await department('Field')), { limit: 0 }).expect(200);
    expect(await list()).toMatchObject([{ name: 'Field', limit: 0, used: 0, free: 0 }, budget]);
    await place('baba');
    expect((await house.call('put', budgetOf(sales), { limit: 1 }).expect(200)).body.budget).toMatchObject({
      used: 2,
      free: -1,
    });
    const removed = await house.call('delete', budgetOf(sales)).expect(200);
    expect(removed.body).toEqual({ budget: null, change: expect.any(String) });
    expect((await house.call('delete', budgetOf(sales)).expect(200)).body).toEqual({ budget: null, change: null });
    expect(await list()).toMatchObject([{ name: 'Field' }]);
    await house.context.settleEffects();
    const audit = (await house.call('get', `${at}/audit?limit=100`).expect(200)).body.items;
    const changes = audit.filter(({ action }: { action: string }) => action === 'seats.budgetChanged');
    expect(changes).toHaveLength(4);
    expect(changes.at(-1)).toMatchObject({
      level: 'important',
      actor: expect.stringContaining('acme key'),
      before: { budget: { department: sales, name: 'Sales', limit: null } },
      after: { budget: { department: sales, name: 'Sales', limit: 3 } },
      change: body.change,
    });
  });

  test('who is kept out hears which budget it is, and the waiting list names it', async () => {
    await house.call('put', budgetOf(sales), { limit: 1 }).expect(200);
    await place('aoki');
    const baba = await house.add('baba');
    await house.call('post', `${at}/users/${baba.id}/deactivate`, {}).expect(200);
    await place('chiba');
    await house.context.provisioning.changeUser(
      baba.organizationId,
      baba.id,
      ({ profile }) => ({ profile: { ...profile, person: { departments: [{ value: sales as never }] } } }),
      { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' },
    );
    const refused = await house.call('post', `${at}/users/${baba.id}/reactivate`, { ifNoSeat: 'refuse' }).expect(409);
    expect(refused.body).toMatchObject({ code: 'noFreeSeat', budget: sales, limit: 1, used: 2 });
    expect(refused.body.detail).toContain('"Sales"');
    const waiting = await house.call('post', `${at}/users/${baba.id}/reactivate`, {}).expect(200);
    expect(waiting.body).toMatchObject({ seat: 'waiting' });
    expect((await house.call('get', `${at}/seats/waiting`).expect(200)).body.items).toMatchObject([
      {
        user: { userName: 'baba' },
        reason: 'the budget of Sales is used up: 2 of 1',
        budget: { department: sales, name: 'Sales', limit: 1, used: 2 },
        turn: null,
      },
    ]);
    await house.call('put', budgetOf(sales), { limit: 3 }).expect(200);
    expect((await house.call('get', `${at}/seats/waiting`).expect(200)).body.items).toEqual([]);
    expect(await list()).toMatchObject([{ limit: 3, used: 3, free: 0 }]);
  });

  test.each([
    [{ limit: -1 }],
    [{ limit: 1.5 }],
    [{ limit: '3' }],
    [{ limit: null }],
    [{}],
    [{ limit: 1, more: 1 }],
    [{ limit: 1e9 }],
  ])('no budget: %j', async (body) => {
    const refused = await house.call('put', budgetOf(sales), body).expect(400);
    expect(refused.body).toMatchObject({ code: 'invalidInput', errors: [{}] });
    expect(await list()).toEqual([]);
    expect(await house.context.storage.budgets.organizations()).toEqual([]);
  });

  test('a department that is unknown, deleted or another organisation’s has none, and a key that only reads sets none', async () => {
    const gone = await department('Gone');
    await house.call('delete', `${at}/departments/${gone}`).expect(200);
    const theirs = await house
      .call('post', '/organizations/other/departments', { name: 'Theirs' }, house.keys.other)
      .expect(201);
    for (const id of ['nobody', gone, theirs.body.department.id, '%24ne', 'a.b']) {
      const put = await house.call('put', budgetOf(id), { limit: 1 }).expect(404);
      expect(put.body).toMatchObject({ code: 'departmentNotFound', detail: 'There is no such department.' });
      await house.call('delete', budgetOf(id)).expect(404);
    }
    await house.call('put', budgetOf(sales), { limit: 1 }, house.keys.acmeRead).expect(403);
    await house.call('put', budgetOf(sales), { limit: 1 }, house.keys.other).expect(404);
    await house.call('get', `${at}/seats/budgets`, undefined, house.keys.acmeRead).expect(200);
    expect(await house.context.storage.budgets.organizations()).toEqual([]);
  });
});
