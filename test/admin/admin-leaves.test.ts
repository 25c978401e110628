// Leaves through the admin API with a hand-set clock (J3, J5): planned, begun and ended by the schedule, shown everywhere; L01 for the schedule's mouth.

import request from 'supertest';
import { resumeSession } from '#gate/sessions/resume-session.ts';
import { openSession } from '#gate/sessions/session.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, type AdminHouse } from './admin-house.ts';

const midnight = (date: string) => Date.parse(`${date}T00:00:00+09:00`);

describeAtDoors('leaves for administrators', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open());
  });
  afterEach(() => house.stop());

  const enter = ({ id, epoch }: User): Promise<string> =>
    openSession(house.context.gate, { organizationId: acme, userId: id, epoch, connection: 'okta' as ConnectionId });
  const stateOf = async (token: string) => (await resumeSession(house.context.gate, token)).kind;
  const pass = async (date: string): Promise<void> => {
    house.clock.now = midnight(date);
    await house.runJobs();
    await house.context.settleEffects();
  };
  const show = async ({ id }: User) => (await house.call('get', `${at}/users/${id}`).expect(200)).body;
  const february = { from: '2027-02-01', until: '2027-04-01' };

  test('L01 a leave that begins by the schedule closes the doors, and its end opens them for a new sign-in only', async () => {
    const aoki = await house.add('aoki');
    const planned = await house
      .call('post', `${at}/users/${aoki.id}/leaves`, { type: 'parental', ...february, note: '育休' })
      .expect(201);
    expect(planned.body).toMatchObject({
      leave: { state: 'planned', type: 'parental', startsAt: '2027-01-31T15:00:00.000Z', note: '育休' },
      user: { status: 'scheduled', active: true, seat: 'held' },
      sessionsEnded: 0,
    });
    const token = await enter(aoki);
    expect(await stateOf(token)).toBe('signedIn');
    await pass('2027-02-01');
    expect(await stateOf(token)).not.toBe('signedIn');
    expect(await show(aoki)).toMatchObject({
      status: 'onLeave',
      active: false,
      seat: 'none',
      leave: { state: 'running', until: '2027-04-01' },
      holds: [{ kind: 'leave', until: '2027-03-31T15:00:00.000Z' }],
    });
    const { body: seats } = await house.call('get', `${at}/seats`).expect(200);
    expect(seats).toMatchObject({ used: 0, onLeave: 1 });
    const { body: why } = await house.call('get', `${at}/users/${aoki.id}/why`).expect(200);
    expect(JSON.stringify(why)).toContain('onLeave');
    await pass('2027-04-01');
    const { text: page } = await request(house.app).get('/metrics').expect(200);
    expect(page).toContain('furlough_leave_transitions_total{kind="started",outcome="done"} 1');
    expect(page).toContain('furlough_leave_transitions_total{kind="returned",outcome="done"} 1');
    expect(page).toContain('furlough_leave_transition_lag_seconds_count 2');
    expect(page).toMatch(/^furlough_leave_overdue 0$/m);
    const back = await show(aoki);
    expect([back.status, back.leave, await stateOf(token)]).toEqual(['active', undefined, 'nobody']);
    expect(await stateOf(await enter(await readUser(aoki)))).toBe('signedIn');
  });

  const readUser = async ({ id }: User): Promise<User> => {
    const user = await house.context.storage.users.get(acme, id);
    if (user === null) throw new Error('no user');
    return user;
  };

  test('deactivate with a period is a leave; one for security has none', async () => {
    const aoki = await house.add('aoki');
    const off = `${at}/users/${aoki.id}/deactivate`;
    const { body } = await house.call('post', off, { ...february, reason: 'Leave' }).expect(200);
    expect(body.user).toMatchObject({ status: 'scheduled', leave: { from: '2027-02-01' } });
    const now = await house.call('post', off, { until: '2027-01-20' }).expect(200);
    expect(now.body.user).toMatchObject({ status: 'onLeave', holds: [{ kind: 'leave' }] });
    const refused = await house.call('post', off, { until: '2027-01-20', reason: 'security' }).expect(400);
    expect(refused.body.code).toBe('invalidValue');
  });

  test('lists: a person’s with the past ones, the organisation’s with the open ones, page by page', async () => {
    const people = [await house.add('aoki'), await house.add('baba'), await house.add('chiba')];
    for (const { id } of people) await house.call('post', `${at}/leaves`, { user: id, ...february }).expect(201);
    const [aoki] = people as [User, ...User[]];
    const { body: own } = await house.call('get', `${at}/users/${aoki.id}/leaves`).expect(200);
    const cancelled = await house.call('post', `${at}/users/${aoki.id}/leaves/${own.leaves[0].id}/end`).expect(200);
    expect(cancelled.body).toMatchObject({ leave: { state: 'cancelled' }, user: { status: 'active' } });
    const { body: after } = await house.call('get', `${at}/users/${aoki.id}/leaves`).expect(200);
    expect(after.leaves).toMatchObject([{ state: 'cancelled' }]);
    const first = await house.call('get', `${at}/leaves?limit=1`).expect(200);
    expect(first.body.items).toMatchObject([{ user: { userName: 'baba' }, leave: { state: 'planned' } }]);
    const second = await house.call('get', `${at}/leaves?limit=1&cursor=${first.body.next}`).expect(200);
    expect([second.body.items[0].user.userName, second.body.next]).toEqual(['chiba', null]);
  });

  test('changes, and what is refused', async () => {
    const aoki = await house.add('aoki');
    const leaves = `${at}/users/${aoki.id}/leaves`;
    const { body } = await house.call('post', leaves, february).expect(201);
    const one = `${leaves}/${body.leave.id}`;
    const { body: changed } = await house.call('put', one, { until: null, seat: 'keep' }).expect(200);
    expect([changed.leave.until, changed.leave.seat, changed.leave.from]).toEqual([undefined, 'keep', '2027-02-01']);
    const overlap = await house.call('post', leaves, { from: '2027-03-01', until: '2027-03-02' }).expect(409);
    expect(overlap.body).toMatchObject({ code: 'leaveOverlaps', leave: { id: body.leave.id } });
    for (const wrong of [
      { from: '2027-02-30' },
      { from: 'soon' },
      { from: '2027-03-01', until: '2027-03-01' },
      { type: 'holiday' },
      { returnHour: 24 },
      { seat: 'sell' },
      { from: 5 },
    ])
      expect([wrong, (await house.call('post', leaves, wrong)).status]).toEqual([wrong, 400]);
    await house.call('put', `${leaves}/unknown`, { until: null }).expect(404);
    await house.call('post', `${at}/leaves`, { user: 'unknown', ...february }).expect(404);
    const stranger = await house.call('get', leaves, undefined, house.keys.other).expect(404);
    expect(stranger.body.code).toBe('organizationNotFound');
    await house.call('post', leaves, february, house.keys.acmeRead).expect(403);
    await pass('2027-02-01');
    const ended = await house.call('post', `${one}/end`).expect(200);
    expect(ended.body).toMatchObject({ leave: { state: 'ended' }, user: { status: 'active' } });
    expect((await house.call('post', `${one}/end`).expect(409)).body.code).toBe('leaveOver');
  });

  test('the forecast names the day on which somebody comes back to no seat, also on the command line’s own operation', async () => {
    await house.stop();
    house = await openAdminHouse(await open(), 2);
    const [aoki, baba] = [await house.add('aoki'), await house.add('baba')];
    await house.call('post', `${at}/users/${aoki.id}/leaves`, february).expect(201);
    await house.call('post', `${at}/users/${baba.id}/leaves`, { from: '2027-03-01', until: '2028-03-01' }).expect(201);
    const forecast = async (days = 90) =>
      (await house.call('get', `${at}/seats/forecast?days=${days}`).expect(200)).body;
    const steps = async () =>
      ((await forecast()).steps as { date: string; needed: number; free: number }[]).map(({ date, needed, free }) => [
        date,
        needed,
        free,
      ]);
    expect(await steps()).toEqual([
      ['2027-01-12', 2, 0],
      ['2027-02-01', 1, 1],
      ['2027-03-01', 0, 2],
      ['2027-04-01', 1, 1],
    ]);
    expect((await forecast()).firstShortage).toBeNull();
    await pass('2027-02-01');
    await house.add('suzuki');
    await pass('2027-03-01');
    await house.add('tanaka');
    expect((await forecast()).firstShortage).toEqual({
      date: '2027-04-01',
      short: 1,
      sentence: 'On 2027-04-01 you are one seat short: Display aoki returns, 2 of 2 in use.',
    });
    expect((await forecast(500)).steps.at(-1)).toMatchObject({ date: '2028-03-01', needed: 4, short: 2 });
    await house.call('get', `${at}/seats/forecast?days=0`).expect(400);
  });

  test('each step is in the audit trail, with who and why', async () => {
    const aoki = await house.add('aoki');
    await house.call('post', `${at}/users/${aoki.id}/leaves`, february).expect(201);
    await pass('2027-02-01');
    await pass('2027-04-01');
    const { body } = await house.call('get', `${at}/audit?limit=200`).expect(200);
    const told = (body.items as { action: string; actor: string; mouth: string; target: { id: string } }[])
      .filter(({ target }) => target.id === aoki.id)
      .map(({ action, actor, mouth }) => [action, actor.split(':')[0], mouth]);
    expect(told.toReversed().slice(0, 4)).toEqual([
      ['user.created', 'connection', 'scimPost'],
      ['user.scheduled', 'administrator', 'adminApi'],
      ['user.deactivated', 'system', 'schedule'],
      ['user.reactivated', 'system', 'schedule'],
    ]);
  });
});
