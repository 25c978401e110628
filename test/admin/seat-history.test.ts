// The history of seats on both stores: days, months and people, and that every number there is agrees.

import { createMetrics } from '#observability/metrics.ts';
import { readScrapedValues } from '#http/metrics-endpoints.ts';
import { readShortageDays } from '#provisioning/seat-alerts.ts';
import type { Organization } from '#directory/organization.ts';
import { seatDayRecords } from '#storage/seat-history-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, type AdminHouse } from './admin-house.ts';

const instant = (date: string, time = '09:00') => Date.parse(`${date}T${time}:00+09:00`);

describeAtDoors('the history of seats', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open(), 3);
  });
  afterEach(() => house.stop());
  const get = async (path: string) => (await house.call('get', `${at}${path}`).expect(200)).body;
  const deactivate = (user: { id: string }, words = {}) =>
    house.call('post', `${at}/users/${user.id}/deactivate`, words).expect(200);
  const pass = async (date: string, time?: string): Promise<void> => {
    house.clock.now = instant(date, time);
    await house.runJobs();
    await house.context.settleEffects();
  };

  const metricsPage = (): Promise<string> => {
    const { storage } = house.context;
    const { now } = house.clock;
    const ahead = (organizations: readonly Organization[]) => readShortageDays(storage, organizations, now);
    const readValues = () => readScrapedValues(storage, () => Promise.resolve(0), now, ahead);
    return createMetrics({ version: '1', readValues }).render();
  };

  test('seat-14: peak and active-in-month are told apart from what is in use now', async () => {
    const [aoki, baba] = [await house.add('aoki'), await house.add('baba')];
    await pass('2027-02-01', '00:00');
    house.clock.now = instant('2027-02-10');
    await house.add('chiba');
    await deactivate(aoki);
    await deactivate(baba);
    await house.add('doi');
    await house.call('post', `${at}/users/${baba.id}/reactivate`, {}).expect(200);
    await deactivate(baba);
    const usage = await get('/seats/usage?month=2027-02');
    expect(usage).toMatchObject({ licensed: 3, billed: 3, peak: 3, activeInMonth: 4, used: 2 });
    expect((await get('/seats')).used).toBe(2);
    await pass('2027-03-05');
    expect(await get('/seats/usage?month=2027-02')).toMatchObject({ ...usage, average: expect.any(Number) });
    expect(await get('/seats/usage?month=2027-03')).toMatchObject({ peak: 2, activeInMonth: 2, used: 2, average: 2 });
    for (const month of ['2027-13', '2027', '', '2027-02-01'])
      await house.call('get', `${at}/seats/usage?month=${month}`).expect(400);
  });

  test('days say what was in use, and added up they say the same', async () => {
    await pass('2027-01-15', '00:00');
    house.clock.now = instant('2027-01-15', '12:00');
    const aoki = await house.add('aoki');
    await house.call('put', `${at}/seats`, { licensed: 5 }).expect(200);
    house.clock.now = instant('2027-01-16', '06:00');
    await house.add('baba');
    await deactivate(aoki);
    house.clock.now = instant('2027-01-17', '12:00');
    const history = await get('/seats/history?from=2027-01-15&to=2027-01-17');
    expect(history.days).toEqual([
      { date: '2027-01-15', licensed: 5, used: 1, peak: 1, average: 0.5, taken: 1, given: 0 },
      { date: '2027-01-16', licensed: 5, used: 1, peak: 2, average: 1, taken: 1, given: 1 },
      { date: '2027-01-17', licensed: 5, used: 1, peak: 1, average: 1, taken: 0, given: 0 },
    ]);
    expect(history).toMatchObject({ peak: 2, average: 0.8, couldDrop: 3 });
    await pass('2027-02-20');
    expect((await get('/seats/history?from=2027-01-15&to=2027-01-16')).days).toEqual(history.days.slice(0, 2));
    expect((await house.context.storage.records(seatDayRecords).list(acme, { limit: 1_000 }, 0)).length).toBe(38);
    const usual = await get('/seats/history');
    expect(usual).toMatchObject({ from: '2026-11-22', to: '2027-02-20' });
    expect(usual.days[0].date).toBe('2027-01-12');
    for (const query of ['from=2027-02-01&to=2027-01-01', 'from=2020-01-01&to=2027-01-01', 'from=2027-02-30', 'to=x'])
      await house.call('get', `${at}/seats/history?${query}`).expect(400);
  });

  test('what is told late of a day that was added up counts there and in all days after it', async () => {
    await house.add('aoki');
    await pass('2027-01-30');
    house.clock.now = instant('2027-01-20');
    await house.add('baba');
    await house.context.settleEffects();
    await pass('2027-01-30');
    const { days } = await get('/seats/history?from=2027-01-19&to=2027-01-30');
    expect(days.map(({ used }: { used: number }) => used)).toEqual([1, ...Array.from({ length: 11 }, () => 2)]);
  });

  test('what could be dropped was used on none of the days, and is not used or reserved now', async () => {
    const aoki = await house.add('aoki');
    await pass('2027-01-20');
    const day = '/seats/history?from=2027-01-15&to=2027-01-15';
    expect(await get(day)).toMatchObject({ peak: 1, couldDrop: 2 });
    await house.add('baba');
    expect(await get(day)).toMatchObject({ peak: 1, couldDrop: 1 });
    await house.call('put', `${at}/seats`, { reserveForReturn: 10 }).expect(200);
    await deactivate(aoki, { type: 'leave', until: '2027-01-25' });
    expect([await get(day), await get('/seats')]).toMatchObject([{ couldDrop: 1 }, { used: 1, reserved: 1 }]);
    expect(await get('/seats/history?from=2026-01-01&to=2026-02-01')).toMatchObject({ days: [], couldDrop: null });
  });

  test('of one person: from when to when, and why', async () => {
    const aoki = await house.add('aoki');
    house.clock.now = instant('2027-01-20');
    await deactivate(aoki, { reason: 'Secondment' });
    house.clock.now = instant('2027-01-25');
    await house.call('post', `${at}/users/${aoki.id}/reactivate`, {}).expect(200);
    const { items } = await get(`/users/${aoki.id}/seats`);
    expect(items).toMatchObject([
      { from: '2027-01-25T00:00:00.000Z', until: null, taken: 'user.reactivated', given: null },
      {
        until: '2027-01-20T00:00:00.000Z',
        taken: 'user.created',
        takenBy: expect.stringContaining('connection:'),
        given: 'user.deactivated: Secondment',
        givenBy: expect.stringContaining('administrator:'),
      },
    ]);
    await house.call('get', `/organizations/other/users/${aoki.id}/seats`, undefined, house.keys.other).expect(404);
    await house.context.provisioning.removeUser(acme, aoki.id, { actor: { kind: 'cli' }, mouth: 'cli' });
    const { items: kept } = await get(`/users/${aoki.id}/seats`);
    expect(kept).toMatchObject([{ until: '2027-01-25T00:00:00.000Z', given: 'user.deleted' }, items[1]]);
    await house.call('get', `${at}/users/019d48ea-2e34-7000-8000-5b8988826a6d/seats`).expect(404);
  });

  test('metrics say in how many days seats run short, as the forecast has it', async () => {
    const shortageDays = async () => {
      const text = await metricsPage();
      return /furlough_seat_shortage_days\{organization="acme"\} (\S+)/.exec(text)?.[1];
    };
    expect(await shortageDays()).toBe('+Inf');
    const aoki = await house.add('aoki');
    await house.call('put', `${at}/seats`, { licensed: 1 }).expect(200);
    await pass('2027-01-20');
    await deactivate(aoki, { type: 'leave', until: '2027-01-30' });
    await house.add('baba');
    await pass('2027-01-20', '10:00');
    expect(await shortageDays()).toBe('10');
    // A day later the number is a day less, whether the forecast was looked at again or not; also at the last hour of that day in its own zone.
    house.clock.now = instant('2027-01-21', '23:59');
    expect(await shortageDays()).toBe('9');
    await pass('2027-01-30');
    expect(await shortageDays()).toBe('0');
    await house.call('put', `${at}/seats`, { licensed: 2 }).expect(200);
    await pass('2027-01-30', '10:00');
    expect(await shortageDays()).toBe('+Inf');
  });

  test('API, history and metrics agree after everything that moves a seat, reserved ones too', async () => {
    const people = [await house.add('aoki'), await house.add('baba'), await house.add('chiba')];
    await house.call('put', `${at}/seats`, { reserveForReturn: 10, licensed: 4 }).expect(200);
    const agree = async () => {
      await house.context.settleEffects();
      const text = await metricsPage();
      const used = Number(/furlough_seats_used\{organization="acme"\} (\d+)/.exec(text)?.[1]);
      const drift = Number(/furlough_seats_drift\{organization="acme"\} (-?\d+)/.exec(text)?.[1]);
      const today = new Date(house.clock.now + 9 * 3_600_000).toISOString().slice(0, 10);
      const [seats, { days }] = [await get('/seats'), await get(`/seats/history?from=${today}`)];
      expect([days.at(-1).used, used, drift, seats.licensed]).toEqual([
        seats.used,
        seats.used,
        0,
        days.at(-1).licensed,
      ]);
      return seats.used;
    };
    expect(await agree()).toBe(3);
    await deactivate(people[0]!, { type: 'leave', until: '2027-03-01' });
    expect(await agree()).toBe(2);
    await pass('2027-02-25');
    expect([await agree(), (await get('/seats')).reserved]).toEqual([2, 1]);
    await pass('2027-03-01');
    expect(await agree()).toBe(3);
    await house.context.provisioning.removeUser(acme, people[1]!.id, {
      actor: { kind: 'cli' },
      mouth: 'cli',
    });
    expect(await agree()).toBe(2);
    await house.add('doi');
    await house.add('endo');
    await house.add('fujita');
    expect(await agree()).toBe(4);
    await deactivate(people[2]!);
    expect(await agree()).toBe(4);
  });
});
