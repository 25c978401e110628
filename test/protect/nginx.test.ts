// A real nginx with the very configuration of docs/protect/nginx.md.

import { readSnippet, startNginx, type RunningProxy } from '../harness/proxy-builds.ts';
import { describeProtection, describeProxied, openProtectedApp, type ProtectedApp } from './protected-app.ts';

describeProxied(['nginx'], 'an app behind nginx', (kind) => {
  let app: ProtectedApp;
  let proxy: RunningProxy;
  beforeAll(async () => {
    app = await openProtectedApp(kind);
    const snippet = await readSnippet('nginx', 'nginx', {
      '127.0.0.1:3000': new URL(app.server.url).host,
      '127.0.0.1:8080': app.upstream,
      '127.0.0.1:8443': `127.0.0.1:${app.port}`,
      'server_name wiki.example.com': 'server_name localhost',
    });
    proxy = await startNginx(snippet, app.port);
  });
  afterAll(async () => {
    await proxy?.stop();
    await app?.close();
  });

  describeProtection(() => app);
});
