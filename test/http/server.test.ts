// Health, limits of the listening server, draining and stopping; the limits on callers.

import { connect } from 'node:net';
import express from 'express';
import request from 'supertest';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import { createHealthRouter } from '#http/health-endpoints.ts';
import { createHttpServer } from '#http/http-server.ts';
import { createMetricsRouter } from '#http/metrics-endpoints.ts';
import { createRateLimit } from '#http/rate-limit.ts';
import { createMetrics } from '#observability/metrics.ts';
import { StorageError } from '#storage/storage-error.ts';
import { createTestApp } from './http-app.ts';

describe('health', () => {
  const ask = (ping: () => Promise<void>, isDraining: boolean) => {
    const app = express();
    app.use(createHealthRouter({ ping, isDraining: () => isDraining }));
    return request(app);
  };
  const ok = async () => {};
  const away = async () => {
    throw new StorageError('unavailable', 'away');
  };

  test('/livez is about the process alone', async () => {
    await ask(away, true).get('/livez').expect(200, { status: 'ok' });
  });

  test('/readyz is 200 while storage answers', async () => {
    await ask(ok, false).get('/readyz').expect(200, { status: 'ready' });
  });

  test('/readyz is 503 while storage is away, and while draining', async () => {
    await ask(away, false).get('/readyz').expect(503, { status: 'storageUnavailable' });
    await ask(ok, true).get('/readyz').expect(503, { status: 'draining' });
  });
});

describe('metrics', () => {
  const values = {
    organizations: [
      {
        organization: 'acme',
        licensed: 10,
        used: 9,
        reserved: 0,
        waiting: 1,
        drift: 0,
        shortageDays: 12,
        users: { active: 9, waiting: 1 },
      },
      {
        organization: 'free',
        licensed: null,
        used: 3,
        reserved: 0,
        waiting: 0,
        drift: 0,
        shortageDays: null,
        users: { active: 3 },
      },
    ],
    effectBacklog: 2,
    deadLetters: 1,
    overdueLeaves: 3,
  };

  test('what the store says now is on the page', async () => {
    const metrics = createMetrics({ version: '1.2.3', commit: 'abc', readValues: async () => values });
    const app = express();
    app.use(createMetricsRouter(metrics));
    const { text, headers } = await request(app).get('/metrics').expect(200);
    expect(headers['content-type']).toContain('text/plain');
    for (const line of [
      'furlough_seats_licensed{organization="acme"} 10',
      'furlough_seats_licensed{organization="free"} +Inf',
      'furlough_seats_used{organization="acme"} 9',
      'furlough_seats_waiting{organization="acme"} 1',
      'furlough_seats_drift{organization="acme"} 0',
      'furlough_seat_shortage_days{organization="acme"} 12',
      'furlough_seat_shortage_days{organization="free"} +Inf',
      'furlough_users{organization="acme",status="active"} 9',
      'furlough_effect_backlog 2',
      'furlough_dead_letters 1',
      'furlough_leave_overdue 3',
      'furlough_build_info{version="1.2.3",commit="abc"} 1',
      'furlough_scrape_ok 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toContain('process_cpu_seconds_total');
  });

  test('while storage is away nothing stale is shown', async () => {
    let isAway = false;
    const readValues = async () => {
      if (isAway) throw new StorageError('unavailable', 'away');
      return values;
    };
    const metrics = createMetrics({ version: '1', readValues });
    expect(await metrics.render()).toContain('furlough_seats_used{organization="acme"} 9');
    isAway = true;
    const page = await metrics.render();
    expect(page).toContain('furlough_scrape_ok 0');
    expect(page).not.toContain('furlough_seats_used{');
    expect(page).not.toContain('furlough_effect_backlog 2');
  });
});

describe('the listening server', () => {
  test('headers of more than 16 KiB are refused with 431', async () => {
    const server = createHttpServer(createTestApp(() => {}).app);
    const port = await server.listen(0, '127.0.0.1');
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(17 * 1024)}\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    await server.stop(1_000);
  });

  test('a stop lets the running request finish and takes no new one', async () => {
    let release: () => void = () => {};
    let arrived: () => void = () => {};
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const { app } = createTestApp((router) => {
      router.get('/slow', async (_request, response) => {
        arrived();
        await new Promise<void>((resolve) => (release = resolve));
        response.send('done');
      });
    });
    const server = createHttpServer(app);
    const port = await server.listen(0, '127.0.0.1');
    const running = fetch(`http://127.0.0.1:${port}/x/slow`).then((response) => response.text());
    await hasArrived;
    const stopped = server.stop(30_000);
    expect(server.isDraining()).toBe(true);
    await expect(fetch(`http://127.0.0.1:${port}/x/slow`)).rejects.toBeDefined();
    release();
    expect(await running).toBe('done');
    expect(await stopped).toBe(true);
  });

  test('a request that does not finish in time is cut, and the stop says so', async () => {
    let arrived: () => void = () => {};
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const server = createHttpServer(createTestApp((router) => void router.get('/never', () => arrived())).app);
    const port = await server.listen(0, '127.0.0.1');
    const running = fetch(`http://127.0.0.1:${port}/x/never`).then(
      () => 'answered',
      () => 'cut',
    );
    await hasArrived;
    expect(await server.stop(1)).toBe(false);
    expect(await running).toBe('cut');
  });

  test('a port in use is an error the caller can name', async () => {
    const first = createHttpServer(() => {});
    const port = await first.listen(0, '127.0.0.1');
    await expect(createHttpServer(() => {}).listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.stop(1_000);
  });
});

describe('rate limit', () => {
  test('the burst is allowed at once, then the rate', () => {
    let at = 0;
    const limit = createRateLimit({ perSecond: 2, burst: 3, clock: () => at });
    const take = () => limit.take('key').allowed;
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
    at += 500;
    expect([take(), take()]).toEqual([true, false]);
    at += 1_000_000;
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
  });

  test('the wait is a whole number of seconds, at least one', () => {
    const fast = createRateLimit({ perSecond: 10, burst: 1, clock: () => 0 });
    fast.take('key');
    expect(fast.take('key')).toEqual({ allowed: false, retryAfterSeconds: 1 });
    const slow = createRateLimit({ perSecond: 0.1, burst: 1, clock: () => 0 });
    slow.take('key');
    expect(slow.take('key')).toEqual({ allowed: false, retryAfterSeconds: 10 });
  });

  test('keys do not count for each other, and the longest idle one is forgotten first', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1, clock: () => 0, maximumKeys: 2 });
    expect(limit.take('a').allowed).toBe(true);
    expect(limit.take('b').allowed).toBe(true);
    expect(limit.take('a').allowed).toBe(false);
    expect(limit.take('c').allowed).toBe(true);
    expect(limit.take('a').allowed).toBe(false);
    expect(limit.take('b').allowed).toBe(true);
  });

  test('refused credentials are counted by address', async () => {
    const limit = createBadCredentialLimit(10, () => 0);
    const { app } = createTestApp(
      (router) => {
        router.get('/bad', (req, response) => void response.json({ wait: limit.refuse(req) }));
      },
      ['127.0.0.1'],
    );
    const ask = async (address: string) => (await request(app).get('/x/bad').set('X-Forwarded-For', address)).body.wait;
    for (let i = 0; i < 10; i += 1) expect(await ask('203.0.113.1')).toBeNull();
    expect(await ask('203.0.113.1')).toBe(1);
    expect(await ask('203.0.113.2')).toBeNull();
  });
});
