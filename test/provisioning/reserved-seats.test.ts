// Seats reserved for people who return, on both stores: from some days before, a seat is theirs or the next place in line is.

import { moveLeaves } from '#provisioning/move-leaves.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { countReservedSeats } from '#provisioning/reserved-seats.ts';
import { runLeaves } from '#provisioning/run-leaves.ts';
import { statusOf, type User } from '#directory/user.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';
import { writeActive } from '#directory/user-change.ts';

const midnight = (date: string) => Date.parse(`${date}T00:00:00+09:00`);

describeOnBothStorages('reserved seats', (open) => {
  let side: WriteSide;
  let context: ProvisioningContext;
  let aoki: User;

  /** Three seats; Aoki is on leave from February until 1 April, and seats are reserved 30 days before: from 2 March on. */
  const start = async (reserveForReturn = 30, licensed = 3) => {
    side = await createWriteSide(await open(), licensed);
    ({ context } = side);
    await side.changeOrganization(acme, { reserveForReturn }, byAdministrator);
    aoki = await side.add('aoki');
    await side.add('baba');
    await leaveOf(aoki, '2027-02-01', '2027-04-01');
    await at('2027-02-01');
  };
  const leaveOf = (user: User, from: string, until: string) =>
    side.planLeave(acme, user.id, { type: 'leave', from, until }, byAdministrator);
  const at = async (date: string, later = 0) => {
    side.clock.now = midnight(date) + later;
    await runLeaves(context);
  };
  const now = async ({ id }: User) => side.user(id);
  const status = async (user: User) => statusOf(await now(user));
  const reserved = () => countReservedSeats(side.storage, acme);
  const used = async () => (await side.storage.seats.read(acme))?.used;
  const told = async () => {
    // What was claimed the last time is due again.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return (await side.storage.effects.claimDue(200, 1, 'everywhere'))
      .flatMap(({ effects }) => effects)
      .flatMap(({ body }) => (body.kind === 'notice' ? [[body.notice.code, body.notice.values]] : []));
  };
  const leaveId = async (user: User) => (await now(user)).leaves?.[0]?.id as never;
  /** The ledger is exact, and nothing was in trouble. */
  const expectExact = async () => {
    const { drift } = await side.recountSeats(acme, byAdministrator);
    expect([drift, side.troubles]).toEqual([0, []]);
  };

  test('a seat is kept from that day on: newcomers wait and are told why, the return finds it', async () => {
    await start();
    await at('2027-03-02', -1);
    expect([await reserved(), await used()]).toEqual([0, 1]);
    const chiba = await side.add('chiba');
    await at('2027-03-02');
    expect([await reserved(), await used(), await status(aoki)]).toEqual([1, 3, 'onLeave']);
    const suzuki = await side.add('suzuki');
    expect([statusOf(suzuki), suzuki.holds]).toMatchObject([
      'waiting',
      [{ kind: 'seat', reason: "reserved for aoki's return" }],
    ]);
    await at('2027-04-01');
    expect([await status(aoki), await status(suzuki), await reserved()]).toEqual(['active', 'waiting', 0]);
    await side.removeUser(acme, chiba.id, byAdministrator);
    expect(await status(suzuki)).toBe('active');
    await expectExact();
  });

  test('where none is free the return stands in line: the next one is kept for it, before those who came later', async () => {
    await start();
    const [chiba, doi] = [await side.add('chiba'), await side.add('doi')];
    await at('2027-03-02');
    expect([await reserved(), (await now(aoki)).waitingSince, await status(aoki)]).toEqual([
      0,
      midnight('2027-03-02'),
      'onLeave',
    ]);
    side.clock.now += 1;
    const suzuki = await side.add('suzuki');
    await side.removeUser(acme, chiba.id, byAdministrator);
    expect([await reserved(), await status(suzuki), (await now(aoki)).waitingSince]).toEqual([1, 'waiting', undefined]);
    await side.removeUser(acme, doi.id, byAdministrator);
    expect([await status(suzuki), await used()]).toEqual(['active', 3]);
    await at('2027-04-01');
    expect([await status(aoki), await used()]).toEqual(['active', 3]);
  });

  test('whoever waited before goes first, and the place in line is kept when the day has come', async () => {
    await start();
    const chiba = await side.add('chiba');
    await side.add('doi');
    const early = await side.add('early');
    await at('2027-03-02');
    side.clock.now += 1;
    const late = await side.add('late');
    // In line, and not back yet: of that nobody is told before the day.
    expect(await told()).toEqual([]);
    await at('2027-04-01');
    expect(await told()).toEqual([['leaveReturnBlocked', { name: 'aoki', type: 'leave' }]]);
    const back = await now(aoki);
    expect([statusOf(back), back.waitingSince, back.leaves?.[0]?.state]).toEqual([
      'waiting',
      midnight('2027-03-02'),
      'ended',
    ]);
    await side.removeUser(acme, chiba.id, byAdministrator);
    expect([await status(early), await status(aoki)]).toEqual(['active', 'waiting']);
    await side.changeSeats(acme, { licensed: 4 }, byAdministrator);
    expect([await status(aoki), await status(late)]).toEqual(['active', 'waiting']);
    await expectExact();
  });

  test('a return that is put off gives the seat to whoever waits, and one without an end too', async () => {
    await start();
    const chiba = await side.add('chiba');
    await at('2027-03-02');
    side.clock.now += 1;
    const suzuki = await side.add('suzuki');
    const id = await leaveId(aoki);
    await side.changeLeavePlan(acme, aoki.id, id, { until: '2027-06-01' }, byAdministrator);
    expect([await reserved(), await status(suzuki), await status(aoki)]).toEqual([0, 'active', 'onLeave']);
    await side.changeLeavePlan(acme, aoki.id, id, { until: '2027-03-20' }, byAdministrator);
    expect((await now(aoki)).waitingSince).toBe(side.clock.now);
    await side.changeLeavePlan(acme, aoki.id, id, { until: null }, byAdministrator);
    expect((await now(aoki)).waitingSince).toBeUndefined();
    await side.removeUser(acme, chiba.id, byAdministrator);
    expect([await reserved(), await used()]).toEqual([0, 2]);
    await expectExact();
  });

  test('ended early, the person has the seat at once; held by something else, it is given back until that is lifted', async () => {
    await start();
    await side.add('chiba');
    await at('2027-03-02');
    await side.changeUser(
      acme,
      aoki.id,
      ({ holds }) => ({ holds: writeActive(holds, okta, false, side.clock.now, 'okta') }),
      byOkta,
    );
    expect([await reserved(), await used(), await status(aoki)]).toEqual([0, 2, 'inactive']);
    await side.changeUser(
      acme,
      aoki.id,
      ({ holds }) => ({ holds: writeActive(holds, okta, true, side.clock.now, 'okta') }),
      byOkta,
    );
    expect([await reserved(), await used(), await status(aoki)]).toEqual([1, 3, 'onLeave']);
    const suzuki = await side.add('suzuki');
    await side.endLeaveNow(acme, aoki.id, await leaveId(aoki), byAdministrator);
    expect([await status(aoki), await status(suzuki), await used()]).toEqual(['active', 'waiting', 3]);
  });

  test('a leave that is no longer than seats are reserved ahead never gives its seat away', async () => {
    await start();
    const chiba = await side.add('chiba');
    await leaveOf(chiba, '2027-02-10', '2027-02-20');
    await at('2027-02-10');
    expect([await status(chiba), await reserved(), await used()]).toEqual(['onLeave', 1, 2]);
    await at('2027-02-20');
    expect([await status(chiba), await reserved(), await used()]).toEqual(['active', 0, 2]);
    await expectExact();
  });

  test('for a return from which the person goes again none is reserved, unless the next leave is short', async () => {
    await start();
    const plan = async (until: string) => (await leaveOf(aoki, '2027-04-01', until)).leave.id;
    const cancel = (id: Awaited<ReturnType<typeof plan>>) => side.endLeaveNow(acme, aoki.id, id, byAdministrator);
    const long = await plan('2027-06-01');
    await at('2027-03-02');
    expect([await reserved(), await used()]).toEqual([0, 1]);
    await cancel(long);
    await runLeaves(context);
    expect([await reserved(), await used()]).toEqual([1, 2]);
    const short = await plan('2027-04-11');
    expect(await reserved()).toBe(1);
    await cancel(short);
    await plan('2027-06-01');
    expect([await reserved(), await used()]).toEqual([0, 1]);
    const taken: string[] = [];
    await at('2027-04-01');
    for (const { state } of (await now(aoki)).leaves ?? []) taken.push(state);
    expect([taken, await status(aoki), await reserved()]).toEqual([
      ['ended', 'cancelled', 'cancelled', 'running'],
      'onLeave',
      0,
    ]);
    await at('2027-05-02');
    expect([await reserved(), await status(aoki)]).toEqual([1, 'onLeave']);
    await at('2027-06-01');
    expect([await reserved(), await status(aoki), await used()]).toEqual([0, 'active', 2]);
    await expectExact();
  });

  test('a short leave after a long one goes on with the seat that was reserved', async () => {
    await start();
    await leaveOf(aoki, '2027-04-01', '2027-04-11');
    await at('2027-03-02');
    expect(await reserved()).toBe(1);
    await at('2027-04-01');
    expect([await reserved(), await status(aoki), await used()]).toEqual([1, 'onLeave', 2]);
    await at('2027-04-11');
    expect([await reserved(), await status(aoki), await used()]).toEqual([0, 'active', 2]);
    await expectExact();
  });

  test('what the organisation changes counts for leaves that are planned already', async () => {
    await start(0);
    await at('2027-03-10');
    expect(await reserved()).toBe(0);
    await side.changeOrganization(acme, { reserveForReturn: 30 }, byAdministrator);
    await moveLeaves(context, acme);
    await runLeaves(context);
    expect(await reserved()).toBe(1);
    await side.changeOrganization(acme, { reserveForReturn: 7 }, byAdministrator);
    await moveLeaves(context, acme);
    expect(await reserved()).toBe(0);
    await at('2027-03-25');
    expect(await reserved()).toBe(1);
    await expectExact();
  });

  test('policy refuse: a newcomer is refused and told of the reserved ones, a reservation never is', async () => {
    await start(30, 2);
    await side.changeSeats(acme, { seatPolicy: 'refuse' }, byAdministrator);
    await at('2027-03-02');
    await expect(side.add('suzuki')).rejects.toMatchObject({
      code: 'noFreeSeat',
      details: { licensed: 2, used: 1, reserved: 1 },
    });
    await side.changeOrganization(acme, { reserveForReturn: 0 }, byAdministrator);
    await moveLeaves(context, acme);
    const suzuki = await side.add('suzuki');
    await side.changeOrganization(acme, { reserveForReturn: 30 }, byAdministrator);
    await moveLeaves(context, acme);
    await runLeaves(context);
    expect([statusOf(suzuki), await reserved(), (await now(aoki)).waitingSince]).toEqual(['active', 0, side.clock.now]);
    await expectExact();
  });

  test('after a downtime: reserved and returned in one go, each once', async () => {
    await start();
    const transitions: string[] = [];
    side.clock.now = midnight('2027-04-10');
    await runLeaves(context, ({ kind, outcome }) => transitions.push(`${kind} ${outcome}`));
    expect([transitions, await status(aoki), await used()]).toEqual([['reserved done', 'returned done'], 'active', 2]);
    await expectExact();
  });
});
