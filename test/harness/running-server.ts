// A whole server for journeys: real port, real store, real clients at its doors. Nothing inside it is touched but the clock, if a test sets it.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, loadConfig, type House, type Server, type ServerOverrides } from '#server.ts';
import { requireTestMongo } from './mongo-for-tests.ts';

export type StorageKind = 'sqlite' | 'mongodb';

export interface RunningServer {
  readonly url: string;
  readonly server: Server;
  readonly house: House;
  /** What a second process needs to open the same store: the server's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The admin API: `path` below `/api/v1`. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same with another key. */
  adminAs(key: string, method: string, path: string, body?: unknown): Promise<Answer>;
  /** SCIM as a client with this credential: `path` below `/scim/v2`. */
  scim(
    credential: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Everything that follows from what was done so far is carried out. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The shape of an answer is what the tests find out.
  readonly body: Record<string, any>; // oxlint-disable-line no-explicit-any
}

const adminKey = 'journey-admin-key-0123456789-0123456789';

/** Starts a server on an empty store of this kind. */
export async function startServer(
  kind: StorageKind,
  options: { readonly overrides?: ServerOverrides; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-journey-'));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    HOST: '127.0.0.1',
    PORT: String(port),
    FURLOUGH_BASE_URL: url,
    FURLOUGH_STORAGE:
      kind === 'sqlite' ? `sqlite:${join(folder, 'furlough.db')}` : requireTestMongo().freshDatabaseUri(),
    FURLOUGH_SECRET: randomBytes(32).toString('base64'),
    FURLOUGH_BOOTSTRAP_ADMIN_KEY: adminKey,
    FURLOUGH_LOG_LEVEL: 'silent',
    FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS: 'true',
    FURLOUGH_TRUSTED_PROXIES: '127.0.0.1',
    FURLOUGH_LIMITS_BAD_CREDENTIALS_PER_SECOND: '10000',
    ...options.environment,
  };
  const server = createServer(loadConfig(environment), options.overrides);
  const { house } = await server.start();
  const call = async (
    method: string,
    path: string,
    credential: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, {
      method,
      ...init,
      headers: { authorization: `Bearer ${credential}`, ...headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  const adminAs: RunningServer['adminAs'] = (key, method, path, body) =>
    call(method, `/api/v1${path}`, key, body, { 'content-type': 'application/json' });
  return {
    url,
    server,
    house,
    environment,
    admin: (method, path, body) => adminAs(adminKey, method, path, body),
    adminAs,
    scim: (credential, method, path, body, headers = {}) =>
      call(method, `/scim/v2${path}`, credential, body, { 'content-type': 'application/scim+json', ...headers }),
    settle: async () => void (await house.relay.drain()),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
