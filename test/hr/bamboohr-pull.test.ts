// Fetching from BambooHR against its documented shapes: what becomes of people, what is asked for the second time, and what goes wrong out there.

import nock from 'nock';
import { noticeRecords } from '#notices/notice-records.ts';
import { hrPullId, hrPullRecords } from '#storage/hr-pull-records.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { acme } from '../admin/admin-house.ts';
import { describeAtDoors, describeOnBothStorages, type OpenStorage } from '../harness/both-storages.ts';
import { playBamboo, type FakeBamboo } from './fake-bamboohr.ts';
import { connections, openPullHouse, pulling, type PullHouse } from './pull-house.ts';
import { reachNothingOutside } from './nothing-outside.ts';

let house: PullHouse;
let bamboo: FakeBamboo;

async function open(openStorage: OpenStorage, parts?: object): Promise<void> {
  house = await openPullHouse(await openStorage(), parts);
}

reachNothingOutside();
beforeEach(() => {
  bamboo = playBamboo();
});
afterEach(async () => {
  nock.cleanAll();
  await house.stop();
});

const active = (id: string, more: object = {}) => ({
  id,
  employeeNumber: `n${id}`,
  status: 'Active' as const,
  ...more,
});
const gone = (id: string, more: object = {}) => ({ ...active(id, more), status: 'Inactive' as const });
const off = (id: string, employeeId: string, start: string, end: string, status = 'approved') => ({
  id,
  employeeId,
  start,
  end,
  status,
});
const pass = (minutes: number): void => void (house.clock.now += minutes * 60_000);

describeAtDoors('fetching from BambooHR', (openStorage) => {
  test('statuses and chosen time off become holds and leaves; the last day off becomes the first day back', async () => {
    await open(openStorage);
    const [stays, left, away, leaves, later] = await Promise.all(['n1', 'n2', 'n3', 'n4', 'n5'].map(house.hire));
    bamboo.employees = [
      active('1', { hireDate: '2020-04-01', terminationDate: '0000-00-00' }),
      gone('2', { terminationDate: '2027-01-10' }),
      active('3'),
      active('4', { terminationDate: '2027-03-31' }),
      active('5', { hireDate: '2027-02-01' }),
      active('6'),
    ];
    bamboo.timeOff = [
      off('11', '3', '2027-01-12', '2027-03-31'),
      { ...off('12', '1', '2027-02-01', '2027-02-05'), type: { id: '1', name: 'Vacation' } },
      { ...off('13', '4', '2027-02-01', '2027-03-02'), type: { id: '1', name: 'Vacation' } },
      off('14', '1', '2027-06-01', '2027-08-31', 'requested'),
      off('15', '2', '2027-02-01', '2027-08-31'),
    ];
    const report = await house.pull();
    expect(report).toMatchObject({ outcome: 'done', counts: { read: 9, changed: 5, failed: 0, unknown: 1 } });
    expect((await house.user(stays!)).leaves ?? []).toEqual([]);
    expect(await house.user(left!)).toMatchObject({ active: false, holds: [{ kind: 'hr', source: 'bamboo' }] });
    expect(await house.user(away!)).toMatchObject({
      active: false,
      leaves: [{ type: 'parental', from: '2027-01-15', until: '2027-04-01', source: 'bamboo' }],
    });
    expect((await house.user(leaves!)).leaves).toMatchObject([
      { type: 'leave', from: '2027-02-01', until: '2027-03-03' },
      { type: 'left', from: '2027-04-01' },
    ]);
    expect(await house.user(later!)).toMatchObject({ active: false, leaves: [{ type: 'start', until: '2027-02-01' }] });
    expect([...bamboo.authorizations]).toEqual([`Basic ${Buffer.from('planted-api-key:x').toString('base64')}`]);
  });

  test('the second run asks only for what has changed, and once a day for everything', async () => {
    await open(openStorage);
    await house.hire('n1');
    bamboo.employees = [active('1', { changedAt: '2027-01-01T00:00:00Z' })];
    await house.pull();
    expect((await house.state())['cursor']).toEqual({ since: '2027-01-15T02:55:00.000Z', position: null });
    bamboo.asked.length = 0;
    pass(60);
    expect(await house.pull()).toMatchObject({ counts: { read: 0 } });
    expect(bamboo.asked.filter((path) => path.includes('/employees'))).toEqual([
      '/api/v1/employees/changed?since=2027-01-15T02:55:00Z',
    ]);
    bamboo.asked.length = 0;
    pass(24 * 60);
    await house.pull();
    expect(bamboo.asked.filter((path) => path.startsWith('/api/v1/employees?'))).toHaveLength(1);
  });

  test('an answer without employees, or one that lacks people, terminates nobody', async () => {
    await open(openStorage);
    const [first, second] = await Promise.all(['n1', 'n2'].map(house.hire));
    bamboo.employees = [active('1'), active('2')];
    bamboo.timeOff = [off('11', '1', '2027-01-12', '2027-03-31')];
    await house.pull();
    bamboo.employees = [];
    bamboo.timeOff = [];
    pass(25 * 60);
    expect(await house.pull()).toMatchObject({ outcome: 'done', counts: { changed: 0 } });
    expect((await house.user(first!)).leaves).toMatchObject([{ state: 'running' }]);
    expect((await house.user(second!)).active).toBe(true);
  });

  test('time off that is taken back ends its leave, and one that is changed keeps people out without a gap', async () => {
    await open(openStorage);
    const [running, planned, moved, left] = await Promise.all(['n1', 'n2', 'n3', 'n4'].map(house.hire));
    bamboo.employees = [active('1'), active('2'), active('3'), active('4')];
    bamboo.timeOff = [
      off('11', '1', '2027-01-12', '2027-03-31'),
      off('12', '2', '2027-02-12', '2027-03-31'),
      off('13', '3', '2027-01-12', '2027-03-31'),
      off('14', '4', '2027-01-12', '2027-03-31'),
    ];
    await house.pull();
    const epoch = (await house.user(moved!)).epoch;
    pass(60);
    bamboo.employees[3] = gone('4', { changedAt: '2027-01-15T03:30:00Z' });
    await house.pull();
    expect(await house.user(left!)).toMatchObject({ holds: [{ kind: 'hr' }] });
    pass(60);
    bamboo.timeOff = [
      off('11', '1', '2027-01-12', '2027-03-31', 'canceled'),
      off('12', '2', '2027-02-12', '2027-03-31', 'canceled'),
      off('13', '3', '2027-01-12', '2027-03-31', 'superceded'),
      off('14', '4', '2027-01-12', '2027-03-31', 'canceled'),
      off('15', '3', '2027-01-12', '2027-04-30'),
    ];
    await house.pull();
    expect(await house.user(running!)).toMatchObject({ active: true, leaves: [{ state: 'ended' }] });
    expect((await house.user(planned!)).leaves).toMatchObject([{ state: 'cancelled' }]);
    const longer = await house.user(moved!);
    expect(longer).toMatchObject({ active: false, epoch, leaves: [{ state: 'running', until: '2027-05-01' }] });
    // Who has left is not let in because their time off was taken back.
    expect((await house.user(left!)).active).toBe(false);
  });

  test('who has left and is employed again comes back; a termination that is withdrawn is planned no more', async () => {
    await open(openStorage);
    const [back, stays] = await Promise.all(['n1', 'n2'].map(house.hire));
    bamboo.employees = [gone('1'), active('2', { terminationDate: '2027-03-31' })];
    await house.pull();
    pass(60);
    const changedAt = '2027-01-15T03:30:00Z';
    bamboo.employees = [active('1', { changedAt }), active('2', { changedAt })];
    expect(await house.pull()).toMatchObject({ counts: { changed: 2 } });
    expect((await house.user(back!)).active).toBe(true);
    expect((await house.user(stays!)).leaves).toMatchObject([{ state: 'cancelled' }]);
  });

  test('the day after the last day, a status that is still Active lets nobody back in; a later hire date does', async () => {
    await open(openStorage);
    const leaver = await house.hire('n1');
    bamboo.employees = [active('1', { hireDate: '2020-04-01', terminationDate: '2027-01-14' })];
    await house.pull();
    expect(await house.user(leaver)).toMatchObject({ active: true });
    bamboo.employees = [gone('1', { hireDate: '2020-04-01', terminationDate: '2027-01-14' })];
    pass(25 * 60);
    await house.pull();
    bamboo.employees = [active('1', { hireDate: '2020-04-01', terminationDate: '2027-01-14' })];
    bamboo.timeOff = [off('11', '1', '2027-01-10', '2027-03-31')];
    pass(25 * 60);
    expect(await house.pull()).toMatchObject({ counts: { changed: 0 } });
    expect(await house.user(leaver)).toMatchObject({ active: false, holds: [{ kind: 'hr' }] });
    bamboo.employees = [active('1', { hireDate: '2027-01-16', terminationDate: '2027-01-14' })];
    bamboo.timeOff = [];
    pass(25 * 60);
    await house.pull();
    expect(await house.user(leaver)).toMatchObject({ active: true });
  });

  test('who is to begin and to leave again is kept out until they begin', async () => {
    await open(openStorage);
    const temporary = await house.hire('n1');
    bamboo.employees = [active('1', { hireDate: '2027-02-01', terminationDate: '2027-05-31' })];
    await house.pull();
    expect(await house.user(temporary)).toMatchObject({ active: false, leaves: [{ type: 'start' }] });
    pass(25 * 60);
    await house.pull();
    expect(await house.user(temporary)).toMatchObject({
      active: false,
      leaves: [
        { type: 'start', until: '2027-02-01' },
        { type: 'left', from: '2027-06-01' },
      ],
    });
  });

  test('one employee without a number stops nobody; a key that may read none is a failure', async () => {
    await open(openStorage);
    const user = await house.hire('n2');
    bamboo.employees = [active('1'), active('2')];
    await house.pull();
    const changedAt = '2027-01-15T03:30:00Z';
    pass(60);
    bamboo.employees = [active('1', { employeeNumber: null, changedAt }), active('2')];
    expect(await house.pull()).toMatchObject({ outcome: 'done', counts: { read: 1 } });
    bamboo.pageSize = 1;
    bamboo.employees = [gone('2'), active('1', { employeeNumber: null })];
    pass(25 * 60);
    expect(await house.pull()).toMatchObject({ outcome: 'done', counts: { changed: 1 } });
    expect(await house.user(user)).toMatchObject({ active: false });
    const number = { employeeNumber: null, restricted: ['employeeNumber'] };
    bamboo.employees = [active('1', { ...number, changedAt: '2027-01-16T05:00:00Z' })];
    pass(60);
    expect(await house.pull()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('employeeNumber') });
  });

  test('a dry run answers every outcome and stores nothing', async () => {
    await open(openStorage);
    const user = await house.hire('n1');
    bamboo.employees = [gone('1')];
    const report = await house.pull('?dryRun=true');
    expect(report).toMatchObject({
      dryRun: true,
      outcome: 'done',
      results: [{ outcome: 'changed', user: { userName: 'usern1', status: 'inactive' } }],
    });
    expect(await house.user(user)).toEqual(user);
    expect(await house.state()).toMatchObject({ last: null, nextAt: null, running: false });
  });

  test.each([
    ['429 with seconds', [429, '', { 'Retry-After': '120' }], '2027-01-15T03:02:00.000Z'],
    ['503 with a date', [503, '', { 'Retry-After': 'Fri, 15 Jan 2027 03:05:00 GMT' }], '2027-01-15T03:05:00.000Z'],
    ['429 with nothing', [429, ''], '2027-01-15T03:01:00.000Z'],
  ] as const)('%s is obeyed and goes on where it was', async (_name, answer, nextAt) => {
    await open(openStorage);
    const users = await Promise.all(['n1', 'n2', 'n3'].map(house.hire));
    bamboo.employees = [gone('1'), gone('2'), gone('3')];
    bamboo.pageSize = 2;
    bamboo.trouble = (path) => (path.includes('page[after]') ? [...answer] : null);
    expect(await house.pull()).toMatchObject({ outcome: 'limited', counts: { changed: 2 } });
    expect(await house.state()).toMatchObject({ nextAt, running: true, cursor: { position: 'all:2' }, failing: null });
    await house.runJobs();
    expect(await house.user(users[2]!)).toMatchObject({ active: true });
    bamboo.trouble = () => null;
    bamboo.asked.length = 0;
    house.clock.now = Date.parse(nextAt);
    await house.runJobs();
    expect((await house.user(users[2]!)).active).toBe(false);
    expect(bamboo.asked).toHaveLength(1);
    expect(await house.state()).toMatchObject({ running: false, last: { outcome: 'done', counts: { changed: 3 } } });
  });

  test('failures wait longer each time, and are told once for all of them', async () => {
    await open(openStorage);
    bamboo.trouble = () => [500, 'oops planted-api-key'];
    const waits: number[] = [];
    for (let tries = 0; tries < 5; tries += 1) {
      await house.runJobs();
      const { nextAt, last } = await house.state();
      expect(last).toMatchObject({ outcome: 'failed', error: 'acme.bamboohr.com answered 500.' });
      waits.push((Date.parse(nextAt as string) - house.clock.now) / 60_000);
      house.clock.now = Date.parse(nextAt as string);
    }
    expect(waits).toEqual([2, 4, 8, 16, 32]);
    expect(await notices()).toMatchObject([
      {
        code: 'hrPullFailing',
        roles: ['owner', 'administrator'],
        values: { connection: 'Bamboo', date: '2027-01-15' },
      },
    ]);
    bamboo.trouble = () => null;
    await house.runJobs();
    expect(await house.state()).toMatchObject({ failing: null, last: { outcome: 'done' } });
    await house.context.provisioningLog.flush();
    const log = await house.call('get', `/organizations/${acme}/provisioning-log?connection=bamboo`);
    expect(log.body.items).toHaveLength(5);
    expect(log.body.items[0]).toMatchObject({ outcome: 'failure', why: ['acme.bamboohr.com answered 500.'] });
    expect(house.lines.join('\n')).not.toContain('planted-api-key');
  });

  test('a refused key is told at once', async () => {
    await open(openStorage);
    bamboo.trouble = () => [401, ''];
    await house.runJobs();
    expect(await notices()).toHaveLength(1);
  });

  test.each([
    ['what is no JSON', '<html>'],
    ['another shape', '{"data": {"1": {}}}'],
    ['an employee without an id', '{"data": [{"status": "Inactive"}]}'],
    ['fields that the key may not read', '{"data": [{"employeeId": 1, "employeeNumber": null, "status": null}]}'],
    ['depth', '['.repeat(100_000)],
    ['an unknown status', '{"data": [{"employeeId": 1, "employeeNumber": "n1", "status": "Gone"}]}'],
  ])('%s changes nobody', async (_name, body) => {
    await open(openStorage, { pull: { ...pulling, timeOff: undefined } });
    const user = await house.hire('n1');
    bamboo.trouble = () => [200, body];
    await house.pull();
    expect(await house.user(user)).toEqual(user);
  });

  test('a redirect to another host is not followed', async () => {
    await open(openStorage);
    bamboo.trouble = () => [302, '', { Location: 'https://evil.example.com/' }];
    expect(await house.pull()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('evil.example.com') });
  });

  test('what the brake holds is read again until somebody has decided', async () => {
    await open(openStorage, { pull: pulling, brake: { mode: 'hold', atMost: 1, perMinutes: 60 } });
    const users = await Promise.all(['n1', 'n2', 'n3'].map(house.hire));
    bamboo.employees = [gone('1'), gone('2'), gone('3')];
    const held = await house.pull();
    expect(held).toMatchObject({ outcome: 'done', counts: { changed: 1, failed: 2 } });
    expect(held['results'].map(({ code }: { code?: string }) => code).toSorted()).toEqual([
      'brakeHolds',
      'brakeHolds',
      undefined,
    ]);
    expect(held['results'].map(({ index }: { index: number }) => index)).toEqual([0, 1, 2]);
    expect(held['batches']).toHaveLength(1);
    const decided = await house.call('post', `${connections}/bamboo/brake`, { decision: 'release' });
    expect(decided.body).toMatchObject({ brake: { state: 'released' }, change: expect.any(String) });
    pass(60 - 1);
    expect(await house.pull()).toMatchObject({ counts: { changed: 2, failed: 0 } });
    expect(await Promise.all(users.map(async (user) => (await house.user(user)).active))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describeOnBothStorages('a run that fetches', (openStorage) => {
  test('is one of many that are asked for at once; after a crash another goes on; one that slept writes nothing', async () => {
    await open(openStorage);
    const users = await Promise.all(['n1', 'n2', 'n3'].map(house.hire));
    bamboo.employees = [gone('1'), gone('2'), gone('3')];
    bamboo.pageSize = 1;
    const { storage } = house.context;
    const records = storage.records(hrPullRecords);
    const id = hrPullId(acme, 'bamboo' as ConnectionId);
    const asked = await Promise.all(
      [1, 2, 3].map(() => house.call('post', `${connections}/bamboo/pull`).then(({ status }) => status)),
    );
    expect(asked.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(asked.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    const done = await records.get(id, house.clock.now);
    expect(done?.value).toMatchObject({ last: { outcome: 'done' } });

    // A node that has died behind the first of three pages.
    const { since: _since, fullAt: _full, last: _last, ...rest } = done!.value;
    const run = { startedAt: house.clock.now, isFull: true, isHeld: false, counts: done!.value.last!.counts };
    await records.replace({ ...done!, value: { ...rest, nextAt: 0, run: { ...run, position: 'all:1' } } });
    bamboo.asked.length = 0;
    await house.runJobs();
    expect(bamboo.asked.map((path) => /page\[after\]=(\d)/.exec(path)?.[1])).toEqual(['1', '2']);
    expect(await Promise.all(users.map(async (user) => (await house.user(user)).active))).toEqual([
      false,
      false,
      false,
    ]);

    // A node that sleeps in the middle of its run, while another does all of it.
    const before = await records.get(id, house.clock.now);
    let hasSlept = false;
    bamboo.trouble = () => {
      if (!hasSlept) {
        hasSlept = true;
        void records.replace({ ...before!, revision: before!.revision + 1, value: { ...before!.value, fence: 1_000 } });
      }
      return null;
    };
    pass(120);
    const slept = await house.call('post', `${connections}/bamboo/pull`);
    expect(slept.status).toBe(409);
    expect((await records.get(id, house.clock.now))?.value).toMatchObject({
      fence: 1_000,
      nextAt: before!.value.nextAt,
    });
  });
});

async function notices(): Promise<readonly object[]> {
  await house.context.settleEffects();
  const listed = await house.context.storage.records(noticeRecords).list(acme, { limit: 10 }, house.clock.now);
  return listed.map(({ value }) => value);
}
