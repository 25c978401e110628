// The composition root: builds the house floor by floor out of a configuration, and the only file that knows the storage adapters.
// Nothing happens when this is imported, and nothing is listened to before `start`.

import { randomBytes as nodeRandomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Express } from 'express';
import { createAdminRouter } from '#admin/admin-router.ts';
import type { AdminContext } from '#admin/admin-operation.ts';
import { createSetUpLink } from '#admin/set-up-link.ts';
import { createSetUpRouter } from '#admin/set-up-router.ts';
import { createAuditTrail, type AuditTrail } from '#audit/audit-chain.ts';
import { createBackgroundJobs } from '#background-jobs.ts';
import { ConfigError, type Config } from '#config/load-config.ts';
import type { Effect } from '#directory/effect.ts';
import type { RandomBytes } from '#directory/identifiers.ts';
import { createGate } from '#gate/gate.ts';
import type { GateContext } from '#gate/gate-context.ts';
import { createHttpApp } from '#http/app.ts';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import { createDeferredApp } from '#http/deferred-app.ts';
import { createHealthRouter } from '#http/health-endpoints.ts';
import { createHttpServer } from '#http/http-server.ts';
import { createMetricsRouter, readScrapedValues } from '#http/metrics-endpoints.ts';
import { createLogger, type Logger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import { defaultOrganization, prepareFirstStart } from '#provisioning/first-start.ts';
import { createProvisioning } from '#provisioning/provisioning.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { sweepSeats } from '#provisioning/seat-sweep.ts';
import { recordKinds } from '#record-kinds.ts';
import { createScimRouter } from '#scim/scim-router.ts';
import { createCredentialAuthentication } from '#secrets/credential-authentication.ts';
import { createCredentials } from '#secrets/credentials.ts';
import { createSealing } from '#secrets/sealing.ts';
import { createKeyring } from '#secrets/secret-key.ts';
import { createEffectRelay, type EffectRelay } from '#signals/effect-relay.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { expireRecords } from '#storage/expire-records.ts';
import { version } from './version.ts';

export { loadConfig, ConfigError, type Config } from '#config/load-config.ts';

/** What tests and embedding programs may put in place of the real thing. */
export interface ServerOverrides {
  readonly now?: () => number;
  readonly randomBytes?: RandomBytes;
  readonly storage?: Storage;
  readonly logger?: Logger;
}

/** The built house, for whoever runs inside the process: commands and tests. */
export interface House {
  readonly storage: Storage;
  readonly relay: EffectRelay;
  readonly audit: AuditTrail;
  /** What every administrator's command runs in. */
  readonly admin: AdminContext;
  /** Where this opening prepared an empty store: the one-time link for the first administrator. */
  readonly setUpLink: string | null;
}

export interface Server {
  /** May be mounted under a path of another express app; the first request opens the store. */
  readonly app: Express;
  /** Opens the store and builds the house once; without listening, jobs and relay. Throws `StorageError`. */
  open(): Promise<House>;
  /** Opens, starts relay and jobs, and listens. Answers the port. Throws `StorageError`, or Node's error for a port that cannot be had. */
  start(): Promise<{ readonly port: number; readonly house: House }>;
  /** Finishes what runs, releases and closes everything, in reverse. Answers whether all requests could finish. */
  stop(): Promise<boolean>;
}

export function createServer(config: Config, overrides: ServerOverrides = {}): Server {
  const logger = overrides.logger ?? createLogger({ level: config.log.level });
  const reportTrouble = (message: string, error: unknown): void =>
    logger.error({ event: 'background.trouble', err: error }, message);
  const closers: (() => Promise<unknown>)[] = [];
  let building: Promise<Built> | null = null;
  let working = false;

  function build(): Promise<Built> {
    building ??= buildHouse(config, overrides, logger, reportTrouble, () => http.isDraining(), closers).catch(
      (error: unknown) => {
        building = null;
        throw error;
      },
    );
    return building;
  }

  /** A mounted app works like a listening one: what it commits must be carried out. */
  async function work(): Promise<Built> {
    const built = await build();
    if (working) return built;
    working = true;
    built.house.relay.start();
    built.jobs.start();
    closers.push(
      () => built.jobs.stop(),
      () => built.house.relay.stop(),
    );
    return built;
  }

  const app = createDeferredApp(
    async () => (await work()).app,
    (error) => reportTrouble('storage could not be opened', error),
  );
  const http = createHttpServer(app);

  return {
    app,
    open: async () => (await build()).house,
    async start() {
      await lockForServing(config, closers);
      const { house } = await work();
      const port = await http.listen(config.server.port, config.server.host);
      return { port, house };
    },
    async stop() {
      const finished = await http.stop(config.server.stopSeconds * 1_000);
      for (const close of closers.splice(0).reverse()) await close();
      building = null;
      working = false;
      return finished;
    },
  };
}

interface Built {
  readonly app: Express;
  readonly house: House;
  readonly jobs: ReturnType<typeof createBackgroundJobs>;
}

async function buildHouse(
  config: Config,
  overrides: ServerOverrides,
  logger: Logger,
  reportTrouble: (message: string, error: unknown) => void,
  isDraining: () => boolean,
  closers: (() => Promise<unknown>)[],
): Promise<Built> {
  const now = overrides.now ?? Date.now;
  const randomBytes = overrides.randomBytes ?? ((size: number) => nodeRandomBytes(size));
  const { baseUrl, trustedProxies } = config.server;
  const storage = overrides.storage ?? (await openStorage(config));
  if (overrides.storage === undefined) closers.push(() => storage.close());
  const keyring = createKeyring(config.secret);
  const sealing = createSealing(keyring, randomBytes);
  const audit = createAuditTrail(storage.audit, keyring.audit);
  const wakeRelay = (): void => relay.wake();
  const write: ProvisioningContext = { storage, now, randomBytes, wakeRelay, reportTrouble };
  const provisioning = createProvisioning(write);
  const credentials = createCredentials({ storage, now, randomBytes, wakeRelay });
  const authentication = createCredentialAuthentication({ storage, now });
  const badCredentials = createBadCredentialLimit(config.limits.badCredentialsPerSecond);
  const relay: EffectRelay = createEffectRelay({
    storage,
    reportTrouble,
    carriers: { audit: (effect) => audit.append(effect), endSessions: (effect) => endSessions(effect) },
  });
  const metrics = createMetrics({
    version,
    readValues: () => readScrapedValues(storage, () => relay.countDeadLetters()),
  });
  const atGate: GateContext = {
    storage,
    now,
    randomBytes,
    config: {
      baseUrl,
      trustedProxies,
      signInsPerMinute: config.limits.signInsPerMinute,
      sessionIdleMs: config.session.idleHours * 3_600_000,
      sessionAbsoluteMs: config.session.absoluteHours * 3_600_000,
      allowInsecureProviders: config.gate.allowInsecureProviders,
      privateProviderHosts: config.gate.privateProviderHosts,
    },
    unseal: (sealed, place) => sealing.unseal(sealed, place),
    logger,
    metrics,
  };
  const gate = createGate(atGate);
  closers.push(() => gate.close());
  const endSessions = async (effect: Effect): Promise<void> => {
    if (effect.body.kind !== 'endSessions') return;
    const { userId, epoch, cause } = effect.body;
    const ended = await gate.endSessionsOfUser(effect.organizationId, userId, epoch, cause);
    metrics.sessionsRevoked.inc({ cause }, ended);
  };
  const admin: AdminContext = {
    storage,
    provisioning,
    credentials,
    authentication,
    badCredentials,
    sealing,
    audit,
    metrics,
    gate: atGate,
    now,
    randomBytes,
    wakeRelay,
    settleEffects: async () => void (await relay.drain()),
    config: { baseUrl, bodyBytes: config.limits.bodyBytes },
    version,
  };
  const app = createHttpApp({
    baseUrl,
    trustedProxies,
    logger,
    metrics,
    createRequestId: randomUUID,
    mounts: [
      { path: '/', router: createHealthRouter({ ping: () => storage.ping(), isDraining }) },
      { path: '/', router: createMetricsRouter(metrics) },
      {
        path: '/scim/v2',
        router: createScimRouter({
          storage,
          provisioning,
          authentication,
          badCredentials,
          now,
          baseUrl,
          limits: config.limits,
          metrics,
          logger,
        }),
      },
      { path: '/api', router: createAdminRouter(admin) },
      { path: '/console', router: createSetUpRouter(admin) },
      { path: '/', router: gate.router },
    ],
  });
  const jobs = createBackgroundJobs(
    [
      { name: 'seats', everyMs: 5_000, run: () => sweepSeats(write) },
      { name: 'expiry', everyMs: 60_000, run: () => expireRecords(storage, recordKinds, now()) },
    ],
    storage.leases,
    randomUUID(),
    reportTrouble,
  );
  const isFirstStart = await prepareFirstStart(write, credentials, config.bootstrap);
  const setUpLink = isFirstStart ? await createSetUpLink(admin, defaultOrganization) : null;
  return { app, house: { storage, relay, audit, admin, setUpLink }, jobs };
}

/** One serving process per SQLite file. Throws `ConfigError` while another one serves it. */
async function lockForServing(config: Config, closers: (() => Promise<unknown>)[]): Promise<void> {
  if (config.storage.kind !== 'sqlite' || config.storage.path === null) return;
  const { acquireServeLock } = await import('#storage/sqlite/sqlite-serve-lock.ts');
  mkdirSync(dirname(config.storage.path), { recursive: true, mode: 0o700 });
  try {
    const lock = await acquireServeLock(config.storage.path);
    closers.push(() => Promise.resolve(lock.release()));
  } catch (error) {
    if (error instanceof StorageError) throw new ConfigError([error.message]);
    throw error;
  }
}

/** The adapter of the address; each is loaded only when it is needed, since one of them is large. */
async function openStorage(config: Config): Promise<Storage> {
  if (config.storage.kind === 'mongodb') {
    const { openMongoStorage } = await import('#storage/mongo/mongo-storage.ts');
    return openMongoStorage(config.storage.uri, { recordKinds });
  }
  const { openSqliteStorage } = await import('#storage/sqlite/sqlite-storage.ts');
  return openSqliteStorage({ path: config.storage.path ?? ':memory:', recordKinds });
}
