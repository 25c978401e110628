// Months of seats for the bill, over, running and ahead.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

describeAtDoors('months of seats for the bill', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open(), 3);
  });
  afterEach(() => house.stop());
  const get = async (path: string) => (await house.call('get', `${at}${path}`).expect(200)).body;
  const pass = async (date: string): Promise<void> => {
    house.clock.now = Date.parse(`${date}T09:00:00+09:00`);
    await house.runJobs();
    await house.context.settleEffects();
  };

  test('a month for the bill: the rows that held, their days and amounts, as JSON and as a file', async () => {
    await house.add('aoki');
    const rows = [
      { from: '2027-01-01', licensed: 3, unitPrice: '1200', currency: 'JPY' },
      { from: '2027-02-15', licensed: 4, unitPrice: '12.50', currency: 'EUR' },
    ];
    await house.call('put', `${at}/seats/contract`, { rows }).expect(200);
    await pass('2027-03-01');
    const billing = await get('/seats/billing?month=2027-02');
    expect(billing.lines).toEqual([
      {
        from: '2027-02-01',
        to: '2027-02-14',
        days: 14,
        seats: 3,
        unitPrice: '1200',
        currency: 'JPY',
        amount: '1800.00',
      },
      {
        from: '2027-02-15',
        to: '2027-02-28',
        days: 14,
        seats: 4,
        unitPrice: '12.50',
        currency: 'EUR',
        amount: '25.00',
      },
    ]);
    expect((await get('/seats/billing?month=2027-01')).lines).toMatchObject([{ days: 31, seats: 3, amount: '3600' }]);
    const file = await house.call('get', `${at}/seats/billing.csv?month=2027-02`).expect(200);
    expect(file.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(file.text.split('\r\n')).toEqual([
      'month,from,to,days,seats,unitPrice,currency,amount,peak,average,activeInMonth',
      '2027-02,2027-02-01,2027-02-14,14,3,1200,JPY,1800.00,1,1,1',
      '2027-02,2027-02-15,2027-02-28,14,4,12.50,EUR,25.00,1,1,1',
      '',
    ]);
  });

  test('on days without a row the bill has what was licensed on them', async () => {
    await pass('2027-04-06');
    await house.call('put', `${at}/seats`, { licensed: 10 }).expect(200);
    await house.call('put', `${at}/seats/contract`, { rows: [{ from: '2027-04-16', licensed: 20 }] }).expect(200);
    expect((await get('/seats/billing?month=2027-04')).lines).toEqual([
      { from: '2027-04-01', to: '2027-04-05', days: 5, seats: 3 },
      { from: '2027-04-06', to: '2027-04-15', days: 10, seats: 10 },
      { from: '2027-04-16', to: '2027-04-30', days: 15, seats: 20 },
    ]);
    await pass('2027-04-20');
    const lines = [10, 20].map((seats) => expect.objectContaining({ seats }));
    expect((await get('/seats/billing?month=2027-04')).lines).toEqual([
      expect.objectContaining({ seats: 3 }),
      ...lines,
    ]);
  });

  test('days to come have what is licensed today, and from the day of a row on that row, in usage and bill alike', async () => {
    await house.add('aoki');
    const of = async (month: string) => {
      const [{ licensed, billed, used, peak }, { lines }] = [
        await get(`/seats/usage?month=${month}`),
        await get(`/seats/billing?month=${month}`),
      ];
      return [licensed, billed, used, peak, lines.map(({ days, seats }: Record<string, number>) => [days, seats])];
    };
    expect(await of('2027-02')).toEqual([3, 3, 1, 0, [[28, 3]]]);
    const rows = [
      { from: '2027-02-15', licensed: 4 },
      { from: '2027-04-01', licensed: null },
    ];
    await house.call('put', `${at}/seats/contract`, { rows }).expect(200);
    expect(await of('2027-01')).toEqual([3, 3, 1, 1, [[31, 3]]]);
    expect(await of('2027-02')).toEqual([
      4,
      4,
      1,
      0,
      [
        [14, 3],
        [14, 4],
      ],
    ]);
    expect(await of('2027-03')).toEqual([4, 4, 1, 0, [[31, 4]]]);
    expect(await of('2027-04')).toEqual([null, null, 1, 0, [[30, null]]]);
    const { text } = await house.call('get', `${at}/seats/billing.csv?month=2027-03`).expect(200);
    expect(text).toContain('2027-03,2027-03-01,2027-03-31,31,4,');
    await pass('2027-02-15');
    await house.call('put', `${at}/seats`, { licensed: 9 }).expect(200);
    expect((await of('2027-03')).slice(0, 2)).toEqual([9, 4]);
  });

  test('a month that was over before the history begins is refused: nothing known is not unlimited', async () => {
    for (const what of ['usage', 'billing', 'billing.csv']) {
      const { body, headers } = await house.call('get', `${at}/seats/${what}?month=2026-12`).expect(400);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(body).toMatchObject({
        code: 'invalidValue',
        field: 'month',
        detail: expect.stringContaining('2027-01-12'),
      });
    }
    await pass('2027-03-01');
    await house.call('get', `${at}/seats/usage?month=2026-12`).expect(400);
    await house.call('get', `${at}/seats/usage?month=2027-01`).expect(200);
  });
});
