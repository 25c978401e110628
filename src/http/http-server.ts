// The listening server: limits against slow and huge requests, and a stop that lets running requests finish.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  /** Resolves with the port really opened. Rejects with Node's error (`EADDRINUSE`, `EACCES`). */
  listen(port: number, host: string): Promise<number>;
  isDraining(): boolean;
  /** Not ready from now on: load balancers see it at /readyz while requests are still served. */
  drain(): void;
  /** Takes no new connection, waits for running requests up to `graceMs`, then cuts. Answers whether all had finished. */
  stop(graceMs: number): Promise<boolean>;
}

/** Milliseconds. Whoever sends slower than this is answered 408 and cut off, so that held connections run out before we do (gate.md 9). */
export interface HttpTimeouts {
  /** From the connection, or the first byte of a further request, to the end of the headers. */
  readonly headersMs: number;
  /** To the end of the body. */
  readonly requestMs: number;
  /** How often the two are looked at. */
  readonly checkMs: number;
}

const usualTimeouts: HttpTimeouts = { headersMs: 15_000, requestMs: 60_000, checkMs: 5_000 };

export function createHttpServer(listener: RequestListener, timeouts: HttpTimeouts = usualTimeouts): HttpServer {
  let draining = false;
  const server: Server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: timeouts.checkMs,
    },
    (request, response) => {
      if (draining) response.setHeader('Connection', 'close');
      listener(request, response);
    },
  );
  server.maxRequestsPerSocket = 0;
  return { listen, isDraining: () => draining, drain, stop };

  function listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host }, () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  function drain(): void {
    draining = true;
  }

  async function stop(graceMs: number): Promise<boolean> {
    drain();
    if (!server.listening) return true;
    const finished = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), graceMs);
    });
    // Connections that were between two requests just now are idle a moment later.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const outcome = await Promise.race([finished, late]);
    clearTimeout(timer);
    clearInterval(sweep);
    if (outcome !== 'late') return true;
    server.closeAllConnections();
    await finished;
    return false;
  }
}
