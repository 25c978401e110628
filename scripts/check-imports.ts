/**
 * Holds the floors of the house: who may import whom, and which outside library lives in which room.
 * The tables below are the map of docs/design; everything after them only reads files and compares. Leaves whether an
 * import resolves at all to the type checker.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCircles, listImports } from './read-imports.ts';

/** Floors, highest first: a file imports its own folder and floors below, never a neighbour on its own floor. */
const floors: readonly (readonly string[])[] = [
  ['main.ts'],
  ['cli/'],
  ['server.ts'],
  ['build-house.ts'],
  ['scheduled-work.ts', 'effect-carriers.ts'],
  ['record-kinds.ts'],
  ['scim/', 'hr/', 'admin/'],
  ['gate/', 'import-export/'],
  ['provisioning/'],
  ['signals/', 'notices/'],
  ['audit/', 'secrets/', 'http/', 'background-jobs.ts', 'later-work.ts'],
  ['storage/'],
  ['directory/', 'config/', 'observability/', 'messages/', 'breath.ts', 'canonical-json.ts', 'version.ts'],
];

/** Rooms that import nothing outside themselves, not even from Node: they do no I/O. */
const closedRooms: readonly string[] = ['directory/', 'scim/protocol/'];

/** Rooms that stand beside the floors and see only this much of the house (outside libraries are free). */
const annexes: Readonly<Record<string, readonly string[]>> = {
  'console/': ['admin/admin-contract.ts', 'messages/'],
};

/** Rooms that only these files may import, in whatever way. */
const guests: Readonly<Record<string, readonly string[]>> = {
  'storage/mongo/': ['server.ts'],
  'storage/sqlite/': ['server.ts'],
};

/** Each outside library has its room: a folder, or an ending of the file name. */
const httpRooms = ['http/', '-router.ts', '-endpoints.ts'];
const libraries: Readonly<Record<string, readonly string[]>> = {
  mongoose: ['storage/mongo/'],
  mongodb: ['storage/mongo/'],
  bson: ['storage/mongo/'],
  '@photostructure/sqlite': ['storage/sqlite/'],
  'node:sqlite': ['storage/sqlite/'],
  passport: ['gate/connections/', 'gate/middleware/'],
  '@node-saml/node-saml': ['gate/connections/saml/'],
  '@node-saml/passport-saml': ['gate/connections/saml/'],
  'xml-crypto': ['gate/connections/saml/'],
  '@xmldom/xmldom': ['gate/connections/saml/'],
  'temporal-polyfill': ['provisioning/leave-dates.ts'],
  sax: ['gate/connections/saml/'],
  'openid-client': ['gate/connections/oidc/'],
  'oidc-provider': ['gate/openid-provider/'],
  jose: ['secrets/'],
  nodemailer: ['notices/mailer.ts'],
  'csv-parse': ['import-export/csv-reading.ts'],
  'csv-stringify': ['import-export/csv-writing.ts'],
  'encoding-japanese': ['import-export/text-encoding.ts'],
  'cli-progress': ['cli/'],
  express: httpRooms,
};

/** Who may name a library's types, and nothing else of it, outside its room: they hand its objects on. */
const namers: Readonly<Record<string, readonly string[]>> = {
  express: ['gate/', 'server.ts', 'build-house.ts'],
};

/**
 * Everything that is wrong, one line each, sorted; empty if the house stands.
 * @param sources the files under src/: path with forward slashes, relative to src/, to text.
 */
export function checkImports(sources: ReadonlyMap<string, string>): readonly string[] {
  const violations: string[] = [];
  const arrows = new Map<string, string[]>();
  for (const [file, text] of sources) {
    if (!isPlaced(file)) violations.push(`${file}: is on no floor of the map`);
    const inside: string[] = [];
    for (const { specifier, typeOnly } of listImports(file, text)) {
      const target = specifier === undefined ? undefined : resolve(file, specifier);
      const reason =
        specifier === undefined ? 'an import whose target is computed' : judge(file, specifier, target, typeOnly);
      if (reason) violations.push(`${file}: ${reason}`);
      if (target !== undefined) inside.push(target);
    }
    arrows.set(file, inside);
  }
  for (const circle of findCircles(arrows)) violations.push(`${circle[0]}: circle ${circle.join(' -> ')}`);
  return [...new Set(violations)].sort();
}

/** Why this import is wrong, or undefined. `target` is the path under src/, undefined for a library. */
function judge(file: string, specifier: string, target: string | undefined, typeOnly: boolean): string | undefined {
  const closed = closedRooms.find((room) => file.startsWith(room));
  // A digest is arithmetic, not I/O: entity tags come from the content by one.
  const isDigest = closed === 'scim/protocol/' && specifier === 'node:crypto';
  if (closed && !isDigest && !target?.startsWith(closed))
    return `imports ${specifier}, but ${closed} imports nothing outside itself`;
  if (target === undefined) return judgeLibrary(file, specifier, typeOnly);
  // The launcher runs what src/ was compiled to, where that is newer than the sources.
  if (file === 'cli/furlough.mjs' && target === '../dist/cli/program.js') return undefined;
  if (target.startsWith('..')) return `imports ${specifier}, which is outside src/`;
  for (const [room, allowed] of Object.entries(guests)) {
    if (target.startsWith(room) && !file.startsWith(room) && !allowed.includes(file)) {
      return `imports ${target}, which only ${allowed.join(', ')} may`;
    }
  }
  for (const [annex, allowed] of Object.entries(annexes)) {
    if (file.startsWith(annex)) {
      if (target.startsWith(annex) || allowed.some((room) => isIn(target, room))) return undefined;
      return `imports ${target}, but ${annex} sees only ${allowed.join(', ')}`;
    }
    if (target.startsWith(annex)) return `imports ${target}, but nothing imports ${annex}`;
  }
  const [from, to] = [placeOf(file), placeOf(target)];
  if (!from || !to || from.room === to.room) return undefined;
  if (to.floor < from.floor) return `imports ${target}, which is on a higher floor`;
  return to.floor === from.floor ? `imports ${target}, a neighbour on the same floor` : undefined;
}

function judgeLibrary(file: string, specifier: string, typeOnly: boolean): string | undefined {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (typeOnly && Object.hasOwn(namers, name) && namers[name]?.some((room) => isIn(file, room))) return undefined;
  const rooms = Object.hasOwn(libraries, name) ? libraries[name] : undefined;
  if (!rooms || rooms.some((room) => (room.startsWith('-') ? file.endsWith(room) : isIn(file, room)))) return undefined;
  return `imports ${name}, whose room is ${rooms.map((room) => (room.startsWith('-') ? `*${room}` : room)).join(', ')}`;
}

function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : undefined;
}

function placeOf(path: string): { readonly floor: number; readonly room: string } | undefined {
  for (const [floor, rooms] of floors.entries()) {
    const room = rooms.find((candidate) => isIn(path, candidate));
    if (room) return { floor, room };
  }
  return undefined;
}

function isPlaced(file: string): boolean {
  return placeOf(file) !== undefined || Object.keys(annexes).some((annex) => file.startsWith(annex));
}

function isIn(path: string, room: string): boolean {
  return room.endsWith('/') ? path.startsWith(room) : path === room;
}

function readSources(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const code = files.filter((file) => ['.ts', '.tsx', '.mjs', '.js'].includes(extname(file)));
  return new Map(code.sort().map((file) => [file.split(sep).join('/'), readFileSync(join(folder, file), 'utf8')]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../src', import.meta.url));
  const violations = checkImports(readSources(folder));
  for (const violation of violations) console.error(`${relative(process.cwd(), folder)}/${violation}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
