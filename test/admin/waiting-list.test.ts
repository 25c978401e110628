// The waiting list for administrators: order, reasons, expected turns, and moves.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

describeAtDoors('the waiting list', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open(), 2);
  });
  afterEach(() => house.stop());
  const list = async () => (await house.call('get', `${at}/seats/waiting`).expect(200)).body.items;
  const names = async () => (await list()).map(({ user }: { user: { userName: string } }) => user.userName);
  const move = (id: string, before: string | null, reason = 'urgent') =>
    house.call('post', `${at}/seats/waiting/${id}/move`, { before, reason });
  const deactivate = ({ id }: { id: string }, words = {}) =>
    house.call('post', `${at}/users/${id}/deactivate`, words).expect(200);

  test('first come, first served; whoever is moved goes where they were put, with a reason in the trail', async () => {
    const aoki = await house.add('aoki');
    await house.add('baba');
    expect(await list()).toEqual([]);
    const [one, two, three] = [await house.add('one'), await house.add('two'), await house.add('three')];
    expect(await list()).toMatchObject([
      { place: 1, user: { userName: 'one', displayName: 'Display one' }, for: 'seat', turn: null },
      { place: 2, user: { userName: 'two' }, since: new Date(two.waitingSince!).toISOString() },
      { place: 3, user: { userName: 'three' } },
    ]);
    const { body } = await move(three.id, one.id).expect(200);
    expect([body.change, await names()]).toEqual([expect.any(String), ['three', 'one', 'two']]);
    await move(three.id, two.id).expect(200);
    expect(await names()).toEqual(['one', 'three', 'two']);
    await move(one.id, null).expect(200);
    expect(await names()).toEqual(['three', 'two', 'one']);
    await deactivate(aoki);
    expect(await names()).toEqual(['two', 'one']);
    await house.context.settleEffects();
    const audit = await house.call('get', `${at}/audit?limit=100`).expect(200);
    const moves = audit.body.items.filter(({ action }: { action: string }) => action === 'user.movedInQueue');
    expect(moves).toHaveLength(3);
    expect(moves[0]).toMatchObject({ reason: 'urgent', target: { name: expect.any(String) } });
  });

  test('many who came in the same instant can be put into any order', async () => {
    await house.add('aoki');
    await house.add('baba');
    const people = [];
    const same = house.clock.now;
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      house.clock.now = same - 1;
      people.push(await house.add(name));
    }
    const before = await names();
    await move(people.at(-1)!.id, people[0]!.id).expect(200);
    expect((await names()).indexOf('e')).toBe((await names()).indexOf('a') - 1);
    expect(new Set(await names())).toEqual(new Set(before));
  });

  test('turns are what is known: people who go, contracts that grow; returns stand in the same line', async () => {
    const [aoki, baba] = [await house.add('aoki'), await house.add('baba')];
    await house.call('put', `${at}/seats`, { reserveForReturn: 10 }).expect(200);
    await deactivate(baba, { type: 'leave', until: '2027-03-11' });
    for (const name of ['chiba', 'doi', 'endo']) await house.add(name);
    await deactivate(aoki, { type: 'left', from: '2027-02-01' });
    await house.call('put', `${at}/seats/contract`, { rows: [{ from: '2027-06-01', licensed: 3 }] }).expect(200);
    const turns = (await list()).map(({ turn }: { turn: string | null }) => turn?.slice(0, 10));
    expect(turns).toEqual(['2027-01-31', '2027-05-31']);
    house.clock.now = Date.parse('2027-03-02T00:00:00+09:00');
    await house.runJobs();
    expect(await list()).toMatchObject([
      { user: { userName: 'endo' }, for: 'seat' },
      { user: { userName: 'baba' }, for: 'return', since: expect.any(String) },
    ]);
    await move(baba.id, (await list())[0].user.id).expect(200);
    expect(await names()).toEqual(['baba', 'endo']);
  });

  test('what cannot be is refused, and nothing is moved', async () => {
    const aoki = await house.add('aoki');
    await house.add('baba');
    const one = await house.add('one');
    expect((await move(aoki.id, one.id).expect(409)).body).toMatchObject({ code: 'notWaiting' });
    expect((await move(one.id, aoki.id).expect(409)).body).toMatchObject({ code: 'notWaiting' });
    await move(one.id, one.id).expect(400);
    await move('019d48ea-2e34-7000-8000-5b8988826a6d', null).expect(404);
    await move(one.id, null, '').expect(400);
    await house.call('post', `${at}/seats/waiting/${one.id}/move`, { before: null }).expect(400);
    await house
      .call(
        'post',
        `/organizations/other/seats/waiting/${one.id}/move`,
        { before: null, reason: 'x' },
        house.keys.other,
      )
      .expect(404);
    expect(await names()).toEqual(['one']);
  });
});
