// A kind of record that is not on the list of record-kinds.ts has no table at start, and nobody sweeps its expired records.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordKinds } from '#record-kinds.ts';

const source = fileURLToPath(new URL('../src', import.meta.url));
// What an adapter keeps a port of its own in, it opens by itself.
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith(join('storage', 'mongo')))
  .map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }));

/** `export const sessionRecords: RecordKind<Session>`, also without `export`, and with `satisfies`. */
const declaration =
  /(?:^|\n)(?:export )?const (\w+)(?:\s*:\s*RecordKind<|(?:(?!\n(?:const|export|function) )[\s\S])*?satisfies RecordKind<)/g;
const declared = files.flatMap(({ file, text }) =>
  [...text.matchAll(declaration)].map((match) => ({ file, constant: match[1] ?? '' })),
);

test('the search finds the kinds that certainly exist', () => {
  expect(declared.map(({ constant }) => constant)).toEqual(
    expect.arrayContaining(['sessionRecords', 'attemptRecords', 'connectionRecords', 'deadLetterRecords']),
  );
});

test.each(declared)('$constant of $file is on the list', async ({ file, constant }) => {
  const module: unknown = await import(join(source, file));
  const kind = (module as Readonly<Record<string, { readonly name: string } | undefined>>)[constant];
  // Undefined: declared but not exported, so the list cannot have it.
  expect(kind).toBeDefined();
  expect(recordKinds).toContain(kind);
});

test('the list has every kind once, and none that is gone', () => {
  expect(new Set(recordKinds.map(({ name }) => name)).size).toBe(recordKinds.length);
  expect(recordKinds).toHaveLength(declared.length);
});

test('whoever opens a store of records names a kind that is declared', () => {
  const known = new Set(declared.map(({ constant }) => constant));
  const asked = files.flatMap(({ text }) =>
    [...text.matchAll(/\.records\((\w+Records)\b/g)].map((match) => match[1] ?? ''),
  );
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((constant) => !known.has(constant))).toEqual([]);
});
