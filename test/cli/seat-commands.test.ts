// `furlough seats contract | billing | move`: what they write, what they answer, and how they end.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCli } from './cli-run.ts';

type Facts = Readonly<Record<string, any>>; // oxlint-disable-line no-explicit-any

test('the contract by date is set, listed and billed; who waits is moved, with a reason', async () => {
  const cli = createCli();
  const set = await cli.json<Facts>('seats contract set --row "2020-01-01=2@1200.50 JPY" --row 2090-04-01=unlimited');
  expect(set).toMatchObject({
    rows: [
      { from: '2020-01-01', licensed: 2, unitPrice: '1200.50', currency: 'JPY', inForce: true },
      { from: '2090-04-01', licensed: null, inForce: false },
    ],
    change: expect.any(String),
  });
  expect(await cli.json('seats show')).toMatchObject({ licensed: 2, billed: 2 });
  expect((await cli.run('seats contract list')).result).toMatch(/2090-04-01 +unlimited/);
  const month = new Date().toISOString().slice(0, 7);
  const billing = await cli.json<Facts>(`seats billing --month ${month}`);
  expect(billing['lines']).toMatchObject([{ seats: 2, unitPrice: '1200.50', currency: 'JPY' }]);
  expect((await cli.run(`seats billing --month ${month}`)).result).toMatch(/2 +1200\.50/);

  const rows = ['abe', 'ito', 'kato', 'mori'].map((name) => `${name},${name}`);
  writeFileSync(join(cli.folder, 'people.csv'), ['Login Name,Display Name', ...rows].join('\n'));
  await cli.json('import people.csv');
  const names = (answer: Facts) => answer['items'].map(({ user }: Facts) => user['userName']);
  const [first, second] = names(await cli.json<Facts>('seats waiting'));
  const moved = await cli.json<Facts>(`seats move ${second} --before ${first} --reason "starts today"`);
  expect(names(moved)).toEqual([second, first]);
  expect((await cli.run(`seats move ${second} --reason later`)).result).toMatch(
    new RegExp(`1 +${first}\\n2 +${second}`),
  );
  expect(await cli.json('seats contract set --none')).toMatchObject({ rows: [] });
  expect(await cli.json('seats show')).toMatchObject({ licensed: 2, billed: 2 });
});

test('the forecast lists reservations, and a file’s numbers say how many seats go to people who wait', async () => {
  const cli = createCli();
  const write = (...lines: string[]) => writeFileSync(join(cli.folder, 'people.csv'), lines.join('\n'));
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await cli.json('seats set --licensed 2 --reserve-for-return 10');
  write('Login Name,Display Name', 'abe,abe', 'ito,ito', 'kato,kato');
  await cli.json('import people.csv');
  await cli.json(`leave add abe --from ${inDays(10)} --until ${inDays(80)}`);
  const { result } = await cli.run('seats forecast');
  expect(result).toMatch(/^DATE +NEEDED +USED +RESERVED +FREE/);
  expect(result).toMatch(new RegExp(`^${inDays(70)} .* reserved for abe`, 'm'));
  expect(result).toMatch(/abe returns and waits/);
  write('Login Name,Status', 'ito,Inactive');
  expect((await cli.run('import people.csv --dry-run')).result).toContain('2 -> 2 (-1, 1 to people who wait) of 2');
});

test('what cannot be is refused with the exit code that says so', async () => {
  const cli = createCli();
  for (const row of ['2027-04-01', '2027-04-01=many', '2027-02-31=3', '2027-04-01=3@1200', '2027-04-01=3@free JPY'])
    expect([row, (await cli.run(`seats contract set --row "${row}"`)).code]).toEqual([row, 2]);
  expect((await cli.run('seats contract set')).code).toBe(2);
  expect((await cli.run('seats contract set --none --row 2090-04-01=3')).code).toBe(2);
  expect((await cli.run('seats billing --month soon')).code).toBe(2);
  expect((await cli.run('seats move nobody --reason x')).code).toBe(3);
  expect(await cli.json('seats contract list')).toEqual({ rows: [] });
});
