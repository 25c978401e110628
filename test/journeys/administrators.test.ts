// J2, J3, J4, J6 and J11 through the public doors with a hand-set clock: an administrator takes people out and in, plans leaves, hires meanwhile, waits
// for seats, and reduces the contract.

import request from 'supertest';
import { acme, openAdminHouse, type AdminHouse } from '../admin/admin-house.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';

const at = `/organizations/${acme}`;
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const inTokyo = (local: string) => Date.parse(`${local}+09:00`);

describeOnBothStorages('an administrator', (open) => {
  let house: AdminHouse;
  let secret = '';
  const start = async (licensed: number) => {
    house = await openAdminHouse(await open(), licensed);
    await house.call('post', `${at}/connections`, { name: 'okta', provisioning: { kind: 'scim' } }).expect(201);
    const issued = await house.call('post', `${at}/credentials`, { kind: 'scim', connection: 'okta', name: 'Okta' });
    secret = issued.body.secret;
  };
  afterEach(() => house.stop());

  const scim = (method: 'get' | 'post' | 'patch', path: string, body?: object) =>
    request(house.app)
      [method](`/scim/v2${path}`)
      .set('Authorization', `Bearer ${secret}`)
      .set('Content-Type', 'application/scim+json')
      .send(body === undefined ? undefined : JSON.stringify(body));
  const hire = async (name: string) => {
    const { body } = await scim('post', '/Users', { schemas, userName: name, displayName: name, active: true }).expect(
      201,
    );
    return body.id as string;
  };
  const hireMany = async (count: number) => {
    const ids = [];
    for (let n = 0; n < count; n += 1) ids.push(await hire(`person${n}`));
    return ids;
  };
  const user = async (id: string) => (await house.call('get', `${at}/users/${id}`).expect(200)).body;
  const seats = async () => (await house.call('get', `${at}/seats`).expect(200)).body;
  const deactivate = async (id: string, words: object = {}) =>
    (await house.call('post', `${at}/users/${id}/deactivate`, words).expect(200)).body;
  const undo = (change: string) => house.call('post', `${at}/changes/${change}/undo`, {});
  const comes = async (local: string) => {
    house.clock.now = inTokyo(local);
    await house.runJobs();
    await house.context.settleEffects();
  };
  const auditOf = async (id: string) => {
    await house.context.settleEffects();
    const { body } = await house.call('get', `${at}/audit?limit=200`).expect(200);
    return body.items.filter(({ target }: { target: { id: string } }) => target.id === id).toReversed();
  };

  test('J2: out now, and undone: in again, sessions stay ended; the second undo does nothing', async () => {
    await start(10);
    const aoki = await hire('aoki');
    await hireMany(9);
    const stored = await house.context.storage.users.get(acme, aoki as never);
    await house.signIn(stored!);
    await house.signIn(stored!);
    const out = await deactivate(aoki);
    expect(out).toMatchObject({ user: { status: 'inactive' }, seat: 'none', sessionsEnded: 2 });
    expect(await seats()).toMatchObject({ used: 9, licensed: 10, free: 1 });
    expect((await scim('get', `/Users/${aoki}`)).body.active).toBe(false);
    const back = (await undo(out.change).expect(200)).body;
    expect(back).toMatchObject({ user: { status: 'active' }, seat: 'held' });
    expect(await seats()).toMatchObject({ used: 10 });
    const sessions = (await house.call('get', `${at}/users/${aoki}/sessions`).expect(200)).body;
    expect(sessions.items.every(({ endedAt }: { endedAt?: string }) => endedAt !== undefined)).toBe(true);
    expect((await undo(out.change).expect(200)).body.change).toBeNull();
    const trail = (await auditOf(aoki)).map(({ action }: { action: string }) => action);
    expect(trail).toEqual(['user.created', 'user.deactivated', 'user.reactivated']);
    // What others did since stays: a second reason is not lifted by taking the first one back.
    const again = await deactivate(aoki);
    await scim('patch', `/Users/${aoki}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
    expect((await undo(again.change).expect(200)).body.user).toMatchObject({ status: 'inactive' });
    await undo('019d48ea-2e34-7000-8000-5b8988826a6d').expect(404);
  });

  test('J3: planned, begun once on its day, made indefinite; a second one over it is refused; a plan is undone', async () => {
    await start(3);
    const aoki = await hire('aoki');
    const plan = await deactivate(aoki, { from: '2027-02-01', until: '2027-04-01', type: 'parental', note: '育休' });
    expect([plan.user.status, await seats()]).toMatchObject(['scheduled', { used: 1 }]);
    const forecast = async () => (await house.call('get', `${at}/seats/forecast?days=120`).expect(200)).body.steps;
    const kinds = async () =>
      (await forecast()).flatMap(({ events }: { events: { kind: string }[] }) => events.map(({ kind }) => kind));
    expect(await kinds()).toEqual(['starts', 'returns']);
    const meets = { from: '2027-03-01', until: '2027-05-01' };
    const refused = await house.call('post', `${at}/users/${aoki}/leaves`, { type: 'leave', ...meets }).expect(409);
    expect(refused.body).toMatchObject({ code: 'leaveOverlaps', leave: { from: '2027-02-01' } });
    await comes('2027-01-31T23:59:59');
    expect((await user(aoki)).status).toBe('scheduled');
    await comes('2027-02-01T00:00:00');
    await comes('2027-02-01T00:00:10');
    expect([(await user(aoki)).status, await seats()]).toMatchObject(['onLeave', { used: 0 }]);
    const { body } = await house.call('get', `${at}/users/${aoki}/leaves`).expect(200);
    const leave = body.leaves[0].id;
    await house.call('put', `${at}/users/${aoki}/leaves/${leave}`, { until: null }).expect(200);
    expect(await kinds()).toEqual([]);
    const steps = (await auditOf(aoki)).flatMap(({ leaves = [] }: { leaves?: { kind: string }[] }) => leaves);
    expect(steps.filter(({ kind }: { kind: string }) => kind === 'started')).toHaveLength(1);
    const baba = await hire('baba');
    const planned = await deactivate(baba, { from: '2027-03-01' });
    expect((await undo(planned.change).expect(200)).body.user.status).toBe('active');
  });

  test('J4: somebody is hired while another is away, and the day on which one is short is known at once', async () => {
    await start(10);
    const aoki = await hire('aoki');
    await hireMany(9);
    await deactivate(aoki, { until: '2027-04-01', type: 'parental' });
    expect(await seats()).toMatchObject({ used: 9, licensed: 10 });
    await house.call('put', at, { alerts: { shortageDays: 90 } }).expect(200);
    const suzuki = await hire('suzuki');
    expect([(await user(suzuki)).status, await seats()]).toMatchObject(['active', { used: 10, licensed: 10 }]);
    await house.runJobs();
    await house.context.settleEffects();
    const { body } = await house.call('get', `${at}/seats/forecast`).expect(200);
    expect(body.firstShortage).toMatchObject({
      date: '2027-04-01',
      short: 1,
      sentence: 'On 2027-04-01 you are one seat short: aoki returns, 10 of 10 in use.',
    });
    const told = (await house.call('get', `${at}/notices?code=seatShortage`).expect(200)).body.items;
    expect(told.map(({ values }: { values: { date: string; short: string } }) => [values.date, values.short])).toEqual([
      ['2027-04-01', '1'],
    ]);
  });

  test('J6: no seat is free: waiting, first in line, in at once when one is; with `refuse` nothing is stored', async () => {
    await start(10);
    const ito = await hire('ito');
    await deactivate(ito);
    const others = await hireMany(10);
    const reactivate = (id: string, words: object = {}) => house.call('post', `${at}/users/${id}/reactivate`, words);
    const refused = await reactivate(ito, { ifNoSeat: 'refuse' }).expect(409);
    expect(refused.body).toMatchObject({ code: 'noFreeSeat', licensed: 10, used: 10 });
    expect((await user(ito)).status).toBe('inactive');
    const waiting = await reactivate(ito, { ifNoSeat: 'wait' }).expect(200);
    expect(waiting.body.user).toMatchObject({ status: 'waiting', active: false });
    const list = (await house.call('get', `${at}/seats/waiting`).expect(200)).body.items;
    expect(list).toMatchObject([{ place: 1, user: { userName: 'ito' } }]);
    const { body } = await scim('get', `/Users/${ito}`);
    expect(body).toMatchObject({
      active: false,
      'urn:ietf:params:scim:schemas:extension:furlough:2.0:User': { status: 'waiting' },
    });
    await deactivate(others[0]!);
    expect([(await user(ito)).status, await seats()]).toMatchObject(['active', { used: 10, waiting: 0 }]);
  });

  test('J11: a contract reduced below the use: refused today, planned for its day; then nobody is cut off and nobody new gets in', async () => {
    await start(10);
    const people = await hireMany(9);
    const refused = await house.call('put', `${at}/seats`, { licensed: 7 }).expect(409);
    expect(refused.body).toMatchObject({ code: 'belowUse', over: 2 });
    await deactivate(people[0]!, { type: 'left', from: '2027-03-31' });
    const rows = [
      { from: '2027-01-01', licensed: 10 },
      { from: '2027-04-01', licensed: 7 },
    ];
    await house.call('put', `${at}/seats/contract`, { rows }).expect(200);
    const { steps, firstShortage } = (await house.call('get', `${at}/seats/forecast`).expect(200)).body;
    expect(steps.at(-1)).toMatchObject({ date: '2027-04-01', licensed: 7, needed: 8, short: 1 });
    expect(firstShortage).toMatchObject({ date: '2027-04-01', short: 1 });
    await comes('2027-04-01T00:00:00');
    expect(await seats()).toMatchObject({ licensed: 7, billed: 7, used: 8, free: -1 });
    const told = (await house.call('get', `${at}/notices?code=contractBelowUse`).expect(200)).body.items;
    expect(told).toHaveLength(1);
    expect(told[0].text).toMatch(/^From today on 7 seats are licensed, and 8 are in use or reserved\./);
    expect((await user(await hire('late'))).status).toBe('waiting');
    expect((await user(people[1]!)).status).toBe('active');
    await deactivate(people[1]!);
    expect(await seats()).toMatchObject({ used: 7, free: 0, waiting: 1 });
    await deactivate(people[2]!);
    expect(await seats()).toMatchObject({ used: 7, free: 0, waiting: 0 });
  });

  test('J11: a reduction that the departures of its day make room for alarms nobody, and after a downtime each day has its order', async () => {
    await start(5);
    const people = await hireMany(4);
    await deactivate(people[0]!, { type: 'left', from: '2027-04-01' });
    await deactivate(people[1]!, { type: 'left', from: '2027-03-28' });
    const late = await hire('late');
    const last = await hire('last');
    expect([(await user(late)).status, (await user(last)).status]).toEqual(['active', 'waiting']);
    const rows = [
      { from: '2027-01-01', licensed: 5 },
      { from: '2027-04-01', licensed: 4 },
    ];
    await house.call('put', `${at}/seats/contract`, { rows }).expect(200);
    // Nobody was there from the 28th on: the seat of that day is passed on before the row of the 1st takes effect.
    await comes('2027-04-05T09:00:00');
    expect([(await user(last)).status, await seats()]).toMatchObject(['active', { licensed: 4, used: 4, waiting: 0 }]);
    expect((await house.call('get', `${at}/notices?code=contractBelowUse`).expect(200)).body.items).toEqual([]);
  });
});
