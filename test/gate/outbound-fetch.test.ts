// Requests to identity providers end in an answer or a refusal, whatever comes back: nothing a provider sends may throw where nobody catches it.

import { createServer, type AddressInfo, type Server } from 'node:net';
import { fetchOutbound, providerRules } from '#gate/connections/outbound-fetch.ts';

const rules = { ...providerRules, allowLoopback: true, privateHosts: [] };
const request = { method: 'GET', headers: {} };

describe('an identity provider answers', () => {
  let server: Server;
  let answer = '';
  let url = '';
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  beforeAll(async () => {
    process.on('unhandledRejection', note);
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer, 'latin1'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await new Promise((resolve) => server.close(resolve));
  });

  const ask = () => fetchOutbound(url, request, rules, AbortSignal.timeout(3_000));
  const head = (status: string, ...headers: readonly string[]) =>
    [`HTTP/1.1 ${status}`, 'Content-Length: 0', ...headers, '', ''].join('\r\n');

  test('with 200: the control', async () => {
    answer = head('200 OK');
    expect((await ask()).status).toBe(200);
  });

  test.each([
    ['999', 'status 999', []],
    ['600', 'status 600', []],
    ['000', 'status 0', []],
    ['101', 'status 101', []],
    ['101', 'status 101', ['Connection: Upgrade', 'Upgrade: websocket']],
  ])('with status %s: refused as %s, not thrown past us (%j)', async (status, message, headers) => {
    answer = head(`${status} Odd`, ...headers);
    await expect(ask()).rejects.toMatchObject({ name: 'OutboundRefusal', message });
    await new Promise((resolve) => setImmediate(resolve));
    expect(uncaught).toEqual([]);
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['nothing', ''],
    ['half of a body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    ['a header with a control character', 'HTTP/1.1 200 OK\r\nX: a\u0001b\r\n\r\n'],
  ])('with %s: refused', async (_what, text) => {
    answer = text;
    await expect(ask()).rejects.toMatchObject({ name: 'OutboundRefusal' });
  });

  test.each(['http://[', 'http://a:99999/', '//'])(
    'with a redirect to %s, which is no URL: refused',
    async (location) => {
      answer = head('302 Found', `Location: ${location}`);
      await expect(ask()).rejects.toMatchObject({
        name: 'OutboundRefusal',
        message: 'redirected to what is not a URL',
      });
    },
  );

  test('a body that cannot be sent is refused', async () => {
    const odd = fetchOutbound(url, { ...request, method: 'POST', body: 5 }, rules, AbortSignal.timeout(3_000));
    await expect(odd).rejects.toMatchObject({ name: 'OutboundRefusal' });
  });
});
