// The waiting list for administrators: order, reasons, expected turns, and moves.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';
import { openTroubledHouse } from './troubled-house.ts';

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
    let expected: readonly string[] = await names();
    for (const [name = '', next = ''] of ['ec', 'ae', 'dc', 'be', 'cb', 'dc', 'ea'].map((pair) => pair.split(''))) {
      const { id } = people.find(({ profile }) => profile.userName === name)!;
      await move(id, people.find(({ profile }) => profile.userName === next)!.id).expect(200);
      const others = expected.filter((other) => other !== name);
      expected = others.toSpliced(others.indexOf(next), 0, name);
      expect(await names()).toEqual(expected);
    }
  });

  test('whoever would have to make room and waits no longer at that moment is not minded', async () => {
    await house.stop();
    const scene = await openTroubledHouse(await open(), 0);
    ({ house } = scene);
    const [same, people] = [house.clock.now, new Map<string, { id: string }>()];
    for (const name of ['a', 'b', 'c']) {
      house.clock.now = same - 1;
      people.set(name, await house.add(name));
    }
    scene.when('after users.queue', () => deactivate(people.get('a')!));
    await move(people.get('c')!.id, people.get('b')!.id).expect(200);
    expect(await names()).toEqual(['c', 'b']);
  });

  test('before one and the same person go several, one after the other', async () => {
    await house.add('aoki');
    await house.add('baba');
    const ids = new Map<string, string>();
    const begin = house.clock.now;
    for (const [n, name] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
      house.clock.now = begin + 4 * n;
      ids.set(name, (await house.add(name)).id);
    }
    for (const [name, order] of [
      ['d', 'adbcef'],
      ['c', 'adcbef'],
      ['e', 'adcebf'],
      ['f', 'adcefb'],
    ] as const) {
      await move(ids.get(name)!, ids.get('b')!).expect(200);
      expect((await names()).join('')).toBe(order);
    }
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

  test('a seat that is reserved for a return is taken: whoever waits is short of one now, the return is not', async () => {
    const aoki = await house.add('aoki');
    await house.add('baba');
    await house.call('put', `${at}/seats`, { reserveForReturn: 10 }).expect(200);
    await deactivate(aoki, { type: 'leave', until: '2027-01-19' });
    await house.add('chiba');
    const { body: seats } = await house.call('get', `${at}/seats`).expect(200);
    expect(seats).toMatchObject({ used: 1, free: 1, reserved: 1, waiting: 1 });
    const { body: forecast } = await house.call('get', `${at}/seats/forecast`).expect(200);
    const { used, free, reserved } = seats;
    expect(forecast.steps).toMatchObject([
      { needed: 3, used, free, reserved, short: 1 },
      { date: '2027-01-19', needed: 3, used: 2, free: 0, reserved: 0, events: [{ kind: 'returns', change: 0 }] },
    ]);
    expect(forecast.firstShortage).toMatchObject({ date: '2027-01-12', short: 1 });
    await house.runJobs();
    const { body: notices } = await house.call('get', `${at}/notices?limit=100`).expect(200);
    const codes = notices.items.map(({ code }: { code: string }) => code);
    expect([codes.includes('seatShortage'), codes.includes('returnWithoutSeat')]).toEqual([true, false]);
    const { body: refused } = await house.call('put', `${at}/seats`, { licensed: 1 }).expect(409);
    expect(refused).toMatchObject({ over: 1, detail: '1 seat too many is in use or reserved for this.' });
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
