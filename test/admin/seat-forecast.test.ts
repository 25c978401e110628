// The forecast at the doors, on both stores: what it says of a day is what that day brings.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

describeAtDoors('the forecast of seats', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  afterEach(() => house.stop());
  const start = async (licensed: number, reserveForReturn: number) => {
    house = await openAdminHouse(await open(), licensed);
    await house.call('put', `${at}/seats`, { reserveForReturn }).expect(200);
  };
  const pass = async (date: string) => {
    house.clock.now = Date.parse(`${date}T00:00:00+09:00`);
    await house.runJobs();
  };
  const get = async (path: string) => (await house.call('get', `${at}${path}`).expect(200)).body;
  const forecast = () => get('/seats/forecast?days=120');
  const plan = (id: string, leave: object) => house.call('post', `${at}/users/${id}/leaves`, leave).expect(201);
  const add = async (count: number) => {
    const people = [];
    for (let n = 1; n <= count; n += 1) people.push(await house.add(`person${n}`));
    return people;
  };
  type Step = Record<'used' | 'free' | 'reserved' | 'short' | 'needed' | 'licensed', number> & { date: string };
  const numbers = ({ used, free, reserved }: Step) => ({ used, free, reserved });
  /** Goes to each day that the forecast names, and finds there what it said. */
  const expectToComeTrue = async () => {
    const { steps } = (await forecast()) as { steps: readonly Step[] };
    for (const step of steps.slice(1)) {
      await pass(step.date);
      expect([step.date, await get('/seats')]).toMatchObject([step.date, numbers(step)]);
    }
    return steps;
  };

  test('a seat that will be reserved is known before: whoever starts behind it is the one who is short, on that day', async () => {
    await start(10, 30);
    const aoki = await house.add('aoki');
    await add(9);
    await plan(aoki.id, { type: 'leave', until: '2027-04-01' });
    await pass('2027-02-12');
    const suzuki = await house.add('suzuki');
    await house.call('post', `${at}/users/${suzuki.id}/deactivate`, { type: 'start', until: '2027-03-15' }).expect(200);
    const { firstShortage } = await forecast();
    expect(firstShortage).toMatchObject({
      date: '2027-03-15',
      sentence: 'On 2027-03-15 you are one seat short: Display suzuki starts, 9 of 10 in use, 1 reserved.',
    });
    const steps = await expectToComeTrue();
    expect(steps.map(({ date, needed, used, reserved, free }) => [date, needed, used, reserved, free])).toEqual([
      ['2027-02-12', 9, 9, 0, 1],
      ['2027-03-02', 10, 9, 1, 1],
      ['2027-03-15', 11, 9, 1, 1],
      ['2027-04-01', 11, 10, 0, 0],
    ]);
    expect((await get(`/users/${suzuki.id}`)).status).toBe('waiting');
  });

  test('planned leaves: reserved from their first day on where they are short, else so many days before the return', async () => {
    await start(4, 10);
    const [aoki, baba] = [await house.add('aoki'), await house.add('baba')];
    await plan(aoki.id, { type: 'leave', from: '2027-02-01', until: '2027-03-01' });
    await plan(baba.id, { type: 'leave', from: '2027-02-10', until: '2027-02-15' });
    const steps = await expectToComeTrue();
    expect(steps.map(({ date, used, reserved }) => [date, used, reserved])).toEqual([
      ['2027-01-12', 2, 0],
      ['2027-02-01', 1, 0],
      ['2027-02-10', 0, 1],
      ['2027-02-15', 1, 0],
      ['2027-02-19', 1, 1],
      ['2027-03-01', 2, 0],
    ]);
  });

  test('a return for which no seat was to be reserved is announced before its day and on it, once each', async () => {
    await start(2, 30);
    const aoki = await house.add('aoki');
    await house.call('put', `${at}`, { returnHour: 9 }).expect(200);
    await plan(aoki.id, { type: 'leave', until: '2027-04-01' });
    await add(2);
    const announced = async () =>
      (await get('/notices?limit=100&code=returnWithoutSeat')).items
        .map(({ values }: { values: { name: string; days: string } }) => `${values.name} ${values.days}`)
        .toReversed();
    await pass('2027-03-03');
    const { steps, firstShortage } = await forecast();
    expect(steps[0]).toMatchObject({ needed: 3, used: 2, reserved: 0, short: 1 });
    expect(firstShortage.date).toBe('2027-03-03');
    expect(steps.at(-1)).toMatchObject({ date: '2027-04-01', events: [{ kind: 'returns', change: 0, waits: true }] });
    for (const date of ['2027-03-18', '2027-03-25', '2027-03-31', '2027-04-01']) await pass(date);
    expect(await announced()).toEqual(['Display aoki 14', 'Display aoki 7', 'Display aoki 1', 'Display aoki 0']);
  });

  test('under a contract below the use it says what is used, as the seats do, and what comes back is withdrawn', async () => {
    await start(4, 0);
    const [one, two] = await add(4);
    await house.call('put', `${at}/seats/contract`, { rows: [{ from: '2027-02-01', licensed: 2 }] }).expect(200);
    await plan(one!.id, { type: 'left', from: '2027-02-10' });
    await plan(two!.id, { type: 'left', from: '2027-03-10' });
    const steps = await expectToComeTrue();
    expect(steps.map(({ date, licensed, used, free }) => [date, licensed, used, free])).toEqual([
      ['2027-01-12', 4, 4, 0],
      ['2027-02-01', 2, 4, -2],
      ['2027-02-10', 2, 3, -1],
      ['2027-03-10', 2, 2, 0],
    ]);
  });
});
