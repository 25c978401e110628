// Holds the lowest safe versions of what reads XML, SAML, OIDC, JOSE and talks to MongoDB (gate.md 10), in what is installed and in the
// lock file. A version that is lower, or a second copy that could be the one an attacker reaches, fails.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Copy {
  readonly name: string;
  readonly version: string;
  /** Where it lies, below the package's folder. */
  readonly place: string;
}

/** Safe from this version on, within its line of development: every package one line, or several that are still mended. */
interface Floor {
  readonly from: string;
  readonly below?: string;
}

const floors: Readonly<Record<string, readonly Floor[]>> = {
  'xml-crypto': [{ from: '6.3.2', below: '7.0.0' }],
  '@node-saml/node-saml': [{ from: '5.1.0' }],
  '@node-saml/passport-saml': [{ from: '5.1.1' }],
  passport: [{ from: '0.6.0' }],
  '@xmldom/xmldom': [{ from: '0.8.15', below: '0.9.0' }, { from: '0.9.12' }],
  xml2js: [{ from: '0.6.2' }],
  mongoose: [{ from: '6.13.6', below: '7.0.0' }, { from: '7.8.4', below: '8.0.0' }, { from: '8.9.5' }],
  mongodb: [{ from: '7.8.0' }],
  'oidc-provider': [{ from: '9.13.3' }],
  'openid-client': [{ from: '6.9.0' }],
  jose: [{ from: '6.2.18' }],
};

/** Names under which only versions with known holes exist. */
const abandoned: Readonly<Record<string, string>> = {
  xmldom: '@xmldom/xmldom',
  'passport-saml': '@node-saml/passport-saml',
};

/** Everything that is wrong with these copies, one sentence each. */
function findUnsafe(copies: readonly Copy[]): readonly string[] {
  const faults: string[] = [];
  for (const [name, lines] of Object.entries(floors)) {
    const found = copies.filter((copy) => copy.name === name);
    if (found.length === 0) faults.push(`${name} is missing`);
    if (found.length > 1) faults.push(`${name} is there ${found.length} times: ${found.map(describeCopy).join(', ')}`);
    const asked = lines.map(({ from, below }) => `${from} or later${below ? ` below ${below}` : ''}`).join(', or ');
    for (const copy of found.filter(({ version }) => !lines.some((line) => isWithin(version, line)))) {
      faults.push(`${name} is ${describeCopy(copy)}; it must be ${asked}`);
    }
  }
  for (const copy of copies) {
    const successor = Object.hasOwn(abandoned, copy.name) ? abandoned[copy.name] : undefined;
    if (successor !== undefined) faults.push(`${copy.name} (${describeCopy(copy)}) is abandoned; use ${successor}`);
  }
  return faults;
}

function describeCopy({ version, place }: Copy): string {
  return `${version} in ${place}`;
}

function isWithin(version: string, { from, below }: Floor): boolean {
  // A pre-release comes before its version, and a floor is never one.
  if (version.includes('-')) return false;
  return compareVersions(version, from) >= 0 && (below === undefined || compareVersions(version, below) < 0);
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => text.split('.').map(Number));
  for (const i of [0, 1, 2]) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const watched = new Set([...Object.keys(floors), ...Object.keys(abandoned)]);

/** Copies of the watched packages below a folder's node_modules, at any depth. */
function listInstalled(folder: string): readonly Copy[] {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return [];
  const packages = readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((n) => `${name}/${n}`) : [name],
    );
  return packages.flatMap((name) => {
    const place = join(modules, name);
    const copies = listInstalled(place);
    if (!watched.has(name)) return copies;
    const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { version: string };
    return [{ name, version, place: place.slice(root.length) }, ...copies];
  });
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
}

const lockFile = readFileSync(join(root, 'package-lock.json'), 'utf8');
const { packages: locked } = JSON.parse(lockFile) as { packages: Readonly<Record<string, LockedPackage>> };

function listLocked(): readonly Copy[] {
  return Object.entries(locked).flatMap(([place, { version }]) => {
    const name = place.split('node_modules/').at(-1) ?? '';
    return version !== undefined && watched.has(name) ? [{ name, version, place }] : [];
  });
}

describe('the packages a sign-in or a write passes through', () => {
  test('are safe versions, once each, where they are installed', () => {
    expect(findUnsafe(listInstalled(root))).toEqual([]);
  });

  test('are safe versions, once each, in the lock file', () => {
    expect(findUnsafe(listLocked())).toEqual([]);
  });

  test('are the same in both', () => {
    const sorted = (copies: readonly Copy[]) => copies.map((copy) => `${copy.place} ${copy.version}`).sort();
    expect(sorted(listInstalled(root))).toEqual(sorted(listLocked()));
  });

  test.each([
    [
      'a version below the floor',
      'xml-crypto',
      '6.3.1',
      'xml-crypto is 6.3.1 in here; it must be 6.3.2 or later below 7.0.0',
    ],
    [
      'a version of a line nobody has looked at',
      'xml-crypto',
      '7.0.0',
      'xml-crypto is 7.0.0 in here; it must be 6.3.2 or later below 7.0.0',
    ],
    [
      'a version between two mended lines',
      '@xmldom/xmldom',
      '0.9.11',
      '@xmldom/xmldom is 0.9.11 in here; it must be 0.8.15 or later below 0.9.0, or 0.9.12 or later',
    ],
    ['a pre-release', 'jose', '7.0.0-beta.1', 'jose is 7.0.0-beta.1 in here; it must be 6.2.18 or later'],
  ])('%s is refused', (_what, name, version, fault) => {
    const rest = listLocked().filter((copy) => copy.name !== name);
    expect(findUnsafe([...rest, { name, version, place: 'here' }])).toEqual([fault]);
  });

  test('a second copy is refused even if both are safe', () => {
    const second = { name: '@xmldom/xmldom', version: '0.8.15', place: 'there' };
    expect(findUnsafe([...listLocked(), second])).toEqual([
      '@xmldom/xmldom is there 2 times: 0.8.15 in node_modules/@xmldom/xmldom, 0.8.15 in there',
    ]);
  });

  test('an abandoned name is refused whatever its version', () => {
    const copy = { name: 'xmldom', version: '99.0.0', place: 'here' };
    expect(findUnsafe([...listLocked(), copy])).toEqual(['xmldom (99.0.0 in here) is abandoned; use @xmldom/xmldom']);
  });
});

describe('the lock file', () => {
  test('names no address to fetch from: whoever installs decides where from', () => {
    expect(Object.entries(locked).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
    expect(lockFile).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });
});
