// Files and seats: what a dry run foresees where people wait or seats are reserved is what the run brings.

import { describeAtDoors } from '../harness/both-storages.ts';
import { imports, openImportWorld, type Body, type ImportWorld } from './import-world.ts';

describeAtDoors('files and seats', (open) => {
  const at = '/organizations/acme';
  let world: ImportWorld;
  afterEach(async () => void (await world.stop()));

  const start = async (licensed: number, names: readonly string[]) => {
    world = await openImportWorld(await open(), licensed);
    for (const name of names) await world.add(name);
  };
  const dryAndReal = async (file: string) => {
    const dry = await world.run(file, 'kind=users&dryRun=true');
    const rows = await world.rows(dry['id']);
    const { body } = await world.call('post', `${imports}/${dry['id']}/run`);
    await world.work();
    return { dry, rows, real: await world.show(body.id), done: await world.rows(body.id) };
  };
  const seats = async (): Promise<Body> => (await world.call('get', `${at}/seats`)).body;
  const names = (count: number, first = 1) => Array.from({ length: count }, (_, n) => `user${first + n}`);

  test('a seat that a row frees goes to whoever waits already: the newcomer would wait, and does', async () => {
    await start(2, ['endo', 'doi', 'ito']);
    const { dry, rows, real } = await dryAndReal('Login Name,Display Name,Status\nendo,*,Inactive\nsuzuki,S,*\n');
    expect(rows[1]).toMatchObject({ outcome: 'changed', action: 'created', warnings: ['Would wait for a seat.'] });
    const outcome = { before: 2, change: -1, passedOn: 1, after: 2, waiting: 1 };
    expect([dry['seats'], real['seats']]).toMatchObject([outcome, outcome]);
    expect([await world.person('ito'), await world.person('suzuki')]).toMatchObject([
      { status: 'active' },
      { status: 'waiting' },
    ]);
  });

  test('under the policy `refuse` the newcomer is blocked while somebody waits from before', async () => {
    await start(2, ['endo', 'doi', 'ito']);
    await world.call('put', `${at}/seats`, { policy: 'refuse' });
    const { rows, real } = await dryAndReal('Login Name,Display Name,Status\nendo,*,Inactive\nsuzuki,S,*\n');
    expect(rows[1]).toMatchObject({ outcome: 'blocked', code: 'noFreeSeat' });
    expect(real).toMatchObject({ seats: { passedOn: 1, after: 2, waiting: 0 } });
    expect((await world.person('ito'))['status']).toBe('active');
  });

  test('many who go and some who wait: how many are in use after it is what will be in use', async () => {
    await start(8, [...names(8), 'w1', 'w2', 'w3']);
    const off = names(6).map((name) => `${name},Inactive`);
    const { dry, real } = await dryAndReal(`Login Name,Status\n${off.join('\n')}\n`);
    const outcome = { before: 8, change: -6, passedOn: 3, after: 5 };
    expect([dry['seats'], real['seats'], await seats()]).toMatchObject([outcome, outcome, { used: 5, waiting: 0 }]);
  });

  test('who waits and is switched off leaves the line; after a row above has given them the seat it goes on to the next', async () => {
    await start(2, ['endo', 'doi', 'ito', 'kato']);
    const gone = await world.run('Login Name,Status\nito,Inactive\nendo,Inactive\n', 'kind=users&dryRun=true');
    expect(gone['seats']).toMatchObject({ change: -1, passedOn: 1, after: 2 });
    const all = 'Login Name,Status\nendo,Inactive\ndoi,Inactive\nito,Inactive\n';
    expect((await world.run(all, 'kind=users&dryRun=true'))['seats']).toMatchObject({ passedOn: 2, after: 1 });
    const real = await world.run(all, 'kind=users');
    expect([real['seats'], await seats()]).toMatchObject([{ after: 1 }, { used: 1, waiting: 0 }]);
  });

  test('under a contract below the use a seat that is given back is withdrawn, and nobody has it', async () => {
    await start(3, ['endo', 'doi', 'ito', 'kato']);
    await world.call('put', `${at}/seats/contract`, { rows: [{ from: '2027-02-01', licensed: 2 }] });
    world.clock.now = Date.parse('2027-02-01T00:00:00+09:00');
    await world.runJobs();
    const { dry, real } = await dryAndReal('Login Name,Status\nendo,Inactive\n');
    const outcome = { before: 3, change: -1, passedOn: 0, after: 2 };
    expect([dry['seats'], real['seats'], await seats()]).toMatchObject([outcome, outcome, { used: 2, waiting: 1 }]);
  });

  test('seats that are only reserved are not in use, in a file’s numbers as in the seats’', async () => {
    await start(3, ['aoki', 'baba']);
    await world.call('put', `${at}/seats`, { reserveForReturn: 30 });
    const { id } = await world.person('aoki');
    const away = { type: 'leave', until: '2027-01-20' };
    expect((await world.call('post', `${at}/users/${id}/leaves`, away)).status).toBe(201);
    expect(await seats()).toMatchObject({ used: 1, reserved: 1, free: 2 });
    const { dry, rows, real } = await dryAndReal('Login Name,Display Name\nsuzuki,S\ntanaka,T\n');
    const outcome = { before: 1, change: 1, after: 2, waiting: 1 };
    expect([dry['seats'], real['seats'], await seats()]).toMatchObject([outcome, outcome, { used: 2, reserved: 1 }]);
    expect(rows[1]).toMatchObject({ warnings: ['Would wait for a seat.'] });
  });
});
