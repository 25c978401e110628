// The contract of seats by date: what counts today, what will count, what it costs; a row below the use waits and is billed all the same.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';
import { openTroubledHouse } from './troubled-house.ts';

const midnight = (date: string) => Date.parse(`${date}T00:00:00+09:00`);

describeAtDoors('the contract of seats', (open) => {
  const at = '/organizations/acme/seats';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open(), 2);
  });
  afterEach(() => house.stop());
  const plan = (rows: readonly object[]) => house.call('put', `${at}/contract`, { rows });
  const seats = async () => (await house.call('get', at).expect(200)).body;
  const pass = async (date: string): Promise<void> => {
    house.clock.now = midnight(date);
    await house.runJobs();
    await house.context.settleEffects();
  };

  test('rows take effect on their day, once, and who waits is let in then', async () => {
    const price = { unitPrice: '1200.50', currency: 'JPY' };
    const { body } = await plan([
      { from: '2027-04-01', licensed: 3, ...price },
      { from: '2026-04-01', licensed: 2, ...price },
    ]).expect(200);
    expect(body.rows).toMatchObject([
      { from: '2026-04-01', inForce: true, appliedAt: expect.any(String) },
      { from: '2027-04-01', inForce: false },
    ]);
    expect(body.rows[1].appliedAt).toBeUndefined();
    for (const name of ['aoki', 'baba', 'chiba']) await house.add(name);
    expect(await seats()).toMatchObject({ licensed: 2, billed: 2, used: 2, waiting: 1 });
    const { body: forecast } = await house.call('get', `${at}/forecast`).expect(200);
    expect(forecast.firstShortage).toMatchObject({ short: 1, monthly: { amount: '1200.50', currency: 'JPY' } });
    expect(forecast.steps.at(-1)).toMatchObject({ date: '2027-04-01', licensed: 3, short: 0 });
    await pass('2027-03-31');
    expect(await seats()).toMatchObject({ licensed: 2, waiting: 1 });
    await pass('2027-04-01');
    expect(await seats()).toMatchObject({ licensed: 3, billed: 3, used: 3, waiting: 0 });
    await house.call('put', at, { licensed: 5 }).expect(200);
    await pass('2027-04-02');
    expect(await seats()).toMatchObject({ licensed: 5, billed: 3 });
    expect(
      (await plan(body.rows.map(({ inForce: _i, appliedAt: _a, ...row }: Record<string, unknown>) => row)).expect(200))
        .body.change,
    ).toBeNull();
  });

  test('a row below the use is refused today, and on its day cuts nobody off: what is given back is withdrawn', async () => {
    const [aoki] = [await house.add('aoki'), await house.add('baba')];
    const refused = await plan([{ from: '2027-01-01', licensed: 1 }]).expect(409);
    expect(refused.body).toMatchObject({ code: 'belowUse', over: 1 });
    expect((await house.call('get', `${at}/contract`).expect(200)).body.rows).toEqual([]);
    await plan([{ from: '2027-04-01', licensed: 1 }]).expect(200);
    await pass('2027-04-01');
    expect(await seats()).toMatchObject({ licensed: 1, billed: 1, used: 2, free: -1 });
    expect((await house.add('chiba')).active).toBe(false);
    await house.call('post', `/organizations/acme/users/${aoki.id}/deactivate`, {}).expect(200);
    expect(await seats()).toMatchObject({ licensed: 1, billed: 1, used: 1, free: 0, waiting: 1 });
    await house.call('put', at, { licensed: 2 }).expect(200);
    expect(await seats()).toMatchObject({ licensed: 2, billed: 1, used: 2, waiting: 0 });
  });

  test('who returns on the day of a new row finds the seat that it brings, and nobody is told otherwise', async () => {
    const aoki = await house.add('aoki');
    await house
      .call('post', `/organizations/acme/users/${aoki.id}/leaves`, { from: '2027-02-01', until: '2027-04-01' })
      .expect(201);
    await pass('2027-02-01');
    await house.add('baba');
    await house.add('chiba');
    await plan([{ from: '2027-04-01', licensed: 3 }]).expect(200);
    await pass('2027-04-01');
    expect(await seats()).toMatchObject({ licensed: 3, used: 3, waiting: 0, onLeave: 0 });
    const { body } = await house.call('get', '/organizations/acme/notices').expect(200);
    expect(body.items.map(({ code }: { code: string }) => code)).not.toContain('leaveReturnBlocked');
    expect(body.items.length).toBeGreaterThan(0);
  });

  test('over-use that is allowed until a day ends with it: nobody is put out, nobody new gets in', async () => {
    const change = (body: object) => house.call('put', at, body);
    await change({ overUntil: '2027-04-01' }).expect(400);
    await change({ policy: 'allowOver', over: 1, overUntil: '2027-01-12' }).expect(400);
    await change({ policy: 'allowOver', over: 1, overUntil: 'soon' }).expect(400);
    expect(await seats()).toMatchObject({ policy: 'wait', over: 0, overUntil: null });
    await change({ policy: 'allowOver', over: 1, overUntil: '2027-03-01' }).expect(200);
    const { body: moved } = await change({ overUntil: '2027-04-01' }).expect(200);
    expect(moved).toMatchObject({ over: 1, overUntil: '2027-04-01', change: expect.any(String) });
    const [aoki] = [await house.add('aoki'), await house.add('baba'), await house.add('chiba')];
    await pass('2027-03-31');
    expect(await seats()).toMatchObject({ used: 3, free: -1, over: 1, overUntil: '2027-04-01' });
    await pass('2027-04-01');
    expect(await seats()).toMatchObject({ policy: 'wait', used: 3, free: -1, over: 0, overUntil: null });
    await house.add('doi');
    await house.call('post', `/organizations/acme/users/${aoki.id}/deactivate`, {}).expect(200);
    expect(await seats()).toMatchObject({ used: 2, free: 0, waiting: 1 });
  });

  test('without the row in force the one before it counts again, unless it is below the use; by hand holds beside the same rows', async () => {
    const [first, second] = [
      { from: '2026-04-01', licensed: 1 },
      { from: '2027-01-01', licensed: 3 },
    ];
    await plan([first, second]).expect(200);
    await house.add('aoki');
    await plan([first]).expect(200);
    expect(await seats()).toMatchObject({ licensed: 1, billed: 1, free: 0 });
    await plan([first, second]).expect(200);
    await house.add('baba');
    expect((await plan([first]).expect(409)).body).toMatchObject({ code: 'belowUse', over: 1 });
    expect(await seats()).toMatchObject({ licensed: 3, billed: 3 });
    await house.call('put', at, { licensed: 5 }).expect(200);
    await plan([first, { ...second, note: 'renewed' }]).expect(200);
    expect(await seats()).toMatchObject({ licensed: 5, billed: 3 });
    await plan([first, { from: '2027-01-02', licensed: 3 }]).expect(200);
    expect(await seats()).toMatchObject({ licensed: 3, billed: 3 });
  });

  test('rows that are replaced while the sweep applies them win', async () => {
    await house.stop();
    const scene = await openTroubledHouse(await open(), 2);
    ({ house } = scene);
    await plan([{ from: '2027-04-01', licensed: 9 }]).expect(200);
    scene.when('after seatContract.get', () => plan([{ from: '2027-03-31', licensed: 4 }]).expect(200));
    await pass('2027-04-01');
    expect(await seats()).toMatchObject({ licensed: 4, billed: 4 });
    expect((await house.call('get', `${at}/contract`).expect(200)).body.rows).toMatchObject([
      { licensed: 4, inForce: true },
    ]);
  });

  test('what is no contract is refused, and nothing is stored', async () => {
    for (const rows of [
      [{ from: '2027-02-30', licensed: 1 }],
      [{ from: '2027-02-01', licensed: -1 }],
      [{ from: '2027-02-01', licensed: 1.5 }],
      [
        { from: '2027-02-01', licensed: 1 },
        { from: '2027-02-01', licensed: 2 },
      ],
      [{ from: '2027-02-01', licensed: 1, unitPrice: '12,5', currency: 'EUR' }],
      [{ from: '2027-02-01', licensed: 1, unitPrice: '12.5' }],
      [{ from: '2027-02-01', licensed: 1, unitPrice: '12.5', currency: 'yen' }],
      [{ licensed: 1 }],
    ])
      expect([rows, (await plan(rows)).status]).toEqual([rows, 400]);
    expect((await house.call('get', `${at}/contract`).expect(200)).body.rows).toEqual([]);
    await house.call('put', `${at}/contract`, { rows: [] }, house.keys.acmeRead).expect(403);
    await house.call('get', `${at}/contract`, undefined, house.keys.other).expect(404);
  });
});
