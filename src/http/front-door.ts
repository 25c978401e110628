// In front of express: a question that every request of every app asks is answered here when the answer is plainly yes. Everything else, and
// every refusal, goes on to express. What is answered here carries the same headers, log line and measurement as what express answers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express, NextFunction, Request, Response } from 'express';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import { readClientAddress, type ProxyTrust } from './client-address.ts';
import { openRequest, type RequestContext } from './request-context.ts';
import { createRequestLog } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';

export interface QuickAnswer {
  /** Names and values in turn, which Node writes as they are. */
  readonly headers: readonly string[];
  /** JSON. Without one nobody is shown anything, and the answer goes without the headers that protect pages. */
  readonly body?: string;
}

/** A door that may answer 200 without express. Null: not its question; resolves with null: not plainly yes, express has the word. Never rejects. */
export type QuickDoor = (request: IncomingMessage) => Promise<QuickAnswer | null> | null;

/** A door that needs nothing of express: everything below its path is its own. `url` is what follows the path. Never rejects, always answers. */
export interface WholeDoor {
  readonly path: string;
  readonly answer: (request: IncomingMessage, response: ServerResponse, url: string) => Promise<void>;
}

/** An express app, or what stands in front of one; `next` when it is mounted in a foreign app. */
export type RequestHandling = (request: IncomingMessage, response: ServerResponse, next?: NextFunction) => void;

export interface FrontDoorOptions {
  readonly app: Express;
  readonly doors: readonly QuickDoor[];
  readonly wholeDoors?: readonly WholeDoor[];
  readonly baseUrl: string;
  readonly isTrustedProxy: ProxyTrust;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'httpDuration'>;
  readonly createRequestId: () => string;
}

export function createFrontDoor(options: FrontDoorOptions): RequestHandling {
  const { doors, wholeDoors = [] } = options;
  const always = securityHeaders(options.baseUrl);
  const alwaysInTurn = always.flat();
  const log = createRequestLog(options.logger, options.metrics);

  const handOn: RequestHandling = (request, response, next) => {
    // express dresses what Node hands it; its types want it dressed before.
    options.app(request as Request, response as Response, next as NextFunction);
  };

  /** What express would do before and after an edge answers. */
  function accompany(request: IncomingMessage, response: ServerResponse, started: number, route: string): void {
    const { requestId } = follow(request, response, started, route);
    response.setHeader('X-Request-Id', requestId);
    for (const [name, value] of always) response.setHeader(name, value);
  }

  function follow(request: IncomingMessage, response: ServerResponse, started: number, route: string): RequestContext {
    const context = openRequest(request, options.createRequestId, readClientAddress(request, options.isTrustedProxy));
    const { method = '', url = '' } = request;
    response.once('close', () => {
      log({ method, path: url.split('?', 1)[0] ?? '', route, response, started, ...context });
    });
    return context;
  }

  function answer(request: IncomingMessage, response: ServerResponse, started: number, quick: QuickAnswer): void {
    const { requestId } = follow(request, response, started, '/');
    const { body } = quick;
    const head = ['X-Request-Id', requestId].concat(quick.headers);
    // The length is said beforehand, or Node would announce pieces.
    if (body === undefined) head.push('Content-Length', '0');
    else {
      const length = String(Buffer.byteLength(body));
      head.push(...alwaysInTurn, 'Content-Type', 'application/json; charset=utf-8', 'Content-Length', length);
    }
    response.writeHead(200, head);
    response.end(body);
  }

  return (request, response, next) => {
    for (const { path, answer: answerWhole } of wholeDoors) {
      const url = restOf(request.url ?? '', path);
      if (url === null) continue;
      accompany(request, response, performance.now(), path);
      void answerWhole(request, response, url);
      return;
    }
    for (const door of doors) {
      const asked = door(request);
      if (asked === null) continue;
      const started = performance.now();
      void asked.then((quick) => {
        if (quick === null) handOn(request, response, next);
        else answer(request, response, started, quick);
      });
      return;
    }
    handOn(request, response, next);
  };
}

/** What follows a mount path, as express would give it; null where the address lies elsewhere. */
function restOf(url: string, path: string): string | null {
  if (!url.startsWith(path)) return null;
  const rest = url.slice(path.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : null;
}
