import { writeActive } from '#directory/user-change.ts';
import { statusOf, type User } from '#directory/user.ts';
import { recountAll } from '#provisioning/seat-sweep.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';

const setActive = (side: WriteSide, user: User, active: boolean) =>
  side.changeUser(
    acme,
    user.id,
    (read) => ({ holds: writeActive(read.holds, okta, active, side.clock.now, 'connection:okta') }),
    byOkta,
  );

describeOnBothStorages('seats', (open) => {
  test('policy wait: whoever finds no seat is stored as waiting, and gets the next free one in order', async () => {
    const side = await createWriteSide(await open(), 1);
    const first = await side.add('first');
    const second = await side.add('second');
    const third = await side.add('third');
    expect([second, third].map(statusOf)).toEqual(['waiting', 'waiting']);
    expect(await side.seats()).toEqual([1, 0, 0]);
    await setActive(side, first, false);
    expect([statusOf(await side.user(second.id)), statusOf(await side.user(third.id))]).toEqual(['active', 'waiting']);
    await side.changeSeats(acme, { licensed: 2 }, byAdministrator);
    expect(statusOf(await side.user(third.id))).toBe('active');
    expect(await side.seats()).toEqual([2, 0, 0]);
  });

  test('a newcomer does not overtake whoever waits', async () => {
    const side = await createWriteSide(await open(), 1);
    const first = await side.add('first');
    const second = await side.add('second');
    await setActive(side, first, false);
    const third = await side.add('third');
    expect(statusOf(third)).toBe('waiting');
    expect(statusOf(await side.user(second.id))).toBe('active');
  });

  test('active:false ends the waiting', async () => {
    const side = await createWriteSide(await open(), 1);
    const first = await side.add('first');
    const second = await side.add('second');
    expect(statusOf((await setActive(side, second, false)).user)).toBe('inactive');
    await setActive(side, first, false);
    expect(await side.seats()).toEqual([0, 1, 0]);
  });

  test('policy refuse: a clear error and nothing stored', async () => {
    const side = await createWriteSide(await open(), 1, 'refuse');
    const first = await side.add('first');
    await expect(side.add('second')).rejects.toMatchObject({ code: 'noFreeSeat', details: { licensed: 1, used: 1 } });
    expect(await side.storage.users.findByKey(acme, { kind: 'userName', value: 'second' })).toEqual([]);
    const idle = await side.add('idle', { active: false });
    await expect(
      side.changeUser(acme, idle.id, (user) => ({ profile: { ...user.profile, title: 'x' }, holds: [] }), byOkta),
    ).rejects.toMatchObject({ code: 'noFreeSeat' });
    expect((await side.user(idle.id)).profile).toEqual({ userName: 'idle' });
    await setActive(side, first, false);
    expect((await setActive(side, idle, true)).user.active).toBe(true);
  });

  test('policy allowOver: active beyond the contract up to its number, then waiting', async () => {
    const side = await createWriteSide(await open(), 1);
    await side.changeSeats(acme, { over: 1, seatPolicy: 'allowOver' }, byAdministrator);
    await side.add('first');
    expect(statusOf(await side.add('second'))).toBe('active');
    expect(await side.seats()).toEqual([2, -1, 0]);
    expect(statusOf(await side.add('third'))).toBe('waiting');
  });

  test('a contract below use is refused with the number of people too many', async () => {
    const side = await createWriteSide(await open(), 3);
    for (const name of ['a1', 'b1', 'c1']) await side.add(name);
    await expect(side.changeSeats(acme, { licensed: 1 }, byAdministrator)).rejects.toMatchObject({
      code: 'belowUse',
      details: { over: 2 },
    });
    expect(await side.seats()).toEqual([3, 0, 0]);
  });

  test('30 creations at once for 10 seats: exactly 10 active, the others wait, and every freed seat is used at once', async () => {
    const side = await createWriteSide(await open(), 10);
    const users = await Promise.all(Array.from({ length: 30 }, (_, i) => side.add(`user${i}`)));
    const counts = await side.storage.users.counts(acme);
    expect(counts).toMatchObject({ active: 10, waiting: 20, holders: 10 });
    expect(await side.seats()).toEqual([10, 0, 0]);
    const active = (await Promise.all(users.map((user) => side.user(user.id)))).filter((user) => user.active);
    await Promise.all(active.slice(0, 5).map((user) => setActive(side, user, false)));
    await side.finished();
    expect(await side.storage.users.counts(acme)).toMatchObject({ active: 10, waiting: 15, inactive: 5 });
    expect(await side.seats()).toEqual([10, 0, 0]);
    expect(side.troubles).toEqual([]);
  });

  test('a lock-out is answered without waiting for a long queue, and the queue goes on behind the answer', async () => {
    const side = await createWriteSide(await open(), 1);
    const first = await side.add('first');
    for (let i = 0; i < 30; i += 1) await side.add(`waiting${i}`);
    await side.storage.seats.changeContract(acme, { licensed: 20 }, () => []);
    await setActive(side, first, false);
    const promoted = (await side.storage.users.counts(acme)).active;
    expect(promoted).toBeLessThan(20);
    await side.finished();
    expect(await side.storage.users.counts(acme)).toMatchObject({ active: 20, waiting: 10 });
    expect(await side.seats()).toEqual([20, 0, 0]);
  });

  test('over-use is refused under any policy but allowOver, and given up with it', async () => {
    const side = await createWriteSide(await open(), 1);
    await expect(side.changeSeats(acme, { over: 2 }, byAdministrator)).rejects.toMatchObject({ code: 'invalidValue' });
    await side.changeSeats(acme, { over: 2, seatPolicy: 'allowOver' }, byAdministrator);
    const users = [await side.add('a1'), await side.add('b1')];
    expect(users.map(statusOf)).toEqual(['active', 'active']);
    const back = { seatPolicy: 'wait' } as const;
    await expect(side.changeSeats(acme, back, byAdministrator)).rejects.toMatchObject({
      code: 'belowUse',
      details: { over: 1 },
    });
    await side.changeSeats(acme, { ...back, licensed: 2 }, byAdministrator);
    expect((await side.storage.seats.read(acme))?.over).toBe(0);
    expect(statusOf(await side.add('c1'))).toBe('waiting');
  });

  test('a number that is changed leaves a policy alone that somebody else changes meanwhile', async () => {
    const side = await createWriteSide(await open(), 1);
    const { seats } = side.storage;
    const changeContract: typeof seats.changeContract = async (...asked) => {
      await side.changeSeats(acme, { seatPolicy: 'allowOver', over: 3 }, byAdministrator);
      return seats.changeContract(...asked);
    };
    const other = side.on({ ...side.storage, seats: { ...seats, changeContract } });
    await other.changeSeats(acme, { licensed: 2 }, byOkta);
    expect((await side.storage.organizations.get(acme))?.seatPolicy).toBe('allowOver');
    expect(await side.storage.seats.read(acme)).toMatchObject({ licensed: 2, over: 3 });
  });

  test('of two who change the terms at once each is told in the trail as it was, and the history ends as the ledger', async () => {
    const side = await createWriteSide(await open(), 10);
    await side.changeSeats(acme, { seatPolicy: 'allowOver' }, byAdministrator);
    const { seats } = side.storage;
    const changeContract: typeof seats.changeContract = async (...asked) => {
      await side.changeSeats(acme, { licensed: 12 }, byAdministrator);
      return seats.changeContract(...asked);
    };
    const other = side.on({ ...side.storage, seats: { ...seats, changeContract } });
    await other.changeSeats(acme, { over: 3 }, byOkta);
    const told = (await side.storage.effects.claimDue(200, 1, 'everywhere')).flatMap(({ effects }) => effects);
    const terms = told.flatMap(({ body }) =>
      body.kind === 'seat' && body.change.kind === 'contract' ? [[body.change.licensed, body.change.over]] : [],
    );
    expect(terms.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      [10, 0],
      [12, 0],
      [12, 3],
    ]);
    const trail = told.flatMap(({ body }) =>
      body.kind === 'audit' && body.event.action === 'seats.changed' ? [[body.event.before, body.event.after]] : [],
    );
    expect(trail).toContainEqual([
      { licensed: 12, over: 0 },
      { licensed: 12, over: 3 },
    ]);
  });

  test('of two who change number and policy at once nothing stays over that no policy allows, nor after a crash', async () => {
    const side = await createWriteSide(await open(), 1);
    await side.changeSeats(acme, { seatPolicy: 'allowOver' }, byAdministrator);
    const { seats } = side.storage;
    const changeContract: typeof seats.changeContract = async (...asked) => {
      await side.changeSeats(acme, { seatPolicy: 'wait' }, byAdministrator);
      return seats.changeContract(...asked);
    };
    const other = side.on({ ...side.storage, seats: { ...seats, changeContract } });
    expect((await other.changeSeats(acme, { over: 5 }, byOkta)).ledger.over).toBe(0);
    expect(await seats.read(acme)).toMatchObject({ licensed: 1, over: 0 });
    await seats.changeContract(acme, { over: 5 }, () => []);
    await recountAll(side.context);
    expect(await seats.read(acme)).toMatchObject({ licensed: 1, over: 0 });
    await side.add('first');
    expect(statusOf(await side.add('second'))).toBe('waiting');
  });

  test('nothing is over without the policy, wherever it stops, and what is refused changes no policy', async () => {
    const side = await createWriteSide(await open(), 2);
    await side.changeOrganization(acme, { reserveForReturn: 5 }, byAdministrator);
    const { seats } = side.storage;
    const state = async () => [
      (await side.storage.organizations.get(acme))?.seatPolicy,
      (await side.storage.organizations.get(acme))?.reserveForReturn,
      (await seats.read(acme))?.over,
    ];
    const before = (act: () => Promise<unknown>): typeof seats.changeContract => {
      return async (...asked) => {
        await act();
        return seats.changeContract(...asked);
      };
    };
    const on = (act: () => Promise<unknown>) =>
      side.on({ ...side.storage, seats: { ...seats, changeContract: before(act) } });
    const opening = { seatPolicy: 'allowOver', licensed: 0, over: 1, reserveForReturn: 9 } as const;
    await side.add('a1');
    // Refused when another took a seat at that moment, and when it is below the use from the beginning.
    const refused = { code: 'belowUse', details: { over: 1 } };
    await expect(on(() => side.add('b1')).changeSeats(acme, opening, byAdministrator)).rejects.toMatchObject(refused);
    await expect(side.changeSeats(acme, opening, byAdministrator)).rejects.toMatchObject(refused);
    expect(await state()).toEqual(['wait', 5, 0]);
    const stopped = on(() => Promise.reject(new Error('stopped')));
    const open1 = { seatPolicy: 'allowOver', over: 1 } as const;
    await expect(stopped.changeSeats(acme, open1, byAdministrator)).rejects.toThrow('stopped');
    expect(await state()).toEqual(['allowOver', 5, 0]);
  });

  test('two for the last seat: one gets it', async () => {
    const side = await createWriteSide(await open(), 1, 'refuse');
    for (let round = 0; round < 10; round += 1) {
      const users = await Promise.all(['a', 'b'].map((name) => side.add(`${name}${round}`, { active: false })));
      const outcomes = await Promise.allSettled(users.map((user) => setActive(side, user, true)));
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      expect(await side.seats()).toEqual([1, 0, 0]);
      for (const user of users) await setActive(side, user, false);
    }
  });
});
