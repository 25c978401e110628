// The composition root: opens the store of a configuration, has the house built on it, listens, and closes in reverse. The only file that knows
// the storage adapters. Nothing happens when this is imported, and nothing is listened to before `start`.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Express } from 'express';
import { buildHouse, type BuiltHouse, type House } from '#build-house.ts';
import { ConfigError, type Config } from '#config/load-config.ts';
import type { RandomBytes } from '#directory/identifiers.ts';
import { createDeferredApp } from '#http/deferred-app.ts';
import { createHttpServer } from '#http/http-server.ts';
import { createLogger, type Logger } from '#observability/logger.ts';
import { recordKinds } from '#record-kinds.ts';
import { createRandomPool } from '#secrets/random-pool.ts';
import type { CreateRsaKey } from '#secrets/rsa-key.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';

export { loadConfig, ConfigError, type Config } from '#config/load-config.ts';
export type { House } from '#build-house.ts';

/** What tests and embedding programs may put in place of the real thing. */
export interface ServerOverrides {
  readonly now?: () => number;
  readonly randomBytes?: RandomBytes;
  readonly storage?: Storage;
  readonly logger?: Logger;
  readonly createRsaKey?: CreateRsaKey;
}

export interface Server {
  /** May be mounted under a path of another express app; the first request opens the store. */
  readonly app: Express;
  /** Opens the store and builds the house once; without listening, jobs and relay. Throws `StorageError`. */
  open(): Promise<House>;
  /** Opens, starts relay and jobs, and listens. Throws `ConfigError`, `StorageError`, or Node's error for a port that cannot be had. */
  start(): Promise<{ readonly port: number; readonly house: House }>;
  /** Finishes what runs, releases and closes everything, in reverse; for good. Answers whether all requests could finish. */
  stop(): Promise<boolean>;
}

export function createServer(config: Config, overrides: ServerOverrides = {}): Server {
  const logger = overrides.logger ?? createLogger({ level: config.log.level });
  const reportTrouble = (message: string, error: unknown): void =>
    logger.error({ event: 'background.trouble', err: error }, message);
  const closers: (() => Promise<unknown>)[] = [];
  let opening: Promise<BuiltHouse> | null = null;
  let working: BuiltHouse | null = null;
  let stopped = false;

  function openHouse(): Promise<BuiltHouse> {
    if (stopped) return Promise.reject(new Error('This server was stopped; make a new one.'));
    opening ??= openOnce().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  async function openOnce(): Promise<BuiltHouse> {
    const storage = overrides.storage ?? (await openStorage(config, reportTrouble));
    const { now = Date.now, randomBytes = createRandomPool(), createRsaKey } = overrides;
    const keys = createRsaKey === undefined ? {} : { createRsaKey };
    const closeStorage = () => (overrides.storage === undefined ? storage.close() : Promise.resolve());
    try {
      const isDraining = () => http.isDraining();
      const built = await buildHouse(config, { storage, now, randomBytes, ...keys, logger, reportTrouble, isDraining });
      closers.push(closeStorage, () => built.close());
      return built;
    } catch (error) {
      await closeStorage();
      throw error;
    }
  }

  /** A mounted app works like a listening one: what it commits must be carried out. */
  async function work(): Promise<BuiltHouse> {
    const built = await openHouse();
    if (working !== null) return working;
    working = built;
    built.house.relay.start();
    built.jobs.start();
    closers.push(
      () => built.house.relay.stop(),
      () => built.jobs.stop(),
    );
    return built;
  }

  const app = createDeferredApp(
    () => working?.handle ?? null,
    async () => (await work()).handle,
    (error) => reportTrouble('storage could not be opened', error),
  );
  // Once it is open, the deferring app is out of the way.
  const http = createHttpServer((request, response) => (working?.handle ?? app)(request, response));

  return {
    app,
    open: async () => (await openHouse()).house,
    async start() {
      await lockForServing(config, closers);
      await (await openHouse()).house.storage.takeOver();
      const { house } = await work();
      const port = await http.listen(config.server.port, config.server.host);
      return { port, house };
    },
    async stop() {
      stopped = true;
      const finished = await http.stop(config.server.stopSeconds * 1_000);
      working = null;
      for (const close of closers.splice(0).reverse()) {
        await close().catch((error: unknown) => reportTrouble('something could not be closed', error));
      }
      return finished;
    },
  };
}

/** Opens the store, asks it whether it is empty, closes it; nothing is prepared. Throws `StorageError`. */
export async function tryStorage(config: Config): Promise<{ readonly isEmpty: boolean }> {
  const storage = await openStorage(config, () => {});
  try {
    await storage.ping();
    return { isEmpty: await storage.isEmpty() };
  } finally {
    await storage.close();
  }
}

/** One serving process per SQLite file. Throws `ConfigError` while another one serves it. */
async function lockForServing(config: Config, closers: (() => Promise<unknown>)[]): Promise<void> {
  if (config.storage.kind !== 'sqlite' || config.storage.path === null) return;
  const { acquireServeLock } = await import('#storage/sqlite/sqlite-serve-lock.ts');
  const { isBusy } = await import('#storage/sqlite/sqlite-errors.ts');
  mkdirSync(dirname(config.storage.path), { recursive: true, mode: 0o700 });
  try {
    const lock = await acquireServeLock(config.storage.path);
    closers.push(() => Promise.resolve(lock.release()));
  } catch (error) {
    // Another process is the operator's to stop; a file that cannot be used is an outage.
    if (error instanceof StorageError && isBusy(error.cause)) throw new ConfigError([error.message]);
    throw error;
  }
}

/** The adapter of the address; each is loaded only when it is needed, since one of them is large. */
async function openStorage(config: Config, reportTrouble: (message: string, error: unknown) => void): Promise<Storage> {
  if (config.storage.kind === 'mongodb') {
    const { openMongoStorage } = await import('#storage/mongo/mongo-storage.ts');
    return openMongoStorage(config.storage.uri, { recordKinds, reportTrouble });
  }
  const { openSqliteStorage } = await import('#storage/sqlite/sqlite-storage.ts');
  return openSqliteStorage({ path: config.storage.path ?? ':memory:', recordKinds, reportTrouble });
}
