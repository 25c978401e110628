// A toy app behind the gate: it lets nobody see its page without asking Furlough first, as a proxy with forward-auth does.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ToyApp {
  readonly url: string;
  readonly host: string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and asks `furloughUrl` about every request. */
export async function startToyApp(furloughUrl: string): Promise<ToyApp> {
  const server = createServer((request, response) => {
    void (async () => {
      const check = await fetch(`${furloughUrl}/gate/forward-auth`, {
        redirect: 'manual',
        headers: {
          accept: request.headers.accept ?? '*/*',
          cookie: request.headers.cookie ?? '',
          'x-forwarded-method': request.method ?? 'GET',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': request.headers.host ?? '',
          'x-forwarded-uri': request.url ?? '/',
        },
      });
      if (check.status !== 200) {
        const location = check.headers.get('location');
        const type = check.headers.get('content-type') ?? 'text/plain';
        response.writeHead(check.status, { 'content-type': type, ...(location === null ? {} : { location }) });
        response.end(await check.text());
        return;
      }
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        `<!doctype html><title>Wiki</title><h1>Wiki</h1><p>Hello ${check.headers.get('remote-name') || check.headers.get('remote-user')}.`,
      );
    })().catch(() => response.writeHead(502).end('The gate does not answer.'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
