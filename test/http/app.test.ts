// What every request meets before and after an edge: id, headers, log line, measurement, refusals in one form.

import express from 'express';
import request from 'supertest';
import { DirectoryError } from '#directory/directory-error.ts';
import { createMetricsRouter } from '#http/metrics-endpoints.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import { StorageError } from '#storage/storage-error.ts';
import { createTestApp } from './http-app.ts';

const house = () =>
  createTestApp((router) => {
    router.get('/hello', (_request, response) => void response.json({ hello: true }));
    router.get('/address', (req, response) => void response.json({ address: requestContextOf(req).clientAddress }));
    router.get('/query', (req, response) => void response.json(req.query));
    router.get('/storage', () => {
      throw new StorageError('unavailable', 'mongodb://user:planted-secret@host is away', new Error('planted-cause'));
    });
    router.get('/conflicts', async () => {
      throw new DirectoryError('tooManyConflicts', 'Try again.');
    });
    router.get('/limited', () => {
      throw new RequestError('tooManyRequests', 'Slow down.', 7);
    });
    router.get('/broken', () => {
      throw new TypeError('planted-inside');
    });
    router.get('/users/:id', (_request, response) => void response.json({}));
  });

describe('answers', () => {
  test('carry the security headers and do not say what made them', async () => {
    const { headers } = await request(house().app).get('/x/hello').expect(200);
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['strict-transport-security']).toContain('max-age=31536000');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  test('an unknown address is a problem with code notFound', async () => {
    const { body, headers } = await request(house().app).get('/nowhere').expect(404);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toEqual({
      type: 'https://people.example.com/api/docs#notFound',
      title: 'Not Found',
      status: 404,
      detail: 'There is nothing at this address.',
      instance: 'urn:furlough:request:made-1',
      code: 'notFound',
    });
  });

  test('storage away is 503 with Retry-After, and the cause stays inside', async () => {
    const { text, headers } = await request(house().app).get('/x/storage').expect(503);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(JSON.parse(text).code).toBe('storageUnavailable');
    expect(text).not.toContain('planted');
  });

  test.each([
    ['/x/conflicts', 503, 'tooManyConflicts'],
    ['/x/limited', 429, 'tooManyRequests'],
    ['/x/users/%E0%A4%A', 400, 'malformedRequest'],
    ['/x/broken', 500, 'internalError'],
  ])('%s answers %i %s', async (path, status, code) => {
    const { body, text } = await request(house().app).get(path).expect(status);
    expect(body.code).toBe(code);
    expect(text).not.toContain('planted');
  });

  test('Retry-After is a whole number of seconds', async () => {
    const { headers } = await request(house().app).get('/x/limited').expect(429);
    expect(headers['retry-after']).toBe('7');
  });

  test('query strings are flat: no objects, no arrays of objects', async () => {
    const { body } = await request(house().app).get('/x/query?a[b]=1&__proto__[c]=2').expect(200);
    expect(body).toEqual({ 'a[b]': '1', '__proto__[c]': '2' });
  });
});

describe('request id', () => {
  test('a harmless one is taken over', async () => {
    const { headers } = await request(house().app).get('/x/hello').set('X-Request-Id', 'trace.42_a-b');
    expect(headers['x-request-id']).toBe('trace.42_a-b');
  });

  test.each(['two words', 'a"b', '<b>', 'x'.repeat(129)])('"%s" is replaced', async (id) => {
    const { headers } = await request(house().app).get('/x/hello').set('X-Request-Id', id);
    expect(headers['x-request-id']).toBe('made-1');
  });
});

describe('client address', () => {
  const ask = async (proxies: readonly string[], forwarded: string) => {
    const { app } = createTestApp((router) => {
      router.get('/address', (req, response) => void response.json({ address: requestContextOf(req).clientAddress }));
    }, proxies);
    const { body } = await request(app).get('/x/address').set('X-Forwarded-For', forwarded).expect(200);
    return body.address as string;
  };

  test('X-Forwarded-For from anyone else is not believed', async () => {
    expect(await ask([], '203.0.113.9')).toBe('127.0.0.1');
  });

  test('from a trusted proxy it is', async () => {
    expect(await ask(['127.0.0.0/8'], '203.0.113.9')).toBe('203.0.113.9');
  });

  test('what the client itself wrote in front is not', async () => {
    expect(await ask(['127.0.0.1', '10.0.0.0/8'], '198.51.100.1, 203.0.113.9, 10.1.2.3')).toBe('203.0.113.9');
  });

  test('an IPv4 address in IPv6 clothes is the IPv4 one', async () => {
    expect(await ask(['127.0.0.1'], '::ffff:203.0.113.9')).toBe('203.0.113.9');
  });
});

describe('log', () => {
  test('one line per request, without the query', async () => {
    const { app, lines } = house();
    await request(app).get('/x/hello?filter=userName%20eq%20%22planted%22').set('X-Request-Id', 'r1').expect(200);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      event: 'http.request',
      request_id: 'r1',
      method: 'GET',
      path: '/x/hello',
      status: 200,
      address: '127.0.0.1',
    });
    expect(lines.join('')).not.toContain('planted');
  });

  test('secrets planted in header, cookie, path, query and error are in no line', async () => {
    const { app, lines } = house();
    const secret = `furl_scim_${'Z'.repeat(49)}`;
    for (const path of ['/x/hello', '/x/storage', '/x/broken', `/x/users/${secret}`, `/x/hello?token=${secret}`]) {
      await request(app).get(path).set('Authorization', `Bearer ${secret}`).set('Cookie', `session=${secret}`);
    }
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(lines.join('')).not.toContain('ZZZZ');
    expect(lines.join('')).not.toContain('planted-secret');
  });

  test('an error nobody foresaw is logged with its stack under the request id', async () => {
    const { app, lines } = house();
    await request(app).get('/x/broken').set('X-Request-Id', 'r2').expect(500);
    const line = lines.map((text) => JSON.parse(text)).find((entry) => entry.event === 'http.error');
    expect(line).toMatchObject({
      level: 'error',
      request_id: 'r2',
      err: { name: 'TypeError', message: 'planted-inside' },
    });
  });
});

test('requests are measured by part of the server, method and status, never by address', async () => {
  const { app, metrics } = house();
  await request(app).get('/x/users/person-4711').expect(200);
  await request(app).get('/elsewhere/person-4711').expect(404);
  const page = await metrics.render();
  expect(page).toContain(
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/x",http_response_status_code="200"} 1',
  );
  expect(page).toContain('http_route="none",http_response_status_code="404"} 1');
  expect(page).not.toContain('person-4711');
});

test('scrapes at one time share one page, the next one has its own; a failure is nobody’s afterwards', async () => {
  const seen: number[] = [];
  let fails = false;
  const render = async (): Promise<string> => {
    seen.push(seen.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (fails) throw new StorageError('unavailable', 'away');
    return `page ${seen.length}`;
  };
  const app = express().use(createMetricsRouter({ render, contentType: 'text/plain' }));
  const scrape = async () => (await request(app).get('/metrics')).text;
  expect(await Promise.all([scrape(), scrape(), scrape()])).toEqual(['page 1', 'page 1', 'page 1']);
  expect(await scrape()).toBe('page 2');
  fails = true;
  expect((await request(app).get('/metrics')).status).toBe(500);
  fails = false;
  expect(await scrape()).toBe('page 4');
});

test('the app works under a path of a foreign app, with its own settings', async () => {
  const foreign = express();
  foreign.set('query parser', 'extended');
  foreign.use('/furlough', house().app);
  foreign.get('/own', (_request, response) => void response.send('own'));
  const { body } = await request(foreign).get('/furlough/x/query?a[b]=1').expect(200);
  expect(body).toEqual({ 'a[b]': '1' });
  await request(foreign).get('/furlough/nowhere').expect(404);
  await request(foreign).get('/own').expect(200, 'own');
});
