// The express app: what every request passes before and after an edge answers it. Which edges there are is server.ts's business.

import express, { type Express, type Router } from 'express';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import { createProxyTrust } from './client-address.ts';
import { answerError, answerNotFound } from './problem-details.ts';
import { attachRequestContext } from './request-context.ts';
import { logRequests } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';

export interface Mount {
  readonly path: string;
  readonly router: Router;
}

export interface HttpAppOptions {
  /** Public origin without a slash at the end. */
  readonly baseUrl: string;
  readonly trustedProxies: readonly string[];
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'httpDuration'>;
  readonly createRequestId: () => string;
  /** In this order; the path is also the metrics' route. */
  readonly mounts: readonly Mount[];
}

/**
 * The whole app. It may be mounted under a path of another express app: settings and error handling are its own.
 * Bodies are not read here: every edge knows its own form and limit (body-limits.ts).
 */
export function createHttpApp(options: HttpAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', createProxyTrust(options.trustedProxies));
  app.set('etag', false);
  app.set('case sensitive routing', true);
  app.locals['baseUrl'] = options.baseUrl;
  app.use(attachRequestContext(options.createRequestId));
  app.use(logRequests(options.logger, options.metrics));
  const always = securityHeaders(options.baseUrl);
  app.use((_request, response, next) => {
    for (const [name, value] of always) response.setHeader(name, value);
    next();
  });
  for (const { path, router } of options.mounts) {
    app.use(path, (_request, response, next) => {
      response.locals['route'] = path;
      next();
    });
    app.use(path, router);
  }
  app.use((_request, response, next) => {
    response.locals['route'] = 'none';
    next();
  });
  app.use(answerNotFound);
  app.use(answerError(options.logger));
  return app;
}
