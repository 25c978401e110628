// A company for journeys: an organisation with ten seats, an identity provider that provisions by SCIM and signs in by SAML, a second one
// that signs in by OIDC, and an app behind the gate.

import type { OrganizationId } from '#directory/identifiers.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { openDoors } from '../harness/lock-out-doors.ts';
import { startServer, type Answer, type RunningServer, type StorageKind } from '../harness/running-server.ts';
import { passOn, startSamlSignInPage, type SamlSignInPage } from '../harness/saml-sign-in-page.ts';

export const organization = 'example-shoji';

export interface Company extends Omit<RunningServer, 'scim'> {
  readonly organization: string;
  readonly saml: SamlSignInPage;
  readonly openId: OpenIdProvider;
  /** SCIM as the identity provider. */
  scim(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** SCIM with another credential. */
  readonly scimAs: RunningServer['scim'];
  /** Provisions someone as Entra does; answers the id. */
  provision(userName: string): Promise<string>;
  /** A fresh browser signs in through one protocol and ends where the gate leads it. */
  signIn(userName: string, protocol: 'saml' | 'oidc', browser?: Browser): Promise<{ browser: Browser; page: Visit }>;
  /** The state of a browser's session at each door of this server. */
  doors(browser: Browser): Promise<Readonly<Record<'session' | 'forwardAuth', number>>>;
  /** Every door of the house, as this browser's person shows up there from now on: by name, whether they are let in. */
  showUp(browser: Browser): Promise<() => Promise<Readonly<Record<string, boolean>>>>;
  seats(): Promise<{ licensed: number | null; used: number; free: number | null; waiting: number }>;
  stop(): Promise<void>;
}

export const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** `licensed` seats; the app's host is the server's own, as behind a proxy on the same host. */
export async function openCompany(kind: StorageKind, licensed: number | null = 10): Promise<Company> {
  const server = await startServer(kind);
  const base = `/organizations/${organization}`;
  const expectStatus = async (
    status: number,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer['body']> => {
    const answer = await server.admin(method, path, body);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await expectStatus(201, 'POST', '/organizations', {
    id: organization,
    name: 'Example Shoji',
    timeZone: 'Asia/Tokyo',
    licensed,
  });
  const saml = await startSamlSignInPage();
  const openId = await startOpenIdProvider([`${server.url}/sso/${organization}/second/oidc/callback`]);
  await expectStatus(201, 'POST', `${base}/connections`, {
    name: 'first',
    signIn: { kind: 'saml', metadata: saml.identityProvider.metadata() },
    provisioning: { kind: 'scim' },
  });
  await expectStatus(201, 'POST', `${base}/connections`, {
    name: 'second',
    domains: ['example.com'],
    signIn: { kind: 'oidc', issuer: openId.issuer, clientId: openId.clientId, clientSecret: openId.clientSecret },
  });
  const { secret } = await expectStatus(201, 'POST', `${base}/credentials`, {
    kind: 'scim',
    connection: 'first',
    name: 'Okta',
  });
  const scim: Company['scim'] = (method, path, body, headers) => server.scim(secret, method, path, body, headers);

  let doors: ReturnType<typeof openDoors> | undefined;
  return {
    ...server,
    organization,
    saml,
    openId,
    scim,
    scimAs: (...call) => server.scim(...call),
    async provision(userName) {
      const { status, body } = await scim('POST', '/Users', {
        schemas: [userSchema],
        userName,
        externalId: `ext-${userName}`,
        active: true,
        displayName: userName.split('@')[0],
        emails: [{ value: userName, type: 'work', primary: true }],
      });
      if (status !== 201) throw new Error(`POST /Users: ${status} ${JSON.stringify(body)}`);
      return body['id'];
    },
    async signIn(userName, protocol, browser = new Browser()) {
      saml.signInAs(userName);
      openId.signInAs({ sub: `sub-${userName}`, claims: { preferred_username: userName } });
      const connection = protocol === 'saml' ? 'first' : 'second';
      const login = `${server.url}/sso/${organization}/login?connection=${connection}&return_to=/sso/session`;
      const page = await passOn(browser, await browser.go(login));
      return { browser, page };
    },
    async doors(browser) {
      const session = await browser.go(`${server.url}/sso/session`, { headers: { accept: 'application/json' } });
      const { host } = new URL(server.url);
      const forwarded = {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': host,
        'x-forwarded-uri': '/wiki',
      };
      const check = await browser.go(`${server.url}/gate/forward-auth`, {
        headers: { accept: 'application/json', ...forwarded },
      });
      return { session: session.status, forwardAuth: check.status };
    },
    async showUp(browser) {
      doors ??= openDoors({
        house: server.house,
        organization: organization as OrganizationId,
        nodes: [{ url: server.url, admin: (method, path, body) => server.admin(method, `${base}${path}`, body) }],
      });
      const opened = await doors;
      const session = browser.cookie(server.url, 'furlough-session') ?? '';
      const shown = new Map<string, string>();
      for (const [name, door] of opened) shown.set(name, await door.prepare(session));
      return async () => {
        const answers = [...opened].map(async ([name, door]) => {
          const node = { url: server.url, admin: server.admin };
          return [name, await door.isAdmitted(node, shown.get(name) ?? '')] as const;
        });
        return Object.fromEntries(await Promise.all(answers));
      };
    },
    async seats() {
      return (await expectStatus(200, 'GET', `${base}/seats`)) as never;
    },
    async stop() {
      await server.stop();
      await Promise.all([saml.close(), openId.close()]);
    },
  };
}
