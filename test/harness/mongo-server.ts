/**
 * Finds a MongoDB-compatible server for the tests and runs it on a loopback port: MONGODB_URI, mongod, mongo-java-server,
 * FerretDB, in this order. Leaves fetching and building to mongo-builds.ts, faults to mongo-proxy.ts, and which test uses
 * what to mongo-for-tests.ts. Design: "A MongoDB for tests".
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildFerretDb, buildMongoJavaServer, isOnPath } from './mongo-builds.ts';
import { startMongoProxy } from './mongo-proxy.ts';

export type MongoServerKind = 'given' | 'mongod' | 'mongo-java-server' | 'ferretdb';

/** A running server. `close()` ends it; it also ends by itself when this process does. */
export type MongoServer = AsyncDisposable & {
  readonly kind: MongoServerKind;
  /** One sentence for people: which server, and why this one. */
  readonly description: string;
  readonly uri: string;
  close(): Promise<void>;
};

const readyWithin = 60_000;
const tiedProcess = fileURLToPath(new URL('tied-process.mjs', import.meta.url));

/** The first kind this machine can offer, or undefined. Looks at MONGODB_URI and the PATH only; starts nothing. */
export function findMongoServerKind(env: NodeJS.ProcessEnv): MongoServerKind | undefined {
  if (env.MONGODB_URI) return 'given';
  if (isOnPath('mongod', env)) return 'mongod';
  if (isOnPath('java', env) && isOnPath('javac', env) && isOnPath('mvn', env)) return 'mongo-java-server';
  if (isOnPath('go', env)) return 'ferretdb';
  return undefined;
}

/** Starts a server of this kind; the first time on a machine, what it consists of is fetched into the user's cache. */
export async function startMongoServer(kind: MongoServerKind, env: NodeJS.ProcessEnv): Promise<MongoServer> {
  switch (kind) {
    case 'given':
      return toServer(kind, 'the server MONGODB_URI names', env.MONGODB_URI ?? '', async () => {});
    case 'mongod':
      return startMongod(env);
    case 'mongo-java-server':
      return startMongoJavaServer(env);
    case 'ferretdb':
      return startFerretDb(env);
  }
}

async function startMongod(env: NodeJS.ProcessEnv): Promise<MongoServer> {
  const folder = await mkdtemp(join(tmpdir(), 'furlough-mongod-'));
  const port = await findFreePort();
  const settings = ['--dbpath', folder, '--bind_ip', '127.0.0.1', '--port', `${port}`, '--nounixsocket'];
  const command = [tiedProcess, 'mongod', ...settings, '--setParameter', 'enableTestCommands=1'];
  const child = spawn(process.execPath, command, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  await waitForLine(child, /Waiting for connections/);
  return toServer('mongod', 'the mongod on the PATH', `mongodb://127.0.0.1:${port}/`, async () => {
    await endProcess(child);
    await rm(folder, { recursive: true, force: true });
  });
}

async function startMongoJavaServer(env: NodeJS.ProcessEnv): Promise<MongoServer> {
  const build = await buildMongoJavaServer(env);
  // A short-lived server: start fast, compile little, stay small.
  const machine = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx768m'];
  const logging = '-Dslf4j.internal.verbosity=ERROR';
  const command = [...machine, logging, '-cp', build.classPath, build.mainClass];
  const child = spawn('java', command, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [, port = ''] = await waitForLine(child, /^listening (\d+)$/);
  const description = `mongo-java-server ${build.version} in memory (no MONGODB_URI, no mongod on the PATH)`;
  return toServer('mongo-java-server', description, `mongodb://127.0.0.1:${port}/`, () => endProcess(child));
}

async function startFerretDb(env: NodeJS.ProcessEnv): Promise<MongoServer> {
  const build = await buildFerretDb(env);
  const folder = await mkdtemp(join(tmpdir(), 'furlough-ferretdb-'));
  const child = spawn(build.program, [folder], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [, port = ''] = await waitForLine(child, /^listening (\d+)$/);
  // FerretDB reads and writes back in two steps: two guarded updates can both win unless each has the server to itself.
  const proxy = await startMongoProxy(`mongodb://127.0.0.1:${port}/`, { oneAtATime: true });
  const description = `FerretDB ${build.version} on SQLite, one command at a time`;
  return toServer('ferretdb', description, proxy.uri(), async () => {
    await proxy.close();
    await endProcess(child);
    await rm(folder, { recursive: true, force: true });
  });
}

function toServer(kind: MongoServerKind, description: string, uri: string, close: () => Promise<void>): MongoServer {
  return { kind, description, uri, close, [Symbol.asyncDispose]: close };
}

async function waitForLine(child: ChildProcess, line: RegExp): Promise<RegExpExecArray> {
  if (!child.stdout) throw new Error('the output of the server is not readable');
  const lines = createInterface({ input: child.stdout });
  const found = new Promise<RegExpExecArray>((resolve) => {
    lines.on('line', (text) => {
      const match = line.exec(text);
      if (match) resolve(match);
    });
  });
  return orFailure(child, found);
}

/** Waits for readiness, but not for a server that has ended or says nothing for a minute. */
async function orFailure<T>(child: ChildProcess, ready: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const { promise: late, reject } = withRejection();
  const timer = setTimeout(() => reject(new Error(`the server was not ready in ${readyWithin} ms`)), readyWithin);
  const ended = once(child, 'exit', { signal: stop.signal }).then(([code]) => {
    throw new Error(`the server ended with ${code} before it was ready`);
  });
  ended.catch(() => {});
  try {
    return await Promise.race([ready, ended, late]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

function withRejection(): { readonly promise: Promise<never>; readonly reject: (error: Error) => void } {
  let reject = (_error: Error): void => {};
  const promise = new Promise<never>((_, fail) => (reject = fail));
  return { promise, reject };
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.stdin?.end();
  await gone;
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
