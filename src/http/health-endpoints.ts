// /livez says that the process runs, /readyz whether it can serve now: storage answers and nobody is draining it (console.md 8).

import { Router } from 'express';

export interface HealthContext {
  /** Throws when storage could not serve a request now, be it a read or a write. */
  readonly ping: () => Promise<void>;
  readonly isDraining: () => boolean;
}

export function createHealthRouter(context: HealthContext): Router {
  const router = Router({ caseSensitive: true });
  router.get('/livez', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const status = await statusOf(context);
    if (status !== 'ready') response.set('Retry-After', '2');
    response
      .set('Cache-Control', 'no-store')
      .status(status === 'ready' ? 200 : 503)
      .json({ status });
  });
  return router;
}

async function statusOf(context: HealthContext): Promise<'ready' | 'draining' | 'storageUnavailable'> {
  if (context.isDraining()) return 'draining';
  try {
    await context.ping();
    return 'ready';
  } catch {
    return 'storageUnavailable';
  }
}
