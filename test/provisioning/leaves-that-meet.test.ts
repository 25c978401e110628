// Leaves beside other leaves, starts, ends and people's changes, on both stores: what touches, what is due at one instant, and what a change leaves alone.

import type { Notice } from '#directory/notice.ts';
import { statusOf, type User } from '#directory/user.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import type { LeaveId } from '#directory/leave.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { runLeaves } from '#provisioning/run-leaves.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide, type WriteSide } from './write-side.ts';

const hourMs = 3_600_000;
const midnight = (date: string) => Date.parse(`${date}T00:00:00+09:00`);
const byFeed: ChangeContext = { actor: { kind: 'connection', connection: 'people' as ConnectionId }, mouth: 'hrFeed' };

describeOnBothStorages('leaves that meet', (open) => {
  let side: WriteSide;
  let context: ProvisioningContext;
  const start = async (licensed: number | null = 10) => {
    side = await createWriteSide(await open(), licensed);
    ({ context } = side);
  };
  type Plan = Parameters<WriteSide['planLeave']>[2];
  const plan = (user: User, words: Partial<Plan> = {}, by = byAdministrator) =>
    side.planLeave(acme, user.id, { type: 'leave', from: '2027-02-01', until: '2027-04-01', ...words }, by);
  const at = async (date: string, later = 0) => {
    side.clock.now = midnight(date) + later;
    await runLeaves(context);
  };
  const status = async (user: User) => statusOf(await side.user(user.id));
  const notices = async (): Promise<readonly Notice[]> =>
    (await side.storage.effects.claimDue(200, 1, 'everywhere'))
      .flatMap(({ effects }) => effects)
      .flatMap(({ body }) => (body.kind === 'notice' ? [body.notice] : []));

  test('two that touch are one absence: nobody is let in between, whatever the hour of return', async () => {
    await start();
    const [aoki, baba] = [await side.add('aoki'), await side.add('baba')];
    await plan(aoki);
    await plan(aoki, { from: '2027-04-01', until: '2027-05-01' });
    await plan(baba, { returnHour: 9 });
    await plan(baba, { from: '2027-04-01', until: '2027-05-01', returnHour: 9 });
    await at('2027-02-01');
    const { epoch, revision } = await side.user(aoki.id);
    await at('2027-04-01');
    const still = await side.user(aoki.id);
    expect([still.epoch, still.revision, statusOf(still)]).toEqual([epoch, revision + 1, 'onLeave']);
    expect(still.leaves?.map(({ state }) => state)).toEqual(['ended', 'running']);
    expect(still.holds).toMatchObject([{ kind: 'leave', until: midnight('2027-05-01') }]);
    await at('2027-04-01', 9 * hourMs);
    const other = await side.user(baba.id);
    expect([statusOf(other), other.leaves?.map(({ state }) => state)]).toEqual(['onLeave', ['ended', 'running']]);
    expect(other.holds).toMatchObject([{ kind: 'leave', until: midnight('2027-05-01') + 9 * hourMs }]);
    await at('2027-05-01', 9 * hourMs);
    expect([await status(aoki), await status(baba)]).toEqual(['active', 'active']);
    await expect(plan(aoki, { from: '2027-06-01', until: '2027-06-03' })).resolves.toBeDefined();
    await expect(plan(aoki, { from: '2027-06-02', until: '2027-06-04' })).rejects.toMatchObject({
      code: 'leaveOverlaps',
    });
  });

  test('of what is due at one instant, what frees a seat comes first: a handover finds it', async () => {
    await start(1);
    const aoki = await side.add('aoki');
    await plan(aoki);
    await at('2027-02-01');
    const baba = await side.add('baba');
    await plan(baba, { from: '2027-04-01', until: '2027-06-01' });
    await at('2027-04-01');
    expect([await status(aoki), await status(baba)]).toEqual(['active', 'onLeave']);
    expect(await notices()).toEqual([]);
  });

  test('a past leave of somebody who has not begun leaves the start alone', async () => {
    await start();
    const suzuki = await side.add('suzuki');
    await plan(suzuki, { type: 'start', from: '2027-01-12', until: '2027-05-01' });
    await plan(suzuki, { from: '2027-01-04', until: '2027-01-08' });
    expect((await side.user(suzuki.id)).holds.map(({ kind }) => kind)).toEqual(['start']);
    await at('2027-05-01');
    expect(await status(suzuki)).toBe('active');
  });

  test('what has begun cannot become a start, nor keep a seat that is given back; nothing of it is stored', async () => {
    await start();
    const [aoki, suzuki] = [await side.add('aoki'), await side.add('suzuki')];
    const away = await plan(aoki, { from: '2027-01-12' });
    const begins = await plan(suzuki, { type: 'start', from: '2027-01-12', until: '2027-05-01' });
    const change = (user: User, { leave }: typeof away, words: Partial<Plan>) =>
      side.changeLeavePlan(acme, user.id, leave.id, words, byAdministrator);
    await expect(change(aoki, away, { type: 'start' })).rejects.toMatchObject({ code: 'invalidValue' });
    await expect(change(suzuki, begins, { type: 'leave' })).rejects.toMatchObject({ code: 'invalidValue' });
    await expect(change(aoki, away, { seat: 'keep' })).rejects.toMatchObject({ code: 'invalidValue' });
    expect((await change(aoki, away, { type: 'parental' })).user.holds).toMatchObject([{ reason: 'parental' }]);
    await at('2027-05-01');
    expect([await status(aoki), await status(suzuki)]).toEqual(['active', 'active']);
  });

  test('a time of day that a feed named stays when something else is changed, by an administrator or the organisation', async () => {
    await start();
    const aoki = await side.add('aoki');
    const end = Date.parse('2027-03-31T18:00:00+09:00');
    await plan(aoki, { type: 'left', from: '2027-03-31', until: null }, byFeed);
    const atSix = ({ leaves = [] }: User) => ({ leaves: leaves.map((leave) => ({ ...leave, startsAt: end })) });
    await side.changeUser(acme, aoki.id, atSix, byFeed);
    const [planned] = (await side.user(aoki.id)).leaves ?? [];
    expect(planned).toMatchObject({ type: 'left', source: 'people', startsAt: end });
    await at('2027-03-31', 10 * hourMs);
    const { user } = await side.changeLeavePlan(acme, aoki.id, planned?.id as LeaveId, { note: 'x' }, byAdministrator);
    expect([statusOf(user), user.leaves]).toMatchObject(['scheduled', [{ startsAt: end, note: 'x' }]]);
    await at('2027-03-31', 18 * hourMs);
    expect(await status(aoki)).toBe('inactive');
  });

  test('what a system planned for the last owner happens on its day, as if it came that day; what people planned does not', async () => {
    await start();
    const owner = await side.add('owner');
    await side.assignRoles(acme, owner.id, ['owner'], byAdministrator);
    await plan(owner, { type: 'left', from: '2027-02-01', until: null }, byAdministrator);
    await at('2027-02-01');
    expect([await status(owner), side.troubles]).toMatchObject(['scheduled', [{ code: 'lastOwner' }]]);
    const { leaves = [] } = await side.user(owner.id);
    await side.endLeaveNow(acme, owner.id, leaves[0]?.id as LeaveId, byAdministrator);
    await plan(owner, { type: 'left', from: '2027-03-01', until: null }, byFeed);
    await at('2027-03-01');
    expect((await side.user(owner.id)).holds).toMatchObject([{ kind: 'hr', source: 'people' }]);
  });
});
