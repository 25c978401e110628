// The launcher and the server as processes of their own: exit codes, signals, and two starts on one file.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '#config/load-config.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { openSession } from '#gate/sessions/session.ts';
import { createLogger } from '#observability/logger.ts';
import { createServer } from '#server.ts';

const launcher = fileURLToPath(new URL('../../src/cli/furlough.mjs', import.meta.url));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Resolves with the first match in what the process said on standard error. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

function start(folder: string, args: readonly string[], environment: Record<string, string> = {}): Running {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [launcher, ...args], { cwd: folder, env: { PATH, ...environment } });
  children.push(child);
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
    for (const look of waiting) look();
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(stderr);
        if (found === null) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`ended before it said ${pattern}: ${stderr}`)));
    });
  return { child, ended, says };
}

const emptyFolder = () => mkdtempSync(join(tmpdir(), 'furlough-process-'));

test('the launcher runs a command and hands on its exit code', async () => {
  const folder = emptyFolder();
  expect(await start(folder, ['check', '--json']).ended).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"configuration":"ok"'),
  });
  expect(await start(folder, ['check'], { PORT: 'x' }).ended).toMatchObject({ code: 2, stdout: '' });
});

test('serve: says where it is and how to begin, is ready, stops in order on SIGTERM with 0; commands work beside it', async () => {
  const folder = emptyFolder();
  const server = start(folder, ['serve'], { PORT: '0', FURLOUGH_LOG_LEVEL: 'warn' });
  const [, origin = ''] = await server.says(/Furlough is at (http:\S+)/);
  await server.says(/SCIM base URL: +http/);
  expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({ status: 'ready' });
  const key = (await start(folder, ['admin', 'create', '--name', 'me']).ended).stdout.trim();
  const answer = await fetch(`${origin}/api/v1/organizations`, { headers: { authorization: `Bearer ${key}` } });
  expect(await answer.json()).toMatchObject({ items: [{ id: 'default' }] });

  expect(await start(folder, ['serve'], { PORT: '0' }).ended).toMatchObject({ code: 2 });

  server.child.kill('SIGTERM');
  const { code, stdout, stderr } = await server.ended;
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain(key);
});

test('beside a running server: what a command ends or removes is refused by the server from then on', async () => {
  const folder = emptyFolder();
  const server = start(folder, ['serve'], { PORT: '0', FURLOUGH_LOG_LEVEL: 'warn' });
  const [, origin = ''] = await server.says(/Furlough is at (http:\S+)/);
  const at = 'default' as OrganizationId;
  const beside = createServer(loadConfig({}, folder), { logger: createLogger({ level: 'silent' }) });
  const { admin } = await beside.open();
  const connection = 'default' as ConnectionId;
  const by = { actor: { kind: 'connection', connection }, mouth: 'scimPost' } as const;
  const request = { profile: { userName: 'aoki' }, active: true, connection, restore: true };
  const { user } = await admin.provisioning.provisionUser(at, request, by);
  const opened = { organizationId: at, userId: user.id, epoch: user.epoch, connection };
  const tokens = [await openSession(admin.gate, opened), await openSession(admin.gate, opened)];
  await beside.stop();
  const statuses = () =>
    Promise.all(
      tokens.map(
        async (token) =>
          (await fetch(`${origin}/sso/session`, { headers: { cookie: `furlough-session=${token}` } })).status,
      ),
    );
  expect(await statuses()).toEqual([200, 200]);
  const listed = await start(folder, ['session', 'list', 'aoki', '--json']).ended;
  const [{ id }] = JSON.parse(listed.stdout) as [{ id: string }];
  expect(await start(folder, ['session', 'end', 'aoki', id]).ended).toMatchObject({ code: 0 });
  expect((await statuses()).toSorted((a, b) => a - b)).toEqual([200, 401]);
  expect(await start(folder, ['session', 'end-all', 'aoki']).ended).toMatchObject({ code: 0 });
  expect(await statuses()).toEqual([401, 401]);

  const redirect = ['--redirect-uri', 'https://wiki.example.com/cb'];
  const created = await start(folder, ['app', 'create', '--name', 'Wiki', ...redirect]).ended;
  const introspect = async () =>
    (
      await fetch(`${origin}/oidc/default/token/introspection`, {
        method: 'POST',
        body: new URLSearchParams({ token: 'x' }),
        headers: { authorization: `Basic ${Buffer.from(`wiki:${created.stdout.trim()}`).toString('base64')}` },
      })
    ).status;
  expect(await introspect()).toBe(200);
  expect(await start(folder, ['app', 'remove', 'wiki']).ended).toMatchObject({ code: 0 });
  expect(await introspect()).toBe(401);
});

test('serve: a port in use is a fault of the configuration, 2', async () => {
  const first = start(emptyFolder(), ['serve'], { PORT: '0' });
  const [, origin = ''] = await first.says(/Furlough is at (http:\S+)/);
  const second = await start(emptyFolder(), ['serve'], { PORT: new URL(origin).port }).ended;
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('EADDRINUSE') });
});
