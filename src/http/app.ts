// The express app: what every request passes before and after an edge answers it. Which edges there are is server.ts's business.

import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import { createProxyTrust } from './client-address.ts';
import { answerError, answerNotFound } from './problem-details.ts';
import { attachRequestContext } from './request-context.ts';
import { logRequests } from './request-log.ts';

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
  app.use(createHelmet(options.baseUrl));
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

/** Strict for pages of our own: no inline script, no frame. A page that posts a form elsewhere (SAML) sets its own policy. */
function createHelmet(baseUrl: string) {
  const isHttps = baseUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}
