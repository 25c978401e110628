// A real Caddy with the very configuration of docs/protect/caddy.md.

import { readSnippet, startCaddy, type RunningProxy } from '../harness/proxy-builds.ts';
import { describeProtection, describeProxied, openProtectedApp, type ProtectedApp } from './protected-app.ts';

describeProxied(['go'], 'an app behind Caddy', (kind) => {
  let app: ProtectedApp;
  let proxy: RunningProxy;
  // Caddy is built when this machine has none yet.
  beforeAll(async () => {
    app = await openProtectedApp(kind);
    const snippet = await readSnippet('caddy', 'caddyfile', {
      '127.0.0.1:3000': new URL(app.server.url).host,
      '127.0.0.1:8080': app.upstream,
      'wiki.example.com {': `http://localhost:${app.port} {`,
    });
    proxy = await startCaddy(snippet, app.port);
  }, 600_000);
  afterAll(async () => {
    await proxy?.stop();
    await app?.close();
  });

  describeProtection(() => app);
});
