// `furlough import` and `furlough export`: what they write, what they answer, and how they end.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import encodingJapanese from 'encoding-japanese';
import { createCli, type Cli } from './cli-run.ts';

let cli: Cli;
beforeAll(() => {
  cli = createCli();
});

const write = (name: string, text: string | Uint8Array): void => writeFileSync(join(cli.folder, name), text);
const read = (name: string): Buffer => readFileSync(join(cli.folder, name));

type Import = Readonly<Record<string, any>>; // oxlint-disable-line no-explicit-any

test('a file is run dry, run, written back and taken back', async () => {
  const text = 'ログイン名,表示名,使用状態\r\nabe,髙橋,使用中\r\nito,伊藤,停止中\r\n';
  write(
    'people.csv',
    Uint8Array.from(encodingJapanese.convert(encodingJapanese.stringToCode(text), { from: 'UNICODE', to: 'SJIS' })),
  );
  const dry = await cli.run('import people.csv --dry-run');
  expect([dry.code, dry.result]).toEqual([
    0,
    expect.stringMatching(/done \(dry run\)[\s\S]*shift_jis, comma, with header[\s\S]*0 -> 1 \(\+1\) of unlimited/),
  ]);
  const done = await cli.json<Import>('import people.csv');
  expect(done).toMatchObject({ state: 'done', by: 'cli', actions: { created: 2 }, file: { name: 'people.csv' } });
  expect((await cli.json<Import>('user show ito'))['status']).toBe('inactive');
  expect(
    await cli.run('export users --encoding shift_jis --preset kintone --language ja --output out.csv'),
  ).toMatchObject({ code: 0, result: '' });
  expect(new TextDecoder('shift_jis').decode(read('out.csv'))).toContain('abe,髙橋,*,*,');
  expect(await cli.json<Import>('import out.csv --preset kintone')).toMatchObject({
    outcomes: { unchanged: 2, changed: 0 },
  });
  expect((await cli.run('export users --no-header')).result).toMatch(/^abe,髙橋,.*\r\nito,伊藤,/);
  expect(await cli.json<Import>(`import --undo ${done['id']}`)).toMatchObject({
    state: 'undone',
    undo: { restored: 2 },
  });
  expect((await cli.run('user show abe')).code).toBe(3);
});

test('6 tells that some rows were not done, which are listed and in the result file', async () => {
  write('mixed.csv', 'Login Name,Display Name\nkato,Kato\nkato,Kato\nnobody,\n');
  const mixed = await cli.run('import mixed.csv --result result.csv');
  expect(mixed.code).toBe(6);
  expect(mixed.result).toMatch(/4\s+nobody\s+error\s+userNotFound/);
  expect(mixed.result).toMatch(/3\s+kato\s+duplicate/);
  expect(read('result.csv').toString()).toMatch(/^\uFEFFLine,Name,Outcome.*\r\n2,kato,changed,created,/);
});

test('standard input, departments that are left out, and a token that confirms them', async () => {
  const file = 'Department Code,Display Name\nsales,Sales\ndev,Dev\n';
  expect((await cli.run('import - --kind departments', file)).code).toBe(0);
  write('less.csv', 'Department Code,Display Name\ndev,*\n');
  const kept = await cli.run('import less.csv --kind departments');
  const token = /--removals (\w+)/.exec(kept.result)?.[1] ?? '';
  expect(kept.result).toMatch(/1 departments stay[\s\S]*Left out\nCODE\s+NAME\nsales\s+Sales/);
  const removed = await cli.json<Import>(`import less.csv --kind departments --removals ${token}`);
  expect(removed).toMatchObject({ actions: { removed: 1 }, leftOut: { removed: true } });
});

test.each([
  ['no file', 'import', 2],
  ['a file and an undo', 'import people.csv --undo x', 2],
  ['a file that is not there', 'import gone.csv', 2],
  ['an unknown kind', 'import people.csv --kind people', 2],
  ['what is no CSV', 'import broken.csv', 2],
  ['an import that is not there', 'import --undo none', 3],
  ['an undo of a dry run', 'import --undo DRY', 4],
  ['an unknown kind of export', 'export people', 2],
  ['an unknown organisation', 'export users --org none', 3],
])('%s ends with its code and a sentence', async (_what, line, code) => {
  write('broken.csv', 'Login Name,Display Name\n"abe,x\n');
  const { id } = line.includes('DRY') ? await cli.json<Import>('import people.csv --dry-run') : { id: '' };
  const outcome = await cli.run(line.replace('DRY', id as string));
  expect([
    outcome.code,
    outcome.talk
      .split('\n')
      .filter((text) => !text.includes('set-up'))
      .join(''),
  ]).toEqual([code, expect.stringMatching(/\w+/)]);
});

test('what an encoding lacks is listed by row and character', async () => {
  write('rare.csv', 'Login Name,Display Name\nrare,𠮷田\n');
  await cli.run('import rare.csv');
  const refused = await cli.run('export users --encoding shift_jis');
  expect([refused.code, refused.result]).toEqual([4, '']);
  expect(refused.talk).toMatch(/displayName rare: 𠮷 \(U\+20BB7\)/);
});
