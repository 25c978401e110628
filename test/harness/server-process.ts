// A whole server in a process of its own, as `npm start` runs it: it can be killed, paused and started again on the same store, and ends with
// the test. The organisation is `default`, made by the bootstrap variables.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSession } from '#gate/sessions/session.ts';
import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { createServer, loadConfig, type House, type Server } from '#server.ts';
import { endPrograms, startProgram, type StartedProgram } from '../package/started-program.ts';
import { requireTestMongo } from './mongo-for-tests.ts';
import { findFreePort, type Answer, type StorageKind } from './running-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const adminKey = 'process-admin-key-0123456789-0123456789';
const scimToken = 'process-scim-token-0123456789-0123456789';
export const organization = 'default' as OrganizationId;

/** Compiles what `npm start` would compile. For `beforeAll`. */
export function buildProgram(): void {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale'], { cwd: root, stdio: 'pipe' });
}

/** A store that outlives the processes on it. */
export interface ProcessStore {
  readonly environment: Readonly<Record<string, string>>;
  /** The SQLite file, if it is one. */
  readonly path: string | undefined;
  /** Opens the house on this store beside the servers, without listening: for looking, and for sessions without a sign-in. */
  openBeside(): Promise<{ readonly house: House; readonly server: Server }>;
  remove(): void;
}

/** `uri` in place of a fresh database of the run's server: a proxy's. */
export function createProcessStore(kind: StorageKind, uri?: string): ProcessStore {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-servers-'));
  const path = kind === 'sqlite' ? join(folder, 'furlough.db') : undefined;
  const environment = {
    FURLOUGH_STORAGE: path === undefined ? (uri ?? requireTestMongo().freshDatabaseUri()) : `sqlite:${path}`,
    FURLOUGH_SECRET: randomBytes(32).toString('base64'),
    FURLOUGH_BOOTSTRAP_ADMIN_KEY: adminKey,
    FURLOUGH_BOOTSTRAP_SCIM_TOKEN: scimToken,
    FURLOUGH_TRUSTED_PROXIES: '127.0.0.1',
    FURLOUGH_LIMITS_SCIM_PER_SECOND: '1000000',
    FURLOUGH_LIMITS_SCIM_BURST: '1000000',
    FURLOUGH_LOG_LEVEL: 'error',
  };
  return {
    environment,
    path,
    async openBeside() {
      const config = loadConfig({
        ...environment,
        FURLOUGH_BASE_URL: 'http://localhost:1',
        FURLOUGH_LOG_LEVEL: 'silent',
      });
      const server = createServer(config);
      return { server, house: await server.open() };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface ServerProcess {
  readonly url: string;
  readonly program: StartedProgram;
  /** Resolves when it is ready. */
  readonly ready: Promise<void>;
  scim(method: string, path: string, body?: unknown): Promise<Answer>;
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The statuses of a session cookie at both doors. */
  doors(cookie: string): Promise<{ readonly session: number; readonly forwardAuth: number }>;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export async function startServerProcess(
  store: ProcessStore,
  options: { readonly environment?: Readonly<Record<string, string>>; readonly port?: number } = {},
): Promise<ServerProcess> {
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  const environment = { ...store.environment, HOST: '127.0.0.1', PORT: String(port), ...options.environment };
  // Every node of a cluster has the same public address.
  const program = startProgram(['node', '--disable-proto=delete', '--no-warnings', 'dist/main.js'], {
    cwd: root,
    environment: { FURLOUGH_BASE_URL: 'http://localhost:1', ...environment },
  });
  const send = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Answer> => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { method, headers, redirect: 'manual', ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  const forwarded = {
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'localhost:1',
    'x-forwarded-uri': '/x',
  };
  return {
    url,
    program,
    ready: program.waitFor(`${url}/readyz`),
    scim: (method, path, body) =>
      send(
        method,
        `/scim/v2${path}`,
        { authorization: `Bearer ${scimToken}`, 'content-type': 'application/scim+json' },
        body,
      ),
    admin: (method, path, body) =>
      send(
        method,
        `/api/v1/organizations/${organization}${path}`,
        { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body,
      ),
    async doors(cookie) {
      const headers = { cookie: `furlough-session=${cookie}`, accept: 'application/json' };
      const session = await send('GET', '/sso/session', headers);
      const forwardAuth = await send('GET', '/gate/forward-auth', { ...headers, ...forwarded });
      return { session: session.status, forwardAuth: forwardAuth.status };
    },
    kill: async () => void (await program.end('SIGKILL')),
    pause: () => process.kill(program.pid, 'SIGSTOP'),
    resume: () => process.kill(program.pid, 'SIGCONT'),
    stop: async () => void (await program.end('SIGTERM')),
  };
}

/** A session as a sign-in would have opened it; answers the cookie. */
export async function openSessionOf(house: House, id: string): Promise<string> {
  const user = await house.storage.users.get(organization, id as UserId);
  if (user === null) throw new Error(`no user ${id}`);
  const session = {
    organizationId: organization,
    userId: user.id,
    epoch: user.epoch,
    connection: 'default' as ConnectionId,
  };
  return openSession(house.admin.gate, session);
}

export const endServerProcesses = endPrograms;

export const patchActive = (active: boolean) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'active', value: active }],
});

export const newUser = (userName: string) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName,
  active: true,
});
