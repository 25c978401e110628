/**
 * Real reverse proxies for tests: nginx from the PATH, Caddy built once per machine into the user's cache folder. A machine without them skips these
 * tests and says so; under CI that is a failure.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { isOnPath } from './mongo-builds.ts';

const caddyVersion = '2.11.9';

export interface RunningProxy {
  stop(): Promise<void>;
}

/** `describe`, for what needs these programs. `CI` makes their absence a failure of its own. */
export function describeWithPrograms(programs: readonly string[], name: string, suite: () => void): void {
  const missing = programs.filter((program) => !isOnPath(program, process.env));
  if (missing.length === 0) describe(name, suite);
  else if (process.env['CI'] === 'true') {
    describe(name, () =>
      test(`needs ${programs.join(', ')}`, () => {
        throw new Error(`not on the PATH: ${missing.join(', ')}`);
      }),
    );
  } else {
    console.warn(`SKIPPED: ${name}: not on the PATH: ${missing.join(', ')}`);
    describe.skip(name, suite);
  }
}

/** The one block of this language in a guide, with addresses replaced by the test's; every one of them must be there. */
export async function readSnippet(
  guide: string,
  language: string,
  replacements: Readonly<Record<string, string>>,
): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(`../../docs/protect/${guide}.md`, import.meta.url)), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))];
  const [first, ...others] = blocks.map((block) => block[1] ?? '');
  let snippet = first;
  if (snippet === undefined || others.length > 0) throw new Error(`${guide}: not one block of ${language}`);
  for (const [from, to] of Object.entries(replacements)) {
    if (!snippet.includes(from)) throw new Error(`${guide}: ${from} is not in the snippet`);
    snippet = snippet.replaceAll(from, to);
  }
  return snippet;
}

/** nginx with this inside its `http` block; up when `port` takes connections. */
export async function startNginx(http: string, port: number): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'furlough-nginx-'));
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const configuration = `${user} daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 128; }
http { access_log off; ${places.join(' ')}
${http}
}`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const options = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  return watch(spawn('nginx', options, { stdio: ['ignore', 'ignore', 'pipe'] }), port, folder);
}

/** Caddy with this Caddyfile; up when `port` takes connections. */
export async function startCaddy(caddyfile: string, port: number): Promise<RunningProxy> {
  const program = await buildCaddy();
  const folder = await mkdtemp(join(tmpdir(), 'furlough-caddy-'));
  await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}\n${caddyfile}`);
  const child = spawn(program, ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], {
    env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return watch(child, port, folder);
}

/** Builds beside and renames, so that two runs at once never see half a build. */
export async function buildCaddy(): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'furlough-test');
  const folder = join(cache, `caddy-${caddyVersion}`);
  if (existsSync(folder)) return join(folder, 'caddy');
  mkdirSync(cache, { recursive: true });
  const work = await mkdtemp(`${folder}.part-`);
  try {
    await promisify(execFile)('go', ['install', `github.com/caddyserver/caddy/v2/cmd/caddy@v${caddyVersion}`], {
      env: { ...process.env, GOBIN: work },
      maxBuffer: 64 * 1024 * 1024,
    });
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    return join(folder, 'caddy');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function watch(child: ChildProcess, port: number, folder: string): Promise<RunningProxy> {
  let said = '';
  child.stderr?.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-4_000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error('it ended');
      return takesConnections(port);
    });
  } catch (error) {
    await stop();
    throw new Error(`the proxy does not answer: ${said}`, { cause: error });
  }
  return { stop };
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
