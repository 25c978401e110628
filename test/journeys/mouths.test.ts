// The registered list of mouths (L01): whoever changes a status goes through commitUserChange, and every mouth that can switch someone off is
// tested as a way out.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mouths } from '#directory/actor.ts';
import { credentialKinds } from '#directory/credential.ts';
import { ownedKinds, withoutDoor } from './owned-credentials.ts';
import { cannotSwitchOff, triedWithOwnClock, waysOut } from './ways-out.ts';

const source = join(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const textOf = (file: string): string => readFileSync(join(source, file), 'utf8');
const filesWith = (pattern: RegExp): string[] => files.filter((file) => pattern.test(textOf(file))).sort();

test('L01 commitUserChange is called by these and nobody else', () => {
  expect(filesWith(/\bcommitUserChange\(/)).toEqual([
    'provisioning/change-user.ts',
    'provisioning/commit-user-change.ts',
    'provisioning/provision-user.ts',
  ]);
});

test('L01 a user is written to storage by these and nobody else', () => {
  // The first one changes nothing of a person but the budget that the seat is charged to.
  expect(filesWith(/\busers\s*\.commit\(/)).toEqual([
    'provisioning/charge-people.ts',
    'provisioning/commit-user-change.ts',
    'provisioning/seat-queue.ts',
  ]);
});

test('L01 every mouth that is named in the source is registered, and every registered one is named', () => {
  const named = new Set(
    files.flatMap((file) => [...textOf(file).matchAll(/\bmouth: '(\w+)'/g)].map(([, name]) => name)),
  );
  const registered = new Set<string>(mouths);
  expect([...named].filter((name) => !registered.has(name ?? ''))).toEqual([]);
  const text = files
    .filter((file) => file !== 'directory/actor.ts')
    .map(textOf)
    .join('\n');
  expect(mouths.filter((mouth) => !text.includes(`'${mouth}'`))).toEqual([]);
});

test('L01 every mouth is a tested way out, or it is said why it can switch nobody off', () => {
  const elsewhere = Object.entries(triedWithOwnClock);
  for (const [, file] of elsewhere) expect(readFileSync(file, 'utf8')).toContain("test('L01 ");
  const tested = new Set<string>([...waysOut.map((way) => way.mouth), ...elsewhere.map(([mouth]) => mouth)]);
  expect(mouths.filter((mouth) => !tested.has(mouth) && cannotSwitchOff[mouth] === undefined)).toEqual([]);
  expect(mouths.filter((mouth) => tested.has(mouth) && cannotSwitchOff[mouth] !== undefined)).toEqual([]);
});

test('L01 every kind of credential a person may own is tried after each way out, or it is said why no door takes it', () => {
  const tried = new Set(ownedKinds);
  expect(credentialKinds.filter((kind) => !tried.has(kind) && withoutDoor[kind] === undefined)).toEqual([]);
  expect(credentialKinds.filter((kind) => tried.has(kind) && withoutDoor[kind] !== undefined)).toEqual([]);
  const kindsAtDoors = files.flatMap((file) => [...textOf(file).matchAll(/\.authenticate\([\w.]+, \[([^\]]*)\]/g)]);
  const asked = new Set(
    kindsAtDoors.flatMap(([, kinds = '']) => kinds.split(',').map((kind) => kind.trim().slice(1, -1))),
  );
  expect(asked.size).toBeGreaterThan(2);
  expect([...asked].filter((kind) => !tried.has(kind as never))).toEqual([]);
});
