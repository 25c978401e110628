// npm run demo: the story in one terminal, on a server of its own with everything in memory. `--once` ends with 0 instead of staying up.

import { randomBytes } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { addApp } from '#admin/app-changes.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { createServer, loadConfig } from '#server.ts';
import { startOpenIdProvider } from '../../test/harness/openid-provider.ts';
import { startSamlSignInPage } from '../../test/harness/saml-sign-in-page.ts';
import { createNarrator } from './narrator.ts';
import { tellStory } from './story.ts';
import { startToyApp } from './toy-app.ts';

const once = process.argv.includes('--once');
const organization = 'example-shoji' as OrganizationId;
const narrator = createNarrator((line) => process.stdout.write(line));
const port = await findPort(3000);
const url = `http://127.0.0.1:${port}`;
const secretOf = (name: string): string => `demo-${name}-${randomBytes(24).toString('hex')}`;
const adminKey = secretOf('admin');

const server = createServer(
  loadConfig({
    HOST: '127.0.0.1',
    PORT: String(port),
    FURLOUGH_BASE_URL: url,
    FURLOUGH_STORAGE: 'sqlite::memory:',
    FURLOUGH_SECRET: randomBytes(32).toString('base64'),
    FURLOUGH_BOOTSTRAP_ADMIN_KEY: adminKey,
    FURLOUGH_LOG_LEVEL: 'warn',
    FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS: 'true',
    FURLOUGH_TRUSTED_PROXIES: '127.0.0.1',
  }),
);
const { house } = await server.start();
const [saml, openId, app] = await Promise.all([
  startSamlSignInPage(),
  startOpenIdProvider([`${url}/sso/${organization}/entra/oidc/callback`]),
  startToyApp(url),
]);

narrator.chapter('Furlough, in one terminal');
narrator.tell(
  `server ${url}, toy identity providers ${saml.ssoUrl} (SAML) and ${openId.issuer} (OIDC), toy app ${app.url}`,
);

await tellStory({
  narrator,
  url,
  adminKey,
  organization,
  saml,
  openId,
  app,
  registerApp: async () => {
    const wiki = { id: 'wiki', name: 'Wiki', forwardAuth: { hosts: [app.host], rules: [] } };
    await addApp(house.admin, organization, wiki, { actor: { kind: 'cli' }, mouth: 'cli' });
  },
});

if (once) await end(narrator.failures === 0 ? 0 : 1);
narrator.chapter('Still running: have a look');
narrator.tell(`app      ${app.url}  (the toy identity providers sign you in as User-A)`);
narrator.tell(`session  ${url}/sso/session`);
narrator.tell(`API      ${url}/api/docs with the key ${adminKey}`);
narrator.tell('Ctrl-C ends it; nothing was stored.');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(0));

async function end(code: number): Promise<never> {
  await Promise.all([saml.close(), openId.close(), app.close()]);
  await server.stop();
  process.exit(code);
}

/** The port people expect, or any free one when something else runs there. */
async function findPort(wanted: number): Promise<number> {
  for (const candidate of [wanted, 0]) {
    const probe = createTcpServer();
    const found = await new Promise<number | null>((resolve) => {
      probe.once('error', () => resolve(null));
      probe.listen(candidate, '127.0.0.1', () => resolve((probe.address() as AddressInfo).port));
    });
    await new Promise((resolve) => probe.close(resolve));
    if (found !== null) return found;
  }
  throw new Error('no free port on 127.0.0.1');
}
