/** A second node on the store of a gate world: its own gate and verifying threads behind its own port, the same base URL. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGate } from '#gate/gate.ts';
import { createHttpApp } from '#http/app.ts';
import { createLogger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import { type GateWorld, sharedVerifier } from './gate-world.ts';

export interface SecondNode {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function startNode({ context }: Pick<GateWorld, 'context'>): Promise<SecondNode> {
  const gate = createGate(context, sharedVerifier);
  const app = createHttpApp({
    baseUrl: context.config.baseUrl,
    trustedProxies: [],
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics({ version: 'test', readValues: () => Promise.reject(new Error('nobody scrapes here')) }),
    createRequestId: () => 'second-node',
    mounts: [{ path: '/', router: gate.router }],
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, 'localhost', () => resolve(listening));
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await gate.close();
    },
  };
}
