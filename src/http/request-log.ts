// One log line and one measurement per request. Query strings are not logged: filters, codes and states stand in them.

import type { ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import { requestContextOf } from './request-context.ts';

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Asked every few seconds by machines; their lines are for whoever looks closely. */
const quietPaths = new Set(['/livez', '/readyz', '/metrics']);

export interface AnsweredRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  /** The metrics' route: a mount path, never a path with ids. */
  readonly route: string;
  readonly response: ServerResponse;
  /** By `performance.now()`. */
  readonly started: number;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly notes: Readonly<Record<string, string | number>>;
}

/** Writes the line and the measurement of a request whose response has closed. */
export function createRequestLog(
  logger: Logger,
  metrics: Pick<Metrics, 'httpDuration'>,
): (answered: AnsweredRequest) => void {
  return ({ response, started, requestId, clientAddress, notes, route, ...answered }) => {
    const seconds = (performance.now() - started) / 1000;
    const method = knownMethods.has(answered.method) ? answered.method : 'other';
    const status = response.statusCode;
    metrics.httpDuration.observe(
      { http_request_method: method, http_route: route, http_response_status_code: String(status) },
      seconds,
    );
    const level = status >= 500 ? 'error' : quietPaths.has(answered.path) ? 'debug' : 'info';
    if (!logger.isLevelEnabled(level)) return;
    const path = redactPath(answered.path);
    const line = {
      event: 'http.request',
      request_id: requestId,
      method,
      path,
      status,
      duration_ms: Math.round(seconds * 10_000) / 10,
      address: clientAddress,
      ...(response.writableFinished ? {} : { aborted: true }),
      ...notes,
    };
    logger[level](line, `${method} ${path} ${status}`);
  };
}

export function logRequests(logger: Logger, metrics: Pick<Metrics, 'httpDuration'>): RequestHandler {
  const log = createRequestLog(logger, metrics);
  return (request, response, next) => {
    const started = performance.now();
    // Routers rewrite the path while they look for who answers.
    const { method, path } = request;
    response.once('close', () => {
      log({ method, path, route: routeOf(response), response, started, ...requestContextOf(request) });
    });
    next();
  };
}

function routeOf(response: Response): string {
  const route: unknown = response.locals['route'];
  return typeof route === 'string' ? route : 'none';
}

/** A path segment that could be a one-time secret (long, not a UUID) is not written out. */
function redactPath(path: string): string {
  return path
    .split('/')
    .map((segment) =>
      segment.length >= 32 && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment) ? '…' : segment,
    )
    .join('/');
}
