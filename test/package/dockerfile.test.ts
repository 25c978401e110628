/**
 * The Dockerfile without a container engine: its own lines are carried out in an empty folder, and what comes out is started with its CMD as
 * another user on a tree nobody may write to. It runs on the Node that runs the tests; which Node the image has is the FROM line's word.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage, readDockerfile, type Image } from './dockerfile-stages.ts';
import { findFreePort } from '../harness/running-server.ts';
import { endPrograms, startProgram } from './started-program.ts';

const context = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'furlough-image-'));
/** Only root can become somebody else; others run it as themselves, on the same tree without write permission. */
const isRoot = process.getuid?.() === 0;
const someoneElse = 65_534;
let image: Image;

beforeAll(() => {
  chmodSync(work, 0o755);
  image = buildImage(context, work, (line, folder) => {
    const [program] = line.split(' ');
    // npm ci would fetch 300 MB; the same lock file gives the same packages that lie here already.
    if (line.startsWith('npm ci')) return linkPackages(folder);
    // The base image's own folders and its user exist in a container only.
    mkdirSync(join(folder, '../usr/local/bin'), { recursive: true });
    if (program !== 'mkdir' && program !== 'ln') return false;
    const withoutUser = line.replaceAll(
      'node:node',
      isRoot ? `${someoneElse}:${someoneElse}` : `${process.getuid?.()}:${process.getgid?.()}`,
    );
    execFileSync('/bin/sh', ['-c', withoutUser.replace(/(^|\s)\/(?=\w)/g, `$1${join(folder, '..')}/`)], {
      cwd: folder,
    });
    return true;
  });
  makeReadOnly(image.folder);
}, 240_000);

afterAll(async () => {
  await endPrograms();
  execFileSync('chmod', ['-R', 'u+w', work]);
  rmSync(work, { recursive: true, force: true });
});

/** Links, not copies: npm prune only removes names. Its own list it writes anew, so that one is copied. */
function linkPackages(folder: string): boolean {
  const lock = 'package-lock.json';
  expect(readFileSync(join(folder, lock), 'utf8')).toBe(readFileSync(join(context, lock), 'utf8'));
  execFileSync('cp', ['-a', isSameDevice() ? '-l' : '-R', join(context, 'node_modules'), folder]);
  const list = 'node_modules/.package-lock.json';
  if (!existsSync(join(context, list))) return true;
  rmSync(join(folder, list));
  cpSync(join(context, list), join(folder, list));
  return true;
}

function isSameDevice(): boolean {
  return lstatSync(work).dev === lstatSync(join(context, 'node_modules')).dev;
}

function makeReadOnly(folder: string): void {
  execFileSync('chmod', ['-R', 'a-w,a+rX', folder]);
}

function start(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return startProgram(command, {
    cwd: image.folder,
    environment: { ...inFolder(image.environment), ...environment },
    ...(isRoot ? { uid: someoneElse } : {}),
  });
}

/** Volumes lie below the image's root here. */
function inFolder(environment: Readonly<Record<string, string>>): Record<string, string> {
  const placed = Object.entries(environment).map(([name, value]) => [
    name,
    image.volumes.reduce((text, volume) => text.replace(`${volume}/`, `${join(image.root, volume)}/`), value),
  ]);
  return Object.fromEntries(placed) as Record<string, string>;
}

describe('the image', () => {
  test('has what runs and nothing that builds or tests', () => {
    const packages = readdirSync(join(image.folder, 'node_modules'));
    expect(readdirSync(image.folder).sort()).toEqual(['dist', 'node_modules', 'package.json']);
    expect(packages).toEqual(expect.arrayContaining(['express', 'mongoose']));
    const tools = ['typescript', 'jest', '@swc/core', '@biomejs/biome', 'fast-check', 'oxlint', 'autocannon'];
    expect(tools.filter((name) => existsSync(join(image.folder, 'node_modules', name)))).toEqual([]);
    const compiled = readdirSync(join(image.folder, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(compiled.filter((file) => /(?<!\.d)\.ts$/.test(file))).toEqual([]);
  });

  test('has everything beside the compiled sources that they read at run time', () => {
    const beside = readdirSync(join(context, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.(mjs|json)$/.test(file),
    );
    expect(beside).toEqual(expect.arrayContaining([expect.stringMatching(/-worker\.mjs$/), 'messages/en.json']));
    expect(beside.filter((file) => !existsSync(join(image.folder, 'dist', file)))).toEqual([]);
  });

  test('serves as somebody who may write nowhere but in its volume, is healthy, and stops in order', async () => {
    expect(image.user).toBe('node');
    expect(image.volumes).toEqual(['/data']);
    const port = String(await findFreePort());
    const server = start(image.command, { PORT: port });
    await server.waitFor(`http://127.0.0.1:${port}/livez`);
    await server.waitFor(`http://127.0.0.1:${port}/readyz`);
    expect(readdirSync(join(image.root, 'data'))).toEqual(expect.arrayContaining(['furlough.db', 'secret']));
    const refused = await fetch(`http://127.0.0.1:${port}/scim/v2/Users`);
    expect(refused.status).toBe(401);

    const healthy = await start(image.healthCheck, { PORT: port }).ended;
    const unhealthy = await start(image.healthCheck, { PORT: String(await findFreePort()) }).ended;
    expect([healthy, unhealthy]).toEqual([0, 1]);

    expect(await server.end('SIGTERM')).toBe(0);
    expect(() => readFileSync(join(image.folder, 'data'))).toThrow();
  });

  test('refuses a wrong configuration with exit code 2', async () => {
    const server = start(image.command, { FURLOUGH_LOG_LEVEL: 'loud' });
    expect(await server.ended).toBe(2);
    expect(server.output()).toContain('FURLOUGH_LOG_LEVEL');
  });

  test('has the command furlough on its path', async () => {
    const command = join(image.root, 'usr/local/bin/furlough');
    const shown = start([command, 'organization', 'list', '--json']);
    expect([await shown.ended, shown.output()]).toEqual([0, expect.stringContaining('"default"')]);
  });
});

describe('the compiled package', () => {
  test('can be imported by its name from a project of plain JavaScript', async () => {
    const project = mkdtempSync(join(work, 'project-'));
    chmodSync(project, 0o755);
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(image.folder, join(project, 'node_modules/furlough'));
    writeFileSync(
      join(project, 'app.mjs'),
      "import { createServer } from 'furlough/server';\nconsole.log(typeof createServer);\n",
    );
    const run = startProgram(['node', 'app.mjs'], { cwd: project, environment: {} });
    expect([await run.ended, run.output()]).toEqual([0, 'function\n']);
  });
});

describe('the reader of the Dockerfile', () => {
  test('refuses an instruction it does not know, so that none goes unchecked', () => {
    const folder = mkdtempSync(join(work, 'unknown-'));
    cpSync(join(context, 'Dockerfile'), join(folder, 'Dockerfile'));
    appendFileSync(join(folder, 'Dockerfile'), 'ONBUILD RUN true\n');
    expect(readDockerfile(folder).at(-1)?.steps.at(-1)).toEqual({ word: 'ONBUILD', text: 'RUN true' });
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nONBUILD RUN true\n');
    expect(() => buildImage(folder, join(folder, 'out'), () => true)).toThrow(
      'ONBUILD RUN true: this instruction is not known here.',
    );
  });

  test('refuses to copy what .dockerignore keeps out', () => {
    const folder = mkdtempSync(join(work, 'ignored-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY secret ./\n');
    writeFileSync(join(folder, 'secret'), '');
    writeFileSync(join(folder, '.dockerignore'), 'secret\n');
    expect(() => buildImage(folder, join(folder, 'out'), () => true)).toThrow(
      'COPY secret: .dockerignore keeps it out.',
    );
  });
});
