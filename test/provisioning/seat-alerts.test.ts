// Seats that run out are told of once for each crossing, by whichever node sees it, and again after the use was clearly below.

import type { Notice } from '#directory/notice.ts';
import { toldOnceRecords, type TellingPlace } from '#notices/tell-once.ts';
import { runLeaves } from '#provisioning/run-leaves.ts';
import { watchSeats } from '#provisioning/seat-alerts.ts';
import { createSeatWatch } from '#provisioning/seat-watch.ts';
import { randomBytes } from 'node:crypto';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide, type WriteSide } from './write-side.ts';

describeOnBothStorages('notices of seats', (open) => {
  let side: WriteSide;
  let place: TellingPlace;
  const start = async (licensed: number | null) => {
    side = await createWriteSide(await open(), licensed);
    place = { storage: side.storage, now: () => side.clock.now, randomBytes, wakeRelay: () => undefined };
    await claimNotices();
  };
  /** What was told since the last time. */
  const claimNotices = async (): Promise<readonly Notice[]> => {
    const notices: Notice[] = [];
    for (const claim of await side.storage.effects.claimDue(200, 60_000, 'everywhere')) {
      for (const { body } of claim.effects) if (body.kind === 'notice') notices.push(body.notice);
      await side.storage.effects.complete(
        claim,
        claim.effects.map(({ id }) => id),
      );
    }
    return notices;
  };
  const look = async (times = 1) => {
    await Promise.all(Array.from({ length: times }, () => watchSeats(place)));
    return (await claimNotices()).map(({ code, values }) => [code, values['threshold'], values['used']]);
  };
  const addMany = async (count: number, from = 0) => {
    const people = [];
    for (let n = from; n < from + count; n += 1) people.push(await side.add(`person${n}`));
    return people;
  };

  test('each threshold once for each crossing, and the highest of several at once; four nodes tell it once', async () => {
    await start(10);
    const people = await addMany(7);
    expect(await look(4)).toEqual([]);
    people.push(...(await addMany(1, 7)));
    expect(await look(4)).toEqual([['seatThreshold', '80', '8']]);
    expect(await look(4)).toEqual([]);
    people.push(...(await addMany(2, 8)));
    expect(await look(4)).toEqual([['seatThreshold', '100', '10']]);
    expect(await look()).toEqual([]);
    // One to and fro is told at 100 %, where it was clearly left, and not at 80 and 90.
    await side.deactivateUser(acme, people[0]?.id as never, {}, byAdministrator);
    expect(await look()).toEqual([]);
    await side.reactivateUser(acme, people[0]?.id as never, {}, byAdministrator);
    expect(await look(4)).toEqual([['seatThreshold', '100', '10']]);
    // A larger contract leaves them all, and they are told anew.
    await side.changeSeats(acme, { licensed: 20 }, byAdministrator);
    expect(await look()).toEqual([]);
    await side.changeSeats(acme, { licensed: 11 }, byAdministrator);
    expect(await look()).toEqual([['seatThreshold', '90', '10']]);
  });

  test('thresholds are the organisation’s, none may be; without a limit nothing is ever reached', async () => {
    await start(4);
    await addMany(2);
    await side.changeOrganization(acme, { alerts: { thresholds: [50], shortageDays: 0 } }, byAdministrator);
    expect(await look()).toEqual([['seatThreshold', '50', '2']]);
    await side.changeOrganization(acme, { alerts: { thresholds: [], shortageDays: 0 } }, byAdministrator);
    await addMany(2, 2);
    expect(await look()).toEqual([]);
    await side.changeOrganization(acme, { alerts: { thresholds: [100], shortageDays: 0 } }, byAdministrator);
    await side.changeSeats(acme, { licensed: null }, byAdministrator);
    expect(await look()).toEqual([]);
  });

  test('of two changes of the alerts at once each keeps what the other has changed', async () => {
    await start(4);
    for (let days = 1; days <= 10; days += 1) {
      await Promise.all([
        side.changeOrganization(acme, { alerts: { thresholds: [days] } }, byAdministrator),
        side.changeOrganization(acme, { alerts: { shortageDays: days } }, byAdministrator),
      ]);
      const organization = await side.storage.organizations.get(acme);
      expect(organization?.alerts).toEqual({ thresholds: [days], shortageDays: days });
    }
  });

  test('the seats are looked at as soon as they have moved, once for many movements', async () => {
    await start(10);
    const looked: string[] = [];
    const watch = createSeatWatch(
      async (id) => {
        looked.push(id);
        await Promise.resolve();
      },
      () => undefined,
    );
    for (let n = 0; n < 50; n += 1) watch.note(acme);
    await watch.finish();
    expect(looked).toEqual([acme]);
  });

  test('back from a leave without a seat: told with that very commit, once', async () => {
    await start(1);
    const aoki = await side.add('aoki');
    const leave = { type: 'leave', from: '2027-01-10', until: '2027-04-01' } as const;
    await side.planLeave(acme, aoki.id, leave, byAdministrator);
    await side.add('baba');
    side.clock.now = Date.parse('2027-04-01T00:00:00+09:00');
    const context = {
      ...place,
      nameKey: new Uint8Array(32),
      continueLater: () => undefined,
      reportTrouble: () => undefined,
    };
    await Promise.all([runLeaves(context), runLeaves(context)]);
    expect(await claimNotices()).toMatchObject([
      {
        code: 'leaveReturnBlocked',
        level: 'important',
        values: { name: 'aoki' },
        about: { kind: 'user', id: aoki.id },
      },
    ]);
    expect((await side.user(aoki.id)).waitingSince).toBeDefined();
  });

  test('a leave that does not begin, because there would be no owner, is told to owners once', async () => {
    await start(10);
    const owner = await side.add('owner');
    await side.assignRoles(acme, owner.id, ['owner'], byAdministrator);
    const { leave } = await side.planLeave(acme, owner.id, { type: 'left', from: '2027-02-01' }, byAdministrator);
    await claimNotices();
    side.clock.now = Date.parse('2027-02-01T00:00:00+09:00');
    const context = {
      ...place,
      nameKey: new Uint8Array(32),
      continueLater: () => undefined,
      reportTrouble: () => undefined,
    };
    for (let n = 0; n < 3; n += 1) await runLeaves(context);
    expect(await claimNotices()).toMatchObject([
      { code: 'leaveNotStarted', values: { name: 'owner', type: 'left', date: '2027-02-01' }, roles: ['owner'] },
    ]);
    const told = await side.storage.records(toldOnceRecords).get(`acme/leaveNotStarted/${leave.id}`, side.clock.now);
    expect(told).not.toBeNull();
  });
});
