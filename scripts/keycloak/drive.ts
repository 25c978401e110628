// The run itself, once per protocol: a person signs in at Keycloak and is in, is switched off by SCIM and is out, is refused although Keycloak
// lets them through, comes back and is in again. scripts/keycloak.sh starts both servers and says where they are.

import assert from 'node:assert/strict';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { createFurloughAdmin } from './furlough-admin.ts';
import { createRealm } from './keycloak-realm.ts';

const [furlough, keycloak] = [settingOf('GATE_URL'), settingOf('KEYCLOAK_URL')];
const ours = createFurloughAdmin(furlough, settingOf('FURLOUGH_BOOTSTRAP_ADMIN_KEY'));
const password = 'a password only this run knows';
const userName = 'aoki@example.com';

type Protocol = 'saml' | 'oidc';

const browser = await chromium.launch({ executablePath: settingOf('CHROMIUM'), args: ['--no-sandbox'] });
try {
  for (const protocol of ['saml', 'oidc'] as const) await runThrough(browser, protocol);
  console.log('Everything came out as it should.');
} finally {
  await browser.close();
}

async function runThrough(chrome: Browser, protocol: Protocol): Promise<void> {
  const organization = `by-${protocol}`;
  const base = `/organizations/${organization}`;
  await ours.admin('POST', '/organizations', 201, { id: organization, name: organization, timeZone: 'Asia/Tokyo' });
  await ours.admin('PUT', base, 200, { contact: { email: 'help@example.com' } });
  const realm = await createRealm(keycloak, settingOf('KEYCLOAK_ADMIN_SECRET'), organization);
  await realm.addPerson(userName, password);
  const at = `${furlough}/sso/${organization}/keycloak`;
  await ours.admin('POST', `${base}/connections`, 201, {
    id: 'keycloak',
    name: 'Keycloak',
    signIn: protocol === 'saml' ? await connectSaml() : await connectOpenId(),
    provisioning: { kind: 'scim' },
  });
  if (protocol === 'saml') {
    // Its descriptor wants signed requests; our metadata says by which key.
    const metadata = await (await fetch(`${at}/saml/metadata`)).text();
    const [, certificate = ''] = /<[\w:]*X509Certificate>([^<]+)</.exec(metadata) ?? [];
    await realm.addSamlClient(`${at}/saml/metadata`, `${at}/saml/acs`, certificate.replaceAll(/\s/g, ''));
  }
  const issued = await ours.admin('POST', `${base}/credentials`, 201, {
    kind: 'scim',
    connection: 'keycloak',
    name: 'SCIM',
  });
  const credential = String(issued['secret']);
  const id = await ours.provision(credential, userName);

  const visitor = await chrome.newContext({ locale: 'ja-JP' });
  const page = await visitor.newPage();
  await step(protocol, 'signs in at Keycloak and is in', async () => {
    await signIn(page, organization, true);
    assert.deepEqual(await sessionOf(visitor), { status: 200, userName, reason: undefined });
  });
  await step(protocol, 'is switched off by SCIM and is out at the next request', async () => {
    await ours.setActive(credential, id, false);
    assert.deepEqual(await sessionOf(visitor), { status: 403, userName: undefined, reason: 'accountInactive' });
  });
  await step(protocol, 'is refused although Keycloak still has them signed in, and told whom to ask', async () => {
    await signIn(page, organization, false);
    await expectRefusal(page, base);
  });
  await step(protocol, 'is refused in a fresh browser too, with the right password', async () => {
    const fresh = await chrome.newContext({ locale: 'ja-JP' });
    const other = await fresh.newPage();
    await signIn(other, organization, true);
    await expectRefusal(other, base);
    assert.equal((await sessionOf(fresh)).status, 401);
    await fresh.close();
  });
  await step(protocol, 'comes back: the old session stays dead, a new sign-in is in', async () => {
    await ours.setActive(credential, id, true);
    assert.equal((await sessionOf(visitor)).status, 401);
    await signIn(page, organization, false);
    assert.equal((await sessionOf(visitor)).status, 200);
  });
  await visitor.close();

  async function connectSaml(): Promise<object> {
    const metadata = await (await fetch(realm.samlDescriptor)).text();
    return { kind: 'saml', metadata };
  }

  async function connectOpenId(): Promise<object> {
    const client = { clientId: 'furlough', clientSecret: 'a client secret only this run knows' };
    await realm.addOpenIdClient(client.clientId, client.clientSecret, `${at}/oidc/callback`);
    return { kind: 'oidc', issuer: realm.issuer, ...client };
  }
}

/** From our own door to wherever it ends. `asks`: whether Keycloak asks for the password, having no session of this browser. */
async function signIn(page: Page, organization: string, asks: boolean): Promise<void> {
  const isOurs = (url: URL): boolean => url.href.startsWith(furlough);
  await page.goto(`${furlough}/sso/${organization}/login?return_to=/sso/session`);
  if (asks) {
    await page.fill('input[name=username]', userName);
    await page.fill('input[name=password]', password);
    await Promise.all([page.waitForURL(isOurs), page.click('[type=submit]')]);
  } else {
    // Keycloak's own page posts the answer by itself; it would stand still here if it asked for a password.
    await page.waitForURL(isOurs);
  }
  await page.waitForLoadState();
}

/** The page of a refusal names a reference, which the administrator can look up. */
async function expectRefusal(page: Page, base: string): Promise<void> {
  const text = await page.innerText('main');
  assert.match(text, /停止中/);
  assert.match(text, /help@example\.com/);
  const [reference] = /[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(text) ?? [];
  assert.ok(reference, text);
  const explained = await ours.admin('GET', `${base}/sign-ins/${reference}`, 200);
  assert.equal(explained['reason'], 'accountInactive');
  assert.deepEqual(
    (explained['then'] as { check: string; passed: boolean }[])
      .filter(({ passed }) => !passed)
      .map(({ check }) => check),
    ['hold:idp'],
  );
}

async function sessionOf(visitor: BrowserContext) {
  const answer = await visitor.request.get(`${furlough}/sso/session`, { headers: { accept: 'application/json' } });
  const body = (await answer.json()) as { reason?: string; user?: { userName: string } };
  return { status: answer.status(), userName: body.user?.userName, reason: body.reason };
}

async function step(protocol: Protocol, what: string, work: () => Promise<void>): Promise<void> {
  const before = performance.now();
  await work();
  console.log(`${protocol}: ${what} (${Math.round(performance.now() - before)} ms)`);
}

function settingOf(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run scripts/keycloak.sh`);
  return value;
}
