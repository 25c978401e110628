import { readFileSync } from 'node:fs';
import { completeLock } from '../../scripts/complete-lock.ts';

type Lock = Parameters<typeof completeLock>[0];

test('the lock file names every optional dependency, so that a clean install accepts it on any registry', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const lock = JSON.parse(text) as Lock;
  const missing = Object.keys(completeLock(lock).packages).filter((path) => !(path in lock.packages));
  expect(missing).toEqual([]);
});

test('the lock file holds no address of a registry', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  expect(text).not.toContain('"resolved"');
});

test('a missing binary is entered by version and platform, and nothing else changes', () => {
  const tool = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { '@tool/linux-x64-musl': '1.0.0', '@tool/a': '1.0.0' },
  };
  const there = { 'node_modules/tool': tool, 'node_modules/tool/node_modules/@tool/a': { version: '1.0.0' } };
  const added = { version: '1.0.0', os: ['linux'], cpu: ['x64'], libc: ['musl'], dev: true, optional: true };
  expect(completeLock({ packages: there }).packages).toEqual({ ...there, 'node_modules/@tool/linux-x64-musl': added });
});

test('an optional dependency whose name says no platform is refused', () => {
  const packages = { 'node_modules/tool': { optionalDependencies: { extra: '1.0.0' } } };
  expect(() => completeLock({ packages })).toThrow('extra: its name does not say');
});
