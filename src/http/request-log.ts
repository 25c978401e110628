// One log line and one measurement per request. Query strings are not logged: filters, codes and states stand in them.

import type { RequestHandler, Response } from 'express';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import { requestContextOf } from './request-context.ts';

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Asked every few seconds by machines; their lines are for whoever looks closely. */
const quietPaths = new Set(['/livez', '/readyz', '/metrics']);

export function logRequests(logger: Logger, metrics: Pick<Metrics, 'httpDuration'>): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const method = knownMethods.has(request.method) ? request.method : 'other';
    const path = redactPath(request.path);
    response.once('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const status = response.statusCode;
      metrics.httpDuration.observe(
        { http_request_method: method, http_route: routeOf(response), http_response_status_code: String(status) },
        seconds,
      );
      const { requestId, clientAddress, notes } = requestContextOf(request);
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
      const level = status >= 500 ? 'error' : quietPaths.has(path) ? 'debug' : 'info';
      logger[level](line, `${method} ${path} ${status}`);
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
