// SCIM is answered in front of express, and nothing is missing there that every request has: id, headers, log line, measurement, refusals in form.

import { createLogger } from '#observability/logger.ts';
import { startServer, type RunningServer } from '../harness/running-server.ts';

const lines: string[] = [];
let server: RunningServer;
let secret: string;
beforeAll(async () => {
  const logger = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  server = await startServer('sqlite', { overrides: { logger } });
  await server.admin('POST', '/organizations', { id: 'acme', name: 'Acme', timeZone: 'UTC' });
  const issued = await server.admin('POST', '/organizations/acme/credentials', { kind: 'scim', name: 'Okta' });
  secret = issued.body['secret'];
});
afterAll(() => server.stop());

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${secret}`, ...headers } });

test('an answer has the request id, the headers of every answer, a line in the log and a measurement', async () => {
  const asked = await get('/scim/v2/Users?filter=userName%20eq%20%22secret-name%22', { 'x-request-id': 'asked-1' });
  const reference = await get('/nowhere');
  expect(asked.status).toBe(200);
  expect(asked.headers.get('x-request-id')).toBe('asked-1');
  for (const name of ['content-security-policy', 'x-content-type-options', 'referrer-policy', 'x-frame-options'])
    expect([name, asked.headers.get(name)]).toEqual([name, reference.headers.get(name)]);
  expect(asked.headers.get('x-powered-by')).toBeNull();
  const told = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find((line) => line['request_id'] === 'asked-1');
  expect(told).toMatchObject({
    event: 'http.request',
    method: 'GET',
    path: '/scim/v2/Users',
    status: 200,
    organization: 'acme',
  });
  expect(lines.join('')).not.toContain('secret-name');
  expect(await (await get('/metrics')).text()).toMatch(
    /http_server_request_duration_seconds_count\{[^}]*http_route="\/scim\/v2"[^}]*\} [1-9]/,
  );
});

test.each(['/scim/v2', '/scim/v2/', '/scim/v2?x=1', '/scim/v2/nothing', '/scim/v2/Users/%ZZ'])(
  '%s is refused in the form of SCIM',
  async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/scim+json; charset=utf-8']);
    expect(await answer.json()).toMatchObject({ status: '404' });
  },
);

test.each(['/scim/v2x/Users', '/SCIM/v2/Users', '/scim/v3/Users'])('%s is no address of SCIM', async (path) => {
  const answer = await get(path);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
});

test('discovery and refusals of credentials are the same there', async () => {
  expect((await get('/scim/v2/ServiceProviderConfig', { authorization: '' })).status).toBe(200);
  const refused = await get('/scim/v2/Users', { authorization: 'Bearer nobody' });
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Bearer')]);
});
