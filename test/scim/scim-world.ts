// The SCIM door on a real port over a given store: two organisations, connections lenient and strict, credentials good and bad.
// The clock is set by hand: every look at it is a millisecond later.

import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Writable } from 'node:stream';
import { defaultScimProvisioning, type ScimProvisioning } from '#directory/connection.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import { fetchJson } from '#gate/connections/outbound-fetch.ts';
import { createHttpApp } from '#http/app.ts';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import { createHttpServer } from '#http/http-server.ts';
import { createLogger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import { createProvisioningLog, type ProvisioningLog } from '#provisioning/provisioning-log.ts';
import { createProvisioning, type Provisioning } from '#provisioning/provisioning.ts';
import { createTokenRouter } from '#scim/oauth-token-router.ts';
import { createScimDoor, createScimRouter } from '#scim/scim-router.ts';
import { createClientAssertions } from '#secrets/client-assertion.ts';
import { createIssuerKeys } from '#secrets/issuer-keys.ts';
import { createCredentialAuthentication } from '#secrets/credential-authentication.ts';
import { createCredentials, type Credentials } from '#secrets/credentials.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { Storage } from '#storage/storage.ts';

export const acme = 'acme' as OrganizationId;
export const globex = 'globex' as OrganizationId;
export const byTest: ChangeContext = { actor: { kind: 'administrator', name: 'test' }, mouth: 'adminApi' };
export const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const FURLOUGH = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User';
export const PERSON = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:Person';
export const DEPARTMENT = 'urn:ietf:params:scim:schemas:furlough:2.0:Department';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface WireRequest {
  readonly method: string;
  /** Below the SCIM base, already encoded: sent byte for byte. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text or bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** JSON of an answer: what is in it is what the tests ask. */
export type Json = any; // oxlint-disable-line no-explicit-any

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined for no body. */
  readonly json: Json;
}

export interface ScimWorld {
  readonly base: string;
  readonly port: number;
  readonly storage: Storage;
  readonly provisioning: Provisioning;
  readonly credentials: Credentials;
  readonly provisioningLog: ProvisioningLog;
  readonly clock: { now: number };
  readonly lines: readonly string[];
  /** Secrets by what they are good for. */
  readonly secrets: {
    readonly bearer: string;
    readonly okta: string;
    readonly strict: string;
    readonly readonly: string;
    readonly globex: string;
  };
  /** The bearer's credential as an OAuth client: base64 of its id and its secret. */
  readonly clientBasic: string;
  /** Sends with `Authorization: Bearer <bearer>` unless the headers say otherwise; `''` sends none. */
  send(request: WireRequest): Promise<WireAnswer>;
  get(path: string, secret?: string): Promise<WireAnswer>;
  post(path: string, body: unknown, secret?: string): Promise<WireAnswer>;
  put(path: string, body: unknown, secret?: string): Promise<WireAnswer>;
  patch(id: string, operations: readonly unknown[], secret?: string): Promise<WireAnswer>;
  /** Creates a user through the door and answers its resource. */
  create(userName: string, parts?: Readonly<Record<string, unknown>>): Promise<Json>;
  seatsUsed(organization?: OrganizationId): Promise<number>;
  epochOf(id: string): Promise<number>;
  metricsPage(): Promise<string>;
  addConnection(id: string, parts: Partial<ScimProvisioning>): Promise<string>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly licensed?: number | null;
  readonly seatPolicy?: SeatPolicy;
  readonly badCredentialsPerSecond?: number;
  readonly perSecond?: number;
  readonly bodyBytes?: number;
  /** Whether issuers of assertions may be on this machine, as they are in tests. */
  readonly trustsLoopback?: boolean;
}

export async function startScimWorld(storage: Storage, options: WorldOptions = {}): Promise<ScimWorld> {
  const clock = { now: Date.parse('2027-01-12T01:00:00Z') };
  const now = () => (clock.now += 1);
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', destination: capture(lines) });
  const wakeRelay = () => undefined;
  const reportTrouble = (message: string, err: unknown) => logger.error({ event: 'trouble', err }, message);
  const provisioning = createProvisioning({
    storage,
    now,
    randomBytes,
    nameKey: new Uint8Array(32),
    wakeRelay,
    continueLater: (work) => void work(),
    reportTrouble,
  });
  const credentials = createCredentials({ storage, now, randomBytes, wakeRelay, seal: (text) => text });
  for (const id of [acme, globex]) {
    const { licensed = null, seatPolicy = 'wait' } = id === acme ? options : {};
    await provisioning.createOrganization({ id, name: id, timeZone: 'Asia/Tokyo', licensed, seatPolicy }, byTest);
  }
  const addConnection = async (
    organizationId: OrganizationId,
    id: string,
    parts: Partial<ScimProvisioning>,
    scopes: readonly string[] = [],
  ): Promise<string> => {
    const connection = id as ConnectionId;
    const value = {
      id: connection,
      organizationId,
      name: id,
      domains: [],
      match: 'userName',
      provisioning: { ...defaultScimProvisioning, ...parts },
      createdAt: now(),
    } as const;
    await storage
      .records(connectionRecords)
      .insert({ id: connectionRecordId(organizationId, connection), organizationId, value });
    const request = { kind: 'scim', name: id, connection, scopes } as const;
    return (await credentials.issue(organizationId, request, byTest)).secret;
  };
  const secrets = {
    bearer: await addConnection(acme, 'default', {}),
    okta: await addConnection(acme, 'okta', {}),
    strict: await addConnection(acme, 'strict', { strict: true, restoreOnPost: false }),
    readonly: await addConnection(acme, 'auditor', {}, ['read']),
    globex: await addConnection(globex, 'default', {}),
  };
  const baseUrl = 'https://people.example.com';
  const metrics = createMetrics({
    version: '0',
    readValues: async () => ({ organizations: [], effectBacklog: 0, deadLetters: 0, overdueLeaves: 0 }),
  });
  const { perSecond = 1_000_000, bodyBytes = 1_048_576, badCredentialsPerSecond = 1_000_000 } = options;
  const provisioningLog = createProvisioningLog({
    storage,
    now,
    randomBytes,
    keepMs: 30 * 86_400_000,
    logger,
    metrics,
  });
  const insecure = { allowInsecureProviders: options.trustsLoopback ?? true, privateProviderHosts: [] };
  const keys = createIssuerKeys({ now, fetchJson: (url) => fetchJson(url, insecure) });
  const assertions = createClientAssertions({ storage, keys, now });
  const authentication = createCredentialAuthentication({ storage, now, assertions });
  const door = createScimDoor({
    storage,
    provisioning,
    provisioningLog,
    authentication,
    badCredentials: createBadCredentialLimit(badCredentialsPerSecond),
    cursorKey: new Uint8Array(32).fill(9),
    now,
    baseUrl,
    limits: { scim: { perSecond, burst: perSecond }, bodyBytes },
    logger,
    metrics,
  });
  let made = 0;
  const createRequestId = () => `made-${(made += 1)}`;
  const tokens = createTokenRouter({
    storage,
    authentication,
    badCredentials: createBadCredentialLimit(badCredentialsPerSecond),
    now,
    randomBytes,
    tokenMinutes: 60,
    logger,
  });
  const mounts = [
    { path: '/scim/v2', router: createScimRouter(door) },
    { path: '/scim/oauth', router: tokens },
  ];
  const app = createHttpApp({ baseUrl, trustedProxies: [], logger, metrics, createRequestId, mounts });
  const server = createHttpServer(app);
  const port = await server.listen(0, '127.0.0.1');
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });

  const client = (await credentials.list(acme)).find(({ connection }) => connection === 'default');
  const clientBasic = Buffer.from(`${client?.id ?? ''}:${secrets.bearer}`).toString('base64');
  const send = (request: WireRequest) => sendRaw(port, agent, secrets.bearer, request);
  const withSecret = (secret: string | undefined) =>
    secret === undefined ? {} : { headers: { Authorization: `Bearer ${secret}` } };
  return {
    base: `${baseUrl}/scim/v2`,
    port,
    storage,
    provisioning,
    credentials,
    provisioningLog,
    clock,
    lines,
    secrets,
    clientBasic,
    send,
    get: (path, secret) => send({ method: 'GET', path, ...withSecret(secret) }),
    post: (path, body, secret) => send({ method: 'POST', path, body, ...withSecret(secret) }),
    put: (path, body, secret) => send({ method: 'PUT', path, body, ...withSecret(secret) }),
    patch: (id, Operations, secret) =>
      send({ method: 'PATCH', path: `/Users/${id}`, body: { schemas: [PATCH_OP], Operations }, ...withSecret(secret) }),
    async create(userName, parts = {}) {
      const answer = await send({ method: 'POST', path: '/Users', body: { schemas: [CORE], userName, ...parts } });
      if (answer.status !== 201) throw new Error(`POST /Users ${answer.status} ${answer.text}`);
      return answer.json;
    },
    async seatsUsed(organization = acme) {
      return (await storage.seats.read(organization))?.used ?? Number.NaN;
    },
    async epochOf(id) {
      return (await storage.users.accessState(acme, id as UserId))?.epoch ?? Number.NaN;
    },
    metricsPage: () => metrics.render(),
    addConnection: (id, parts) => addConnection(acme, id, parts),
    async stop() {
      agent.destroy();
      await server.stop(1_000);
      await provisioningLog.close();
    },
  };
}

function sendRaw(port: number, agent: Agent, bearer: string, request: WireRequest): Promise<WireAnswer> {
  const headers: Record<string, string> = { Authorization: `Bearer ${bearer}` };
  const { body } = request;
  const bytes =
    body === undefined
      ? undefined
      : Buffer.isBuffer(body)
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  if (bytes !== undefined) {
    headers['Content-Type'] = 'application/scim+json';
    headers['Content-Length'] = String(bytes.length);
  }
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const known of Object.keys(headers)) if (known.toLowerCase() === name.toLowerCase()) delete headers[known];
    if (value !== '') headers[name] = value;
  }
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      agent,
      method: request.method,
      // Tokens are asked for beside the SCIM base, not below it.
      path: request.path === '/oauth/token' ? '/scim/oauth/token' : `/scim/v2${request.path}`,
      headers,
    };
    const sent = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
        const json: unknown = isJson ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

function capture(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
}
