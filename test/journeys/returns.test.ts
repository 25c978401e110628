// J5, J7 and J10 through the public doors with a hand-set clock: people come back by themselves, late after a downtime; a return without a seat is
// announced and then told of; and an identity provider that says otherwise is seen.

import request from 'supertest';
import { acme, openAdminHouse, type AdminHouse } from '../admin/admin-house.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { isFull } from '../harness/test-scale.ts';
import { startMailServer, type MailServer } from '../notices/mail-server.ts';

const licensed = 4;
const at = `/organizations/${acme}`;
const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const inTokyo = (local: string) => Date.parse(`${local}+09:00`);

interface Told {
  readonly code: string;
  readonly values: Readonly<Record<string, string>>;
}

describeOnBothStorages('people who return', (open, kind) => {
  let house: AdminHouse;
  let mail: MailServer;
  let secret = '';
  beforeEach(async () => {
    mail = await startMailServer();
    house = await openAdminHouse(await open(), licensed, {
      FURLOUGH_MAIL_URL: mail.url,
      FURLOUGH_MAIL_FROM: 'furlough@example.com',
    });
    const okta = { name: 'okta', provisioning: { kind: 'scim' } };
    await house.call('post', `${at}/connections`, okta).expect(201);
    const issued = await house.call('post', `${at}/credentials`, { kind: 'scim', connection: 'okta', name: 'Okta' });
    secret = issued.body.secret;
  });
  afterEach(async () => {
    await house.stop();
    await mail.close();
  });

  const scim = (method: 'get' | 'post' | 'patch', path: string, body?: object) =>
    request(house.app)
      [method](`/scim/v2${path}`)
      .set('Authorization', `Bearer ${secret}`)
      .set('Content-Type', 'application/scim+json')
      .send(body === undefined ? undefined : JSON.stringify(body));
  const hire = async (name: string, roles: readonly string[] = []): Promise<string> => {
    const emails = [{ value: `${name}@example.com`, type: 'work' }];
    const resource = { schemas: [userSchema], userName: name, displayName: name, active: true, emails };
    const { body } = await scim('post', '/Users', resource).expect(201);
    if (roles.length > 0) await house.call('put', `${at}/users/${body.id}/roles`, { roles }).expect(200);
    return body.id;
  };
  const hireMany = async (count: number) => {
    for (let n = 1; n <= count; n += 1) await hire(`person${n}`);
  };
  const goOnLeave = (id: string, words: object) =>
    house.call('post', `${at}/users/${id}/leaves`, { type: 'parental', ...words }).expect(201);
  /** The clock stands there, and whatever comes back by it has run. */
  const comes = async (instant: number) => {
    house.clock.now = instant;
    await house.runJobs();
  };
  const statusOf = async (id: string) => (await house.call('get', `${at}/users/${id}`)).body.status;
  const seats = async () => {
    const { used, licensed, waiting } = (await house.call('get', `${at}/seats`)).body;
    return [used, licensed, waiting];
  };
  const toldSince = async (before: readonly string[] = []): Promise<readonly Told[]> => {
    const { body } = await house.call('get', `${at}/notices?limit=200`);
    return body.items.filter(({ id }: { id: string }) => !before.includes(id)).toReversed();
  };
  const announced = async () =>
    (await toldSince())
      .filter(({ code }) => code === 'returnWithoutSeat')
      .map(({ values: { name, days } }) => `${name} ${days}`);
  const stepsOf = async (id: string): Promise<readonly { kind: string; lateBySeconds?: number }[]> => {
    const { body } = await house.call('get', `${at}/audit?limit=200`);
    return body.items
      .filter(({ target }: { target: { id: string } }) => target.id === id)
      .toReversed()
      .flatMap(({ leaves = [] }: { leaves?: readonly object[] }) => leaves);
  };

  test('J5: in again by themselves at midnight, once; the audit trail says so', async () => {
    const aoki = await hire('aoki');
    await hireMany(3);
    await goOnLeave(aoki, { from: '2027-02-01', until: '2027-04-01' });
    await comes(inTokyo('2027-02-01T00:00:00'));
    expect([await statusOf(aoki), await seats()]).toEqual(['onLeave', [3, 4, 0]]);
    await comes(inTokyo('2027-04-01T00:00:00') - 1);
    expect(await statusOf(aoki)).toBe('onLeave');
    await comes(inTokyo('2027-04-01T00:00:00'));
    expect([await statusOf(aoki), await seats()]).toEqual(['active', [4, 4, 0]]);
    expect((await scim('get', `/Users/${aoki}`)).body.active).toBe(true);
    await comes(inTokyo('2027-04-01T00:01:00'));
    const steps = await stepsOf(aoki);
    expect(steps.map(({ kind }) => kind)).toEqual(['scheduled', 'started', 'returned']);
    expect(steps.every(({ lateBySeconds }) => lateBySeconds === undefined)).toBe(true);
  });

  test('J7: announced 14, 7 and 1 days before, then waiting, told and mailed; in again with one seat more', async () => {
    const aoki = await hire('aoki');
    await hire('billing', ['billing']);
    await hire('admin', ['administrator']);
    await hire('auditor', ['auditor']);
    await goOnLeave(aoki, { from: '2027-02-01', until: '2027-04-01' });
    await comes(inTokyo('2027-02-01T00:00:00'));
    await hire('suzuki');
    await comes(inTokyo('2027-03-17T23:59:00'));
    expect(await announced()).toEqual([]);
    for (const [date, soFar] of [
      ['2027-03-18', ['aoki 14']],
      ['2027-03-24', ['aoki 14']],
      ['2027-03-25', ['aoki 14', 'aoki 7']],
      ['2027-03-31', ['aoki 14', 'aoki 7', 'aoki 1']],
    ] as const) {
      await comes(inTokyo(`${date}T00:05:00`));
      expect(await announced()).toEqual(soFar);
    }
    await comes(inTokyo('2027-04-01T00:00:00'));
    expect([await statusOf(aoki), await seats()]).toEqual(['waiting', [4, 4, 1]]);
    const told = await toldSince();
    expect(told.filter(({ code }) => code === 'leaveReturnBlocked')).toHaveLength(1);
    expect(
      told.filter(({ code, values }) => code === 'seatShortage' && values['date'] === '2027-04-01').length,
    ).toBeLessThanOrEqual(2);
    await comes(inTokyo('2027-04-01T00:05:00'));
    const blocked = mail.taken.filter(({ source }) => /aoki is due back and waits for a seat/.test(source));
    expect(blocked.flatMap(({ to }) => to).toSorted()).toEqual(['admin@example.com', 'billing@example.com']);
    await house.call('put', `${at}/seats`, { licensed: 5 }).expect(200);
    expect([await statusOf(aoki), await seats()]).toEqual(['active', [5, 5, 0]]);
  });

  test('the seed story by its dates: nine used while Aoki is away, ten with Suzuki, told before, waiting on the day, in by one seat more', async () => {
    const rows = [{ from: '2027-01-01', licensed: 10, unitPrice: '1200', currency: 'JPY' }];
    await house.call('put', `${at}/seats/contract`, { rows }).expect(200);
    const bill = async () => (await house.call('get', `${at}/seats`)).body.billed;
    const aoki = await hire('aoki');
    await hireMany(9);
    expect([await seats(), await bill()]).toEqual([[10, 10, 0], 10]);
    await goOnLeave(aoki, { from: '2027-02-01', until: '2027-04-01' });
    await comes(inTokyo('2027-02-01T00:00:00'));
    expect([await statusOf(aoki), await seats(), await bill()]).toEqual(['onLeave', [9, 10, 0], 10]);
    const suzuki = await hire('suzuki');
    expect([await statusOf(suzuki), await seats(), await bill()]).toEqual(['active', [10, 10, 0], 10]);
    const { body: profile } = await scim('get', `/Users/${aoki}`).expect(200);
    expect(profile).toMatchObject({ displayName: 'aoki', active: false, emails: [{ value: 'aoki@example.com' }] });
    await comes(inTokyo('2027-03-18T00:05:00'));
    expect(await announced()).toEqual(['aoki 14']);
    await comes(inTokyo('2027-04-01T00:00:00'));
    expect([await statusOf(aoki), await seats(), await bill()]).toEqual(['waiting', [10, 10, 1], 10]);
    expect((await toldSince()).filter(({ code }) => code === 'leaveReturnBlocked')).toHaveLength(1);
    const more = [...rows, { from: '2027-04-02', licensed: 11 }];
    await house.call('put', `${at}/seats/contract`, { rows: more }).expect(200);
    expect(await statusOf(aoki)).toBe('waiting');
    await comes(inTokyo('2027-04-02T00:00:00'));
    expect([await statusOf(aoki), await seats(), await bill()]).toEqual(['active', [11, 11, 0], 11]);
    expect((await scim('get', `/Users/${aoki}`)).body.active).toBe(true);
  });

  test('J10: active from the identity provider during a leave: truthful, warned of, and counted on the connection', async () => {
    const aoki = await hire('aoki');
    const differs = async () => (await house.call('get', `${at}/connections/okta`)).body.differs;
    expect(await differs()).toBe(0);
    await goOnLeave(aoki, { until: '2027-04-01' });
    const write = (active: boolean) => ({
      schemas: [patchOp],
      Operations: [{ op: 'replace', path: 'active', value: active }],
    });
    const answer = await scim('patch', `/Users/${aoki}`, write(true)).expect(200);
    expect(answer.body.active).toBe(false);
    const { body: log } = await house.call('get', `${at}/provisioning-log?outcome=warning&user=${aoki}`);
    expect(log.items).toMatchObject([{ why: [expect.stringMatching(/^Held by leave until 2027-03-31T15:00/)] }]);
    expect(await differs()).toBe(1);
    const { body } = await house.call('get', `${at}/connections/okta/differences`);
    expect(body.items).toMatchObject([{ user: aoki, userName: 'aoki', status: 'onLeave', holds: [{ kind: 'leave' }] }]);
    await scim('patch', `/Users/${aoki}`, write(false)).expect(200);
    expect([await differs(), await statusOf(aoki)]).toEqual([0, 'inactive']);
    await comes(inTokyo('2027-04-01T00:00:00'));
    expect([await differs(), await statusOf(aoki)]).toEqual([0, 'inactive']);
    await scim('patch', `/Users/${aoki}`, write(true)).expect(200);
    expect([await differs(), await statusOf(aoki)]).toEqual([0, 'active']);
  });

  // The guards of the stores are asked above, and by test/provisioning/{leaves,seat-alerts}.test.ts.
  if (kind === 'mongodb' && !isFull) return;

  test('J5: after a downtime once, in the order in which they were due, marked late', async () => {
    const [aoki, baba] = [await hire('aoki'), await hire('baba')];
    await goOnLeave(aoki, { from: '2027-02-01', until: '2027-04-01' });
    await goOnLeave(baba, { from: '2027-02-01', until: '2027-04-02' });
    await comes(inTokyo('2027-02-01T00:00:00'));
    await comes(inTokyo('2027-03-31T18:00:00'));
    await comes(inTokyo('2027-04-03T09:00:00'));
    expect([await statusOf(aoki), await statusOf(baba)]).toEqual(['active', 'active']);
    const late = { kind: 'returned', lateBySeconds: (2 * 24 + 9) * 3_600 };
    expect((await stepsOf(aoki)).filter(({ kind }) => kind === 'returned')).toMatchObject([late]);
    const { body } = await house.call('get', `${at}/audit?limit=2`);
    expect(body.items.map(({ target }: { target: { name: string } }) => target.name)).toEqual(['baba', 'aoki']);
  });

  test.each([
    ['into summer time', '2027-03-14', '2027-03-14T13:00:00Z'],
    ['out of it', '2027-11-07', '2027-11-07T14:00:00Z'],
  ])('J5: in New York at nine on the day the clocks go %s', async (_what, until, instant) => {
    await house.call('put', at, { timeZone: 'America/New_York', returnHour: 9 }).expect(200);
    const aoki = await hire('aoki');
    await goOnLeave(aoki, { from: '2027-02-01', until });
    await comes(Date.parse('2027-02-01T05:00:00Z'));
    await comes(Date.parse(instant) - 1);
    expect(await statusOf(aoki)).toBe('onLeave');
    await comes(Date.parse(instant));
    expect(await statusOf(aoki)).toBe('active');
  });

  test('J7: on the day, where the return is later in it; once after a downtime; and not any more once there is a seat', async () => {
    const [aoki, baba] = [await hire('aoki'), await hire('baba')];
    await hireMany(2);
    await goOnLeave(aoki, { from: '2027-02-01', until: '2027-04-01', returnHour: 9 });
    await goOnLeave(baba, { from: '2027-02-01', until: '2027-05-01' });
    await comes(inTokyo('2027-02-01T00:00:00'));
    for (const name of ['suzuki', 'tanaka']) await hire(name);
    await comes(inTokyo('2027-03-10T00:00:00'));
    await comes(inTokyo('2027-03-29T00:00:00'));
    expect(await announced()).toEqual(['aoki 3']);
    await comes(inTokyo('2027-04-01T00:05:00'));
    expect(await announced()).toEqual(['aoki 3', 'aoki 0']);
    await house.call('put', `${at}/seats`, { licensed: 6 }).expect(200);
    await comes(inTokyo('2027-04-01T09:00:00'));
    expect(await statusOf(aoki)).toBe('active');
    await comes(inTokyo('2027-04-20T00:00:00'));
    expect(await announced()).toEqual(['aoki 3', 'aoki 0']);
    await house.call('put', `${at}/seats`, { licensed: 5 }).expect(200);
    await house.call('put', at, { noticeDays: [20] }).expect(200);
    await comes(inTokyo('2027-04-21T00:00:00'));
    expect(await announced()).toEqual(['aoki 3', 'aoki 0', 'baba 10']);
  });

  test('the first shortage ahead is told once, and again when it is another', async () => {
    const [aoki, baba] = [await hire('aoki'), await hire('baba')];
    await hireMany(2);
    await goOnLeave(aoki, { from: '2027-02-01', until: '2027-04-01' });
    await goOnLeave(baba, { from: '2027-02-01', until: '2027-04-01' });
    await comes(inTokyo('2027-02-01T00:00:00'));
    await hire('suzuki');
    const shortages = async () =>
      (await toldSince())
        .filter(({ code }) => code === 'seatShortage')
        .map(({ values: { date, short } }) => `${date} ${short}`);
    await comes(inTokyo('2027-03-01T00:00:00'));
    expect(await shortages()).toEqual([]);
    for (const day of ['02', '03', '10']) await comes(inTokyo(`2027-03-${day}T00:00:00`));
    expect(await shortages()).toEqual(['2027-04-01 1']);
    await hire('tanaka');
    for (const day of ['11', '12']) await comes(inTokyo(`2027-03-${day}T00:00:00`));
    expect(await shortages()).toEqual(['2027-04-01 1', '2027-04-01 2']);
    await house.call('put', `${at}/seats`, { licensed: 6 }).expect(200);
    await comes(inTokyo('2027-03-13T00:00:00'));
    await house.call('put', `${at}/seats`, { licensed: 4 }).expect(200);
    await comes(inTokyo('2027-03-14T00:00:00'));
    expect(await shortages()).toEqual(['2027-04-01 1', '2027-04-01 2', '2027-04-01 2']);
  });
});
