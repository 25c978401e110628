// The package inside somebody else's express app, below a path: every address it prints or checks has the path of FURLOUGH_BASE_URL.

import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { createServer, loadConfig, type Server } from 'furlough/server';
import { Browser } from '../harness/browser.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { findFreePort } from '../harness/running-server.ts';

const scimToken = 'scim-token-of-the-mounted-package-0001';
const adminKey = 'admin-key-of-the-mounted-package-00001';
const folder = mkdtempSync(join(tmpdir(), 'furlough-mount-'));
let base: string;
let foreign: HttpServer;
let furlough: Server;
let provider: OpenIdProvider;

beforeAll(async () => {
  const port = await findFreePort();
  base = `http://localhost:${port}/furlough`;
  const environment = {
    FURLOUGH_BASE_URL: base,
    FURLOUGH_STORAGE: 'sqlite::memory:',
    FURLOUGH_BOOTSTRAP_SCIM_TOKEN: scimToken,
    FURLOUGH_BOOTSTRAP_ADMIN_KEY: adminKey,
    FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS: 'true',
    FURLOUGH_LOG_LEVEL: 'silent',
  };
  furlough = createServer(loadConfig(environment, folder));
  const app = express();
  app.get('/', (_request, response) => void response.send('somebody else'));
  app.use('/furlough', furlough.app);
  app.use((_request, response) => void response.status(404).send('their own not found'));
  foreign = createHttpServer(app).listen(port, 'localhost');
  await once(foreign, 'listening');
  provider = await startOpenIdProvider([`${base}/sso/default/login-provider/oidc/callback`]);
});

afterAll(async () => {
  foreign.closeAllConnections();
  foreign.close();
  await furlough.stop();
  await provider.close();
  rmSync(folder, { recursive: true });
});

async function callScim(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; location: string | null; body: Record<string, unknown> }> {
  const response = await fetch(`${base}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${scimToken}`, 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { status: response.status, location: response.headers.get('location'), body: answer };
}

describe('below a path of another express app', () => {
  test('health is there, and the other app keeps its own addresses', async () => {
    const origin = new URL(base).origin;
    const statuses = await Promise.all(
      [`${base}/livez`, `${base}/readyz`, `${origin}/livez`].map(async (url) => (await fetch(url)).status),
    );
    expect(statuses).toEqual([200, 200, 404]);
    expect(await (await fetch(`${origin}/`)).text()).toBe('somebody else');
    expect(await (await fetch(`${origin}/elsewhere`)).text()).toBe('their own not found');
  });

  test('a person is provisioned, found by the address the answer names, and switched off', async () => {
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    const created = await callScim('POST', '/Users', { schemas, userName: 'ana@example.com', active: true });
    const place = `${base}/scim/v2/Users/${String(created.body['id'])}`;
    expect([created.status, created.location, created.body['meta']]).toEqual([
      201,
      place,
      expect.objectContaining({ location: place }),
    ]);
    const found = await callScim('GET', `/Users/${String(created.body['id'])}`);
    expect(found.body).toMatchObject({ userName: 'ana@example.com', active: true });
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    };
    const patched = await callScim('PATCH', `/Users/${String(created.body['id'])}`, patch);
    expect([patched.status, patched.body['active']]).toEqual([200, false]);
  });

  test('a sign-in leaves for the identity provider, comes back to the path, and its session ends with the account', async () => {
    const { issuer, clientId, clientSecret } = provider;
    const added = await fetch(`${base}/api/v1/organizations/default/connections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'login-provider', signIn: { kind: 'oidc', issuer, clientId, clientSecret } }),
    });
    expect(added.status).toBe(201);
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    const { body: bob } = await callScim('POST', '/Users', { schemas, userName: 'bob@example.com', active: true });
    provider.signInAs({ sub: 'bob', claims: { preferred_username: 'bob@example.com' } });

    const browser = new Browser();
    const login = `${base}/sso/default/login?connection=login-provider&return_to=/furlough/sso/session`;
    const leaving = await browser.go(login, { follow: false });
    const target = new URL(leaving.headers.get('location') ?? '');
    expect([leaving.status, target.origin]).toEqual([302, issuer]);

    const landed = await browser.go(login);
    expect([landed.url, landed.status]).toEqual([`${base}/sso/session`, 200]);
    expect((await callScim('DELETE', `/Users/${String(bob['id'])}`)).status).toBe(204);
    expect((await browser.go(`${base}/sso/session`, { headers: { accept: 'application/json' } })).status).not.toBe(200);
  });

  test('a stranger is nobody', async () => {
    expect((await fetch(`${base}/scim/v2/Users`)).status).toBe(401);
    expect((await fetch(`${base}/sso/session`)).status).toBe(401);
  });
});
