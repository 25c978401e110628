// The story itself: ten seats, ten people. User-A is switched off, is out everywhere, and the seat is used; then User-A comes back.

import type { SamlSignInPage } from '../../test/harness/saml-sign-in-page.ts';
import { passOn } from '../../test/harness/saml-sign-in-page.ts';
import { Browser, type Visit } from '../../test/harness/browser.ts';
import type { OpenIdProvider } from '../../test/harness/openid-provider.ts';
import type { Narrator } from './narrator.ts';
import type { ToyApp } from './toy-app.ts';

export interface Stage {
  readonly narrator: Narrator;
  readonly url: string;
  readonly adminKey: string;
  readonly organization: string;
  readonly saml: SamlSignInPage;
  readonly openId: OpenIdProvider;
  readonly app: ToyApp;
  readonly registerApp: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: any; // oxlint-disable-line no-explicit-any
}

const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const furlough = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User';
/** What Entra sends without the flag: a capital letter and a string for a boolean. */
const entraPatch = (active: boolean) => ({
  schemas: [patchOp],
  Operations: [{ op: 'Replace', path: 'active', value: active ? 'True' : 'False' }],
});

export async function tellStory(stage: Stage): Promise<void> {
  const { narrator, organization, url } = stage;
  const admin = caller(`${url}/api/v1`, stage.adminKey, 'application/json');
  const base = `/organizations/${organization}`;
  await admin('POST', '/organizations', {
    id: organization,
    name: 'Example Shoji',
    timeZone: 'Asia/Tokyo',
    licensed: 10,
  });
  await admin('POST', `${base}/connections`, {
    name: 'okta',
    domains: ['example.com'],
    signIn: { kind: 'saml', metadata: stage.saml.identityProvider.metadata() },
  });
  const { issuer, clientId, clientSecret } = stage.openId;
  await admin('POST', `${base}/connections`, {
    name: 'entra',
    signIn: { kind: 'oidc', issuer, clientId, clientSecret },
    provisioning: { kind: 'scim' },
  });
  const issued = await admin('POST', `${base}/credentials`, { kind: 'scim', connection: 'entra', name: 'Entra' });
  const scim = caller(`${url}/scim/v2`, issued.body.secret, 'application/scim+json');
  await stage.registerApp();
  const seats = async (): Promise<string> => {
    const { used, licensed, waiting } = (await admin('GET', `${base}/seats`)).body;
    return `${used} of ${licensed} in use${waiting > 0 ? `, ${waiting} waiting` : ''}`;
  };

  narrator.chapter('1. Ten people are provisioned, the way Entra does it');
  const ids: string[] = [];
  await narrator.timed('10 times POST /scim/v2/Users', async () => {
    for (let i = 0; i < 10; i += 1)
      ids.push((await scim('POST', '/Users', person(i === 0 ? 'user-a' : `user-${i}`))).body.id);
  });
  const [a = ''] = ids;
  narrator.check(`seats: ${await seats()}`, (await seats()) === '10 of 10 in use');

  narrator.chapter('2. User-A signs in, by SAML and by OIDC, and opens the app');
  const [laptop, phone] = [new Browser(), new Browser()];
  await narrator.timed('laptop: SAML, a real signature', () => signIn(stage, 'user-a@example.com', 'okta', laptop));
  await narrator.timed('phone: OIDC, code flow with PKCE', () => signIn(stage, 'user-a@example.com', 'entra', phone));
  for (const [name, browser] of [
    ['laptop', laptop],
    ['phone', phone],
  ] as const) {
    narrator.check(
      `${name}: the app says ${(await browser.go(stage.app.url)).status}`,
      (await browser.go(stage.app.url)).status === 200,
    );
  }

  narrator.chapter('3. Entra sets active to "False"');
  await narrator.timed('PATCH answered', () => scim('PATCH', `/Users/${a}`, entraPatch(false)));
  for (const [name, browser] of [
    ['laptop', laptop],
    ['phone', phone],
  ] as const) {
    const started = performance.now();
    const { status } = await browser.go(stage.app.url);
    narrator.check(
      `${name}: the app says ${status}, asked ${(performance.now() - started).toFixed(1)} ms`,
      status === 403,
    );
  }
  for (const connection of ['okta', 'entra']) {
    const page = await signIn(stage, 'user-a@example.com', connection, new Browser());
    narrator.check(`a new sign-in through ${connection}: ${page.status}, ${reference(page)}`, page.status === 403);
  }
  narrator.check(`seats: ${await seats()}; the profile stays`, (await seats()) === '9 of 10 in use');

  narrator.chapter('4. The seat is used: User-S is hired');
  const hired = await scim('POST', '/Users', person('user-s'));
  narrator.check(
    `User-S is active, seats: ${await seats()}`,
    hired.body.active === true && (await seats()) === '10 of 10 in use',
  );

  narrator.chapter('5. User-A comes back, and no seat is free');
  const back = await scim('PATCH', `/Users/${a}`, entraPatch(true));
  narrator.check(
    `SCIM answers active ${back.body.active}, status ${back.body[furlough]?.status}: nothing untrue`,
    back.body[furlough]?.status === 'waiting',
  );
  narrator.check(`seats: ${await seats()}`, (await seats()) === '10 of 10 in use, 1 waiting');
  await narrator.timed('an eleventh seat is bought', () => admin('PUT', `${base}/seats`, { licensed: 11 }));
  const now = await scim('GET', `/Users/${a}`);
  narrator.check(
    `User-A is active by itself, seats: ${await seats()}`,
    now.body.active === true && (await seats()) === '11 of 11 in use',
  );
  narrator.check('the old sessions stay dead', (await laptop.go(`${url}/sso/session`)).status === 401);
  const again = await signIn(stage, 'user-a@example.com', 'okta', new Browser());
  narrator.check('a new sign-in works', again.status === 200);

  narrator.chapter('6. What the audit trail says');
  const { body: verified } = await admin('POST', `${base}/audit/verify`);
  narrator.check(`${verified.entries} entries, chain intact`, verified.intact === true);
}

function person(name: string): object {
  return {
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
    externalId: `entra-${name}`,
    userName: `${name}@example.com`,
    displayName: name.replace('user', 'User').replace(/-(.)$/, (_all, letter: string) => `-${letter.toUpperCase()}`),
    active: true,
    emails: [{ primary: true, type: 'work', value: `${name}@example.com` }],
    meta: { resourceType: 'User' },
  };
}

async function signIn(stage: Stage, userName: string, connection: string, browser: Browser): Promise<Visit> {
  stage.saml.signInAs(userName);
  stage.openId.signInAs({ sub: `sub-${userName}`, claims: { preferred_username: userName } });
  const login = `${stage.url}/sso/${stage.organization}/login?connection=${connection}&return_to=/sso/session`;
  return passOn(browser, await browser.go(login));
}

/** The line of the refusal page that a person would read out. */
function reference(page: Visit): string {
  const text = page.body.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  return /Reference[^.]{0,40}/i.exec(text)?.[0].trim() ?? 'no reference';
}

function caller(base: string, secret: string, type: string) {
  return async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${secret}`, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return answer;
  };
}
