// An app that can be mounted before its storage is open: the first request opens it, every later one passes straight through.

import express, { type Express } from 'express';
import type { RequestHandling } from './front-door.ts';
import { sendProblem } from './problem-details.ts';

/**
 * `current` is the opened app, or null before it is opened and after it was closed. `open` is asked until it succeeds. While it fails, the
 * answer is 503: nobody is let in by an app that has not opened. `reportTrouble` hears why.
 */
export function createDeferredApp(
  current: () => RequestHandling | null,
  open: () => Promise<RequestHandling>,
  reportTrouble: (error: unknown) => void,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    const opened = current();
    if (opened !== null) {
      opened(request, response, next);
      return;
    }
    open().then(
      (inner) => inner(request, response, next),
      (error: unknown) => {
        reportTrouble(error);
        const detail = 'Storage does not answer now; try again.';
        sendProblem(response, { status: 503, code: 'storageUnavailable', detail, headers: { 'Retry-After': '2' } });
      },
    );
  });
  return app;
}
