// The rule of dormancy on both stores: warned, then held; by days of the organisation, once, never the last owner, and not for time spent away.

import type { Notice } from '#directory/notice.ts';
import { statusOf, type User } from '#directory/user.ts';
import { listMails } from '#notices/mail-records.ts';
import { runDormancy } from '#provisioning/dormancy.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { runLeaves } from '#provisioning/run-leaves.ts';
import { noteSeen } from '#storage/last-seen-records.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide, type WriteSide } from './write-side.ts';

const dayMs = 86_400_000;
const rule = { afterDays: 90, warnDays: 7 };

describeOnBothStorages('dormancy', (open) => {
  let side: WriteSide;
  let context: ProvisioningContext;
  let startedAt: number;
  beforeEach(async () => {
    side = await createWriteSide(await open(), 10);
    startedAt = side.clock.now;
    ({ context } = side);
    await side.changeOrganization(acme, { dormancy: rule }, byAdministrator);
  });

  /** So many days after the beginning, the rule has run; on `nodes` servers at once. */
  const dayComes = async (day: number, nodes = 1) => {
    side.clock.now = startedAt + day * dayMs;
    await Promise.all(Array.from({ length: nodes }, () => runDormancy(context, true)));
    // Whoever lost to another goes on at the next tick.
    await runDormancy(context, true);
  };
  const seenOn = async (user: User, day: number) => noteSeen(side.storage, acme, user.id, startedAt + day * dayMs);
  const kinds = async (user: User) => (await side.user(user.id)).holds.map(({ kind }) => kind);
  const mails = async () =>
    (await listMails(side.storage, side.clock.now, acme, { limit: 100 })).map(({ value }) => value);
  const notices = async (): Promise<readonly Notice[]> => {
    const found: Notice[] = [];
    for (const claim of await side.storage.effects.claimDue(200, 60_000, 'everywhere')) {
      for (const { body } of claim.effects) if (body.kind === 'notice') found.push(body.notice);
      await side.storage.effects.complete(
        claim,
        claim.effects.map(({ id }) => id),
      );
    }
    return found;
  };

  test('who never signed in is warned, and held after it; who signed in is not; one notice a day, however many nodes', async () => {
    const [never, often, once] = [await side.add('never'), await side.add('often'), await side.add('once')];
    await seenOn(often, 80);
    await seenOn(once, 5);
    await notices();
    await dayComes(82);
    expect([await notices(), await mails()]).toEqual([[], []]);
    await dayComes(83, 3);
    expect(await notices()).toMatchObject([{ code: 'dormancyRun', values: { warned: '1', held: '0' } }]);
    expect(await mails()).toMatchObject([{ user: never.id, code: 'dormancyWarning', values: { warnDays: '7' } }]);
    await dayComes(88);
    expect(await notices()).toMatchObject([{ values: { warned: '1', held: '0' } }]);
    await dayComes(89);
    expect(await kinds(never)).toEqual([]);
    await dayComes(90, 3);
    expect(await notices()).toMatchObject([{ level: 'warning', values: { warned: '0', held: '1', afterDays: '90' } }]);
    expect([await kinds(never), await kinds(once), await kinds(often)]).toEqual([['dormant'], [], []]);
    const held = await side.user(never.id);
    expect([statusOf(held), held.active, held.seat, held.epoch]).toEqual(['inactive', false, 'none', never.epoch + 1]);
    expect(held.holds).toMatchObject([{ kind: 'dormant', by: 'system:dormancy', source: '' }]);
    expect(await mails()).toHaveLength(2);
    await seenOn(once, 92);
    await dayComes(95);
    await dayComes(120);
    expect([await kinds(once), await kinds(often)]).toEqual([[], []]);
  });

  test('a sign-in after the warning begins the count anew, with a warning of its own', async () => {
    const aoki = await side.add('aoki');
    await dayComes(83);
    await seenOn(aoki, 85);
    await dayComes(90);
    expect((await mails()).length).toBe(1);
    // Mails are listed for a month.
    await dayComes(85 + 82);
    expect([await kinds(aoki), (await mails()).length]).toEqual([[], 0]);
    await dayComes(85 + 83);
    expect((await mails()).length).toBe(1);
    await dayComes(85 + 90);
    expect(await kinds(aoki)).toEqual(['dormant']);
  });

  test('a clock that jumps, a rule that is new, a downtime: nobody is held without having been warned', async () => {
    const aoki = await side.add('aoki');
    await dayComes(400);
    expect([await kinds(aoki), (await mails()).length]).toEqual([[], 1]);
    await dayComes(406);
    expect(await kinds(aoki)).toEqual([]);
    await dayComes(407);
    expect(await kinds(aoki)).toEqual(['dormant']);
    // Back again, the walk of a day that was is not one of a day to come.
    await dayComes(10);
    expect(await kinds(aoki)).toEqual(['dormant']);
  });

  test('the last owner is warned and stays; with another one they are held', async () => {
    const [owner, other] = [await side.add('owner'), await side.add('other')];
    await side.assignRoles(acme, owner.id, ['owner'], byAdministrator);
    await seenOn(other, 80);
    await dayComes(83);
    await dayComes(90);
    await dayComes(91);
    expect(await kinds(owner)).toEqual([]);
    await side.assignRoles(acme, other.id, ['owner'], byAdministrator);
    await dayComes(92);
    expect([await kinds(owner), await kinds(other)]).toEqual([['dormant'], []]);
  });

  test('time on leave does not count, and a return begins the count anew', async () => {
    const aoki = await side.add('aoki');
    await side.planLeave(acme, aoki.id, { type: 'parental', until: '2027-06-01' }, byAdministrator);
    const back = Math.ceil((Date.parse('2027-06-01T00:00:00+09:00') - startedAt) / dayMs);
    for (const day of [83, 90, back - 1]) await dayComes(day);
    expect([await kinds(aoki), await mails()]).toEqual([['leave'], []]);
    side.clock.now = startedAt + back * dayMs;
    await runLeaves(context);
    await dayComes(back + 80);
    expect([await kinds(aoki), await mails()]).toEqual([[], []]);
    await dayComes(back + 84);
    await dayComes(back + 91);
    expect(await kinds(aoki)).toEqual(['dormant']);
  });

  test('only an administrator lifts it, and with that the count begins anew', async () => {
    const aoki = await side.add('aoki');
    await dayComes(83);
    await dayComes(90);
    const { user } = await side.reactivateUser(acme, aoki.id, {}, byAdministrator);
    expect([user.active, user.activeSince]).toEqual([true, side.clock.now]);
    await dayComes(91);
    await dayComes(90 + 82);
    expect([await kinds(aoki), (await mails()).length]).toEqual([[], 0]);
    await dayComes(90 + 83);
    await dayComes(90 + 90);
    expect(await kinds(aoki)).toEqual(['dormant']);
  });

  test('off by default: without the rule nobody is looked at', async () => {
    const aoki = await side.add('aoki');
    await side.changeOrganization(acme, { dormancy: null }, byAdministrator);
    for (const day of [83, 90, 1_000]) await dayComes(day);
    expect([await kinds(aoki), await mails()]).toEqual([[], []]);
  });

  test('the last sign-in is kept apart from the user, and written once a day', async () => {
    const aoki = await side.add('aoki');
    await Promise.all([seenOn(aoki, 3), seenOn(aoki, 3), seenOn(aoki, 3.1)]);
    await seenOn(aoki, 2);
    const { revision } = await side.user(aoki.id);
    expect(revision).toBe(aoki.revision);
  });

  test('in a suspended organisation nobody can sign in, and nobody is warned or held for it', async () => {
    const aoki = await side.add('aoki');
    await side.changeOrganization(acme, { state: 'suspended' }, byAdministrator);
    await dayComes(83);
    await dayComes(100);
    expect([await kinds(aoki), await mails()]).toEqual([[], []]);
    await side.changeOrganization(acme, { state: 'active' }, byAdministrator);
    await dayComes(101);
    expect([await kinds(aoki), await mails()]).toMatchObject([[], [{ user: aoki.id }]]);
  });
});
