// A whole HTTP app around routes of a test, with its log captured line by line.

import { Writable } from 'node:stream';
import express, { type Express, type Router } from 'express';
import { createHttpApp } from '#http/app.ts';
import { createLogger } from '#observability/logger.ts';
import { createMetrics, type Metrics } from '#observability/metrics.ts';

export interface TestApp {
  readonly app: Express;
  readonly metrics: Metrics;
  /** The log as written, one JSON text per line. */
  readonly lines: readonly string[];
}

export function createTestApp(addRoutes: (router: Router) => void, trustedProxies: readonly string[] = []): TestApp {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const metrics = createMetrics({
    version: '0',
    readValues: async () => ({ organizations: [], effectBacklog: 0, deadLetters: 0, overdueLeaves: 0 }),
  });
  const router = express.Router();
  addRoutes(router);
  let made = 0;
  const app = createHttpApp({
    baseUrl: 'https://people.example.com',
    trustedProxies,
    logger: createLogger({ level: 'trace', destination }),
    metrics,
    createRequestId: () => `made-${(made += 1)}`,
    mounts: [{ path: '/x', router }],
  });
  return { app, metrics, lines };
}
