// Leaves on both stores: they begin and end by themselves, on their date, once, also after a downtime and with several schedulers.

import { runLeaves } from '#provisioning/run-leaves.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { writeActive } from '#directory/user-change.ts';
import { statusOf, type User } from '#directory/user.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';

/** Midnight there, in Asia/Tokyo. */
const midnight = (date: string) => Date.parse(`${date}T00:00:00+09:00`);

describeOnBothStorages('leaves', (open) => {
  let side: WriteSide;
  let context: ProvisioningContext;
  const start = async (licensed: number | null = 10) => {
    side = await createWriteSide(await open(), licensed);
    ({ context } = side);
  };
  const plan = (user: User, words: Partial<Parameters<WriteSide['planLeave']>[2]> = {}) =>
    side.planLeave(
      acme,
      user.id,
      { type: 'leave', from: '2027-02-01', until: '2027-04-01', ...words },
      byAdministrator,
    );
  const at = async (date: string, later = 0) => {
    side.clock.now = midnight(date) + later;
    await runLeaves(context);
  };
  const status = async (user: User) => statusOf(await side.user(user.id));
  const auditOf = async (user: User) => {
    const actions: string[] = [];
    for (const source of await side.storage.effects.claimDue(100, 60_000, 'everywhere'))
      for (const { body } of source.effects)
        if (body.kind === 'audit' && body.event.target.id === user.id)
          actions.push(
            [
              `${body.event.action}${body.event.reason === undefined ? '' : ` ${body.event.reason.replace(/ [0-9a-f-]{36}/, '')}`}`,
              ...(body.event.leaves ?? []).flatMap(({ kind, lateBySeconds: late }) =>
                late === undefined ? [] : [`${kind} after ${late} s`],
              ),
            ].join('; '),
          );
    return actions;
  };

  test('planned, away, back: the seat is free meanwhile, the profile stays', async () => {
    await start();
    const aoki = await side.add('aoki');
    const { user, leave } = await plan(aoki);
    expect([statusOf(user), user.active, user.epoch, leave.state]).toEqual(['scheduled', true, aoki.epoch, 'planned']);
    await at('2027-02-01', -1);
    expect(await status(aoki)).toBe('scheduled');
    await at('2027-02-01');
    const away = await side.user(aoki.id);
    expect([statusOf(away), away.seat, away.epoch, away.profile]).toEqual([
      'onLeave',
      'none',
      aoki.epoch + 1,
      aoki.profile,
    ]);
    expect(away.holds).toMatchObject([{ kind: 'leave', source: '', until: midnight('2027-04-01') }]);
    expect(await side.seats()).toEqual([0, 10, 0]);
    await at('2027-04-01', -1);
    expect(await status(aoki)).toBe('onLeave');
    await at('2027-04-01');
    const back = await side.user(aoki.id);
    expect([statusOf(back), back.seat, back.holds, back.epoch]).toEqual(['active', 'held', [], aoki.epoch + 1]);
    expect(back.leaves).toMatchObject([{ state: 'ended', endedAt: midnight('2027-04-01') }]);
    const { revision } = back;
    await at('2027-04-02');
    expect((await side.user(aoki.id)).revision).toBe(revision);
    expect(await auditOf(aoki)).toEqual([
      'user.created',
      'user.scheduled',
      'user.deactivated leave.started',
      'user.reactivated leave.returned',
    ]);
  });

  test('after a downtime over the whole leave it has passed: nobody is put out for it, and the audit trail says how late', async () => {
    await start(2);
    const [aoki, baba] = [await side.add('aoki'), await side.add('baba')];
    const suzuki = await side.add('suzuki');
    await plan(aoki);
    await plan(baba, { from: '2027-03-01', until: '2027-03-02' });
    const transitions: string[] = [];
    side.clock.now = midnight('2027-04-03') + 9 * 3_600_000;
    await runLeaves(context, ({ kind, outcome }) => transitions.push(`${kind} ${outcome}`));
    expect(transitions).toEqual(['passed done', 'passed done']);
    expect([await status(aoki), await status(baba), await status(suzuki)]).toEqual(['active', 'active', 'waiting']);
    const { epoch, seat, leaves = [] } = await side.user(aoki.id);
    expect([epoch, seat]).toEqual([aoki.epoch, 'held']);
    expect(leaves).toMatchObject([{ state: 'ended', endedAt: side.clock.now }]);
    expect(leaves[0]).not.toHaveProperty('startedAt');
    expect(await auditOf(aoki)).toEqual([
      'user.created',
      'user.scheduled',
      'user.active leave.passed, 88380 minutes late; passed after 5302800 s',
    ]);
  });

  test('after a downtime over the first days only, a leave begins late and ends on its day', async () => {
    await start();
    const aoki = await side.add('aoki');
    await plan(aoki);
    await at('2027-02-03');
    expect(await status(aoki)).toBe('onLeave');
    await at('2027-04-01');
    expect(await status(aoki)).toBe('active');
    expect(await auditOf(aoki)).toEqual([
      'user.created',
      'user.scheduled',
      'user.deactivated leave.started, 2880 minutes late; started after 172800 s',
      'user.reactivated leave.returned',
    ]);
  });

  test('a return without a free seat waits, and comes true when there is one', async () => {
    await start(1);
    const aoki = await side.add('aoki');
    await plan(aoki);
    await at('2027-02-01');
    const suzuki = await side.add('suzuki');
    expect([suzuki.active, await side.seats()]).toEqual([true, [1, 0, 0]]);
    await at('2027-04-01');
    expect([await status(aoki), await side.seats()]).toEqual(['waiting', [1, 0, 0]]);
    await side.changeSeats(acme, { licensed: 2 }, byAdministrator);
    await side.finished();
    expect([await status(aoki), await side.seats()]).toEqual(['active', [2, 0, 0]]);
  });

  test('a seat that is kept is nobody else’s, and is given back when something else holds the person', async () => {
    await start(1);
    const aoki = await side.add('aoki');
    await plan(aoki, { seat: 'keep' });
    await at('2027-02-01');
    expect([await status(aoki), (await side.user(aoki.id)).seat, await side.seats()]).toEqual([
      'onLeave',
      'held',
      [1, 0, 0],
    ]);
    expect(statusOf(await side.add('suzuki'))).toBe('waiting');
    await at('2027-04-01');
    expect([await status(aoki), await side.seats()]).toEqual(['active', [1, 0, 0]]);
    const again = await plan(aoki, { from: '2027-04-02', until: null, seat: 'keep' });
    await at('2027-04-02');
    expect([await status(aoki), await side.seats()]).toEqual(['onLeave', [1, 0, 0]]);
    await side.deactivateUser(acme, aoki.id, {}, byAdministrator);
    await side.finished();
    const off = await side.user(aoki.id);
    expect([statusOf(off), off.seat, off.leaves?.find(({ id }) => id === again.leave.id)?.state]).toEqual([
      'inactive',
      'none',
      'running',
    ]);
    // Suzuki has it now.
    expect(await side.seats()).toEqual([1, 0, 0]);
  });

  test('two schedulers at once: each transition happens once', async () => {
    await start(null);
    const people: User[] = [];
    for (let at = 0; at < 12; at += 1) people.push(await side.add(`person${at}`));
    for (const person of people) await plan(person);
    side.clock.now = midnight('2027-02-01');
    await Promise.all([runLeaves(context), runLeaves(context), runLeaves(context)]);
    for (const { id, epoch } of people)
      expect(await side.user(id)).toMatchObject({ active: false, epoch: epoch + 1, leaves: [{ state: 'running' }] });
    expect(side.troubles).toEqual([]);
  });

  test('a leave from today begins in the commit that plans it; one that is over already never does', async () => {
    await start();
    const aoki = await side.add('aoki');
    const { user, leave } = await side.planLeave(acme, aoki.id, { type: 'parental' }, byAdministrator);
    expect([statusOf(user), leave.state, leave.until]).toEqual(['onLeave', 'running', undefined]);
    const ended = await side.endLeaveNow(acme, aoki.id, leave.id, byAdministrator);
    expect([statusOf(ended.user), ended.leave.state]).toEqual(['active', 'ended']);
    await expect(side.endLeaveNow(acme, aoki.id, leave.id, byAdministrator)).rejects.toMatchObject({
      code: 'leaveOver',
    });
    const past = await plan(aoki, { from: '2027-01-02', until: '2027-01-05' });
    expect([statusOf(past.user), past.leave.state, past.user.epoch]).toEqual(['active', 'ended', ended.user.epoch]);
  });

  test('a past leave that is entered during another one leaves that one alone', async () => {
    await start();
    const aoki = await side.add('aoki');
    const { leave, user } = await side.planLeave(acme, aoki.id, { type: 'parental' }, byAdministrator);
    const past = await plan(aoki, { from: '2027-01-02', until: '2027-01-05' });
    expect([statusOf(past.user), past.user.holds, past.leave.state]).toEqual(['onLeave', user.holds, 'ended']);
    expect(past.user.leaves?.find(({ id }) => id === leave.id)?.state).toBe('running');
  });

  test('plans change: a later return, no return, an earlier one that is past', async () => {
    await start();
    const aoki = await side.add('aoki');
    const { leave } = await plan(aoki);
    const change = (words: object) => side.changeLeavePlan(acme, aoki.id, leave.id, words, byAdministrator);
    await change({ from: '2027-02-10' });
    await at('2027-02-01');
    expect(await status(aoki)).toBe('scheduled');
    await at('2027-02-10');
    expect(await status(aoki)).toBe('onLeave');
    await expect(change({ from: '2027-03-01' })).rejects.toMatchObject({ code: 'invalidValue' });
    const indefinite = await change({ until: null });
    expect([indefinite.leave.until, indefinite.user.holds[0]?.until]).toEqual([undefined, undefined]);
    await at('2027-05-01');
    expect(await status(aoki)).toBe('onLeave');
    await change({ until: '2027-06-01' });
    expect((await side.user(aoki.id)).holds[0]?.until).toBe(midnight('2027-06-01'));
    const back = await change({ until: '2027-04-20' });
    expect([statusOf(back.user), back.leave.state]).toEqual(['active', 'ended']);
  });

  test('leaves that overlap are refused and name the other; those that touch are not', async () => {
    await start();
    const aoki = await side.add('aoki');
    const { leave } = await plan(aoki);
    await expect(plan(aoki, { from: '2027-03-31', until: '2027-05-01' })).rejects.toMatchObject({
      code: 'leaveOverlaps',
      details: { leave: { id: leave.id, from: '2027-02-01', until: '2027-04-01' } },
    });
    const second = await plan(aoki, { from: '2027-04-01', until: null });
    await at('2027-04-01');
    expect([await status(aoki), (await side.user(aoki.id)).leaves?.map(({ state }) => state)]).toEqual([
      'onLeave',
      ['ended', 'running'],
    ]);
    expect(second.leave.state).toBe('planned');
  });

  test.each([
    ['a return before the start', { from: '2027-02-01', until: '2027-02-01' }],
    ['a day that does not exist', { from: '2027-02-29' }],
    ['a day in a hundred years', { until: '2127-02-01' }],
    ['a planned end with a return', { type: 'left', until: '2027-04-01' }],
    ['an hour that no day has', { returnHour: 24 }],
  ])('refused: %s', async (_what, words) => {
    await start();
    const aoki = await side.add('aoki');
    await expect(plan(aoki, words as never)).rejects.toMatchObject({ code: 'invalidValue' });
    expect((await side.user(aoki.id)).revision).toBe(aoki.revision);
  });

  test('a planned end holds for good: by the date nobody comes back', async () => {
    await start();
    const aoki = await side.add('aoki');
    await side.planLeave(acme, aoki.id, { type: 'left', from: '2027-04-01' }, byAdministrator);
    expect(await status(aoki)).toBe('scheduled');
    await at('2027-04-01');
    const left = await side.user(aoki.id);
    expect([statusOf(left), left.holds]).toMatchObject(['inactive', [{ kind: 'admin', reason: 'left' }]]);
    await at('2028-04-01');
    expect(await status(aoki)).toBe('inactive');
  });

  test('what others hold outlasts the return; what an administrator lifts ends the leave', async () => {
    await start();
    const aoki = await side.add('aoki');
    await plan(aoki);
    await at('2027-02-01');
    const okay = (active: boolean) =>
      side.changeUser(
        acme,
        aoki.id,
        ({ holds }) => ({ holds: writeActive(holds, okta, active, side.clock.now, 'connection:okta') }),
        byOkta,
      );
    expect((await okay(true)).user.active).toBe(false);
    await okay(false);
    await at('2027-04-01');
    const held = await side.user(aoki.id);
    expect([statusOf(held), held.holds.map(({ kind }) => kind), held.leaves?.[0]?.state]).toEqual([
      'inactive',
      ['idp'],
      'ended',
    ]);
    await okay(true);
    await plan(aoki, { from: '2027-04-02', until: '2027-06-01' });
    await at('2027-04-02');
    const { user, lifted } = await side.reactivateUser(acme, aoki.id, {}, byAdministrator);
    expect([statusOf(user), lifted.map(({ kind }) => kind), user.leaves?.map(({ state }) => state)]).toEqual([
      'active',
      ['leave'],
      ['ended', 'ended'],
    ]);
    await at('2027-06-01');
    expect((await side.user(aoki.id)).revision).toBe(user.revision);
  });

  test('the last owner’s leave neither is planned for now nor begins by itself, and holds up nobody else', async () => {
    await start();
    const [owner, aoki] = [await side.add('owner'), await side.add('aoki')];
    await side.assignRoles(acme, owner.id, ['owner'], byAdministrator);
    await expect(side.planLeave(acme, owner.id, { type: 'leave' }, byAdministrator)).rejects.toMatchObject({
      code: 'lastOwner',
    });
    await plan(owner);
    await plan(aoki);
    await at('2027-02-01');
    expect([await status(owner), await status(aoki)]).toEqual(['scheduled', 'onLeave']);
    expect(side.troubles).toMatchObject([{ code: 'lastOwner' }]);
    await at('2027-02-20');
    // Said once, though it is tried with every run.
    expect(side.troubles).toHaveLength(1);
    await at('2027-04-01');
    expect([await status(owner), await status(aoki)]).toEqual(['active', 'active']);
    expect((await side.user(owner.id)).epoch).toBe(owner.epoch);
    expect(await side.storage.users.dueTransitions(side.clock.now, 10)).toEqual([]);
  });

  test('a leave that was refused to the last owner and is over by the time there is another costs neither seat nor sessions', async () => {
    await start(2);
    const [sato, doi] = [await side.add('sato'), await side.add('doi')];
    await side.assignRoles(acme, sato.id, ['owner'], byAdministrator);
    await plan(sato, { until: '2027-02-08' });
    await at('2027-02-01');
    const suzuki = await side.add('suzuki');
    side.clock.now = midnight('2027-02-20');
    await side.assignRoles(acme, doi.id, ['owner'], byAdministrator);
    await runLeaves(context);
    await side.finished();
    const now = await side.user(sato.id);
    expect([statusOf(now), now.seat, now.epoch, await status(suzuki)]).toEqual([
      'active',
      'held',
      sato.epoch,
      'waiting',
    ]);
    expect(side.troubles).toHaveLength(1);
  });

  test('a refusal that is over and comes again is told again', async () => {
    await start();
    const [sato, doi] = [await side.add('sato'), await side.add('doi')];
    await side.assignRoles(acme, sato.id, ['owner'], byAdministrator);
    const { leave } = await plan(sato);
    await at('2027-02-01');
    await side.changeLeavePlan(acme, sato.id, leave.id, { from: '2027-02-05' }, byAdministrator);
    await at('2027-02-02');
    await at('2027-02-05');
    expect(side.troubles).toHaveLength(2);
    await side.assignRoles(acme, doi.id, ['owner'], byAdministrator);
    await at('2027-02-06');
    expect(await status(sato)).toBe('onLeave');
  });

  test('Z01 a changed zone keeps the dates and moves the instants, of a running leave only the end', async () => {
    await start();
    const [aoki, baba] = [await side.add('aoki'), await side.add('baba')];
    await plan(aoki, { returnHour: 9 });
    await at('2027-02-01');
    await plan(baba, { from: '2027-03-15', until: '2027-03-20' });
    const began = (await side.user(aoki.id)).leaves?.[0]?.startsAt;
    await side.changeOrganization(acme, { timeZone: 'America/New_York' }, byAdministrator);
    await side.finished();
    const [away] = (await side.user(aoki.id)).leaves ?? [];
    expect([away?.startsAt, away?.from, away?.until, away?.zone]).toEqual([
      began,
      '2027-02-01',
      '2027-04-01',
      'America/New_York',
    ]);
    expect(away?.endsAt).toBe(Date.parse('2027-04-01T09:00:00-04:00'));
    expect((await side.user(aoki.id)).holds).toMatchObject([{ kind: 'leave', until: away?.endsAt }]);
    expect((await side.user(baba.id)).leaves).toMatchObject([{ startsAt: Date.parse('2027-03-15T00:00:00-04:00') }]);
    await at('2027-04-01', 22 * 3_600_000 - 1);
    expect(await status(aoki)).toBe('onLeave');
    await at('2027-04-01', 22 * 3_600_000);
    expect(await status(aoki)).toBe('active');
  });

  test('the leaves of somebody deleted rest', async () => {
    await start();
    const aoki = await side.add('aoki');
    await plan(aoki);
    await side.removeUser(acme, aoki.id, { ...byOkta, mouth: 'scimDelete' });
    await at('2027-02-01');
    expect(await status(aoki)).toBe('deleted');
    expect(await side.storage.users.dueTransitions(side.clock.now, 10)).toEqual([]);
  });
});
