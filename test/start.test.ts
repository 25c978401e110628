/**
 * `npm start` on its own command line: what it prints, that it comes back on the same data, and that a second one on that data refuses.
 * How long and how much is measured and printed; only the long run holds it to the promised limits.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './harness/running-server.ts';
import { endPrograms, startProgram, type StartedProgram } from './package/started-program.ts';
import { isFull } from './harness/test-scale.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const data = mkdtempSync(join(tmpdir(), 'furlough-start-'));

/** What npm would run, without npm: its lines are plain words. */
function lineOf(script: string): readonly string[] {
  const line = scripts[script] ?? '';
  expect(line).toMatch(/^[\w./=-]+( [\w./=-]+)+$/);
  return line.split(' ');
}

async function start(environment: Readonly<Record<string, string>> = {}): Promise<StartedProgram & { url: string }> {
  const port = String(await findFreePort());
  const given = { PORT: port, FURLOUGH_STORAGE: `sqlite:${join(data, 'furlough.db')}`, FURLOUGH_LOG_LEVEL: 'warn' };
  const program = startProgram(lineOf('start'), { cwd: root, environment: { ...given, ...environment } });
  return { ...program, url: `http://localhost:${port}` };
}

function build(): void {
  const [, ...rest] = lineOf('prestart');
  execFileSync(process.execPath, rest, { cwd: root, stdio: 'pipe' });
}

beforeAll(build, 240_000);

afterAll(async () => {
  await endPrograms();
  rmSync(data, { recursive: true, force: true });
});

test('what is built already is not built again', () => {
  const built = join(root, 'dist/package.json');
  const before = statSync(built);
  build();
  expect(statSync(built).ino).toBe(before.ino);
});

test('the first start prepares an empty folder and says where everything is, a later one says no secret again', async () => {
  const first = await start();
  await first.waitFor(`${first.url}/readyz`);
  expect(first.output()).toContain(`${first.url}/scim/v2`);
  expect(first.output()).toContain(`${first.url}/console/`);
  expect(readdirSync(data)).toEqual(expect.arrayContaining(['furlough.db', 'secret']));
  expect(statSync(join(data, 'secret')).mode & 0o077).toBe(0);
  expect(await first.end('SIGTERM')).toBe(0);

  const later = await start();
  await later.waitFor(`${later.url}/readyz`);
  expect(later.output()).toContain(later.url);
  expect(later.output()).not.toMatch(/code=|scim\/v2/);
  expect(await later.end('SIGINT')).toBe(0);
});

test('a second server on the same file refuses with exit code 2 and says why; the first one goes on', async () => {
  const first = await start();
  await first.waitFor(`${first.url}/readyz`);
  const second = await start();
  expect(await second.ended).toBe(2);
  expect(second.output()).toContain(join(data, 'furlough.db'));
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  expect(await first.end('SIGTERM')).toBe(0);
});

test('a port that is taken is told as such, with exit code 2', async () => {
  const first = await start();
  await first.waitFor(`${first.url}/readyz`);
  const second = await start({ PORT: new URL(first.url).port, FURLOUGH_STORAGE: 'sqlite::memory:' });
  expect(await second.ended).toBe(2);
  expect(second.output()).toContain(new URL(first.url).port);
  expect(await first.end('SIGTERM')).toBe(0);
});

test('a restart says how long it took, and an idle server is small', async () => {
  const begun = performance.now();
  const server = await start();
  await server.waitFor(`${server.url}/readyz`);
  const readyMs = Math.round(performance.now() - begun);
  // What is only there for the first moments of a start is no longer there after this.
  for (let i = 0; i < 20; i += 1) await (await fetch(`${server.url}/livez`)).text();
  const megabytes = residentMegabytesOf(server.pid);
  const measured = megabytes === undefined ? 'not measured on this system' : `${megabytes} MB`;
  console.info(`npm start: ready after ${readyMs} ms, resident memory ${measured}`);
  expect(readyMs).toBeGreaterThan(0);
  if (isFull && megabytes !== undefined) expect(megabytes).toBeLessThan(150);
  expect(await server.end('SIGTERM')).toBe(0);
});

/** From the kernel's own account, on Linux. */
function residentMegabytesOf(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Math.round((Number(kilobytes) * 1024) / 1e6);
  } catch {
    return undefined;
  }
}
