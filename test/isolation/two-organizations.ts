// A whole server with two organisations that have the same things under other names, each name a canary that is found wherever it should not be:
// people, connections, credentials, an app behind the gate, sessions, sign-ins, changes. And both have one name in common for everything that has one.

import { createLogger } from '#observability/logger.ts';
import { enterApp } from '../gate/app-visits.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { startServer, type Answer, type RunningServer, type StorageKind } from '../harness/running-server.ts';
import { passOn, startSamlSignInPage, type SamlSignInPage } from '../harness/saml-sign-in-page.ts';
import { createWire, type Wire } from '../hostile/wire.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export const PERSON = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:Person';
export const DEPARTMENT = 'urn:ietf:params:scim:schemas:furlough:2.0:Department';

/** What both organisations call something. */
export const shared = { userName: 'same@shared.test', externalId: 'same-external-id', connection: 'shared' } as const;

export interface Party {
  readonly id: string;
  /** Its administrator's key, without scope `instance`. */
  readonly adminKey: string;
  readonly scimSecret: string;
  readonly person: string;
  readonly group: string;
  readonly groupName: string;
  readonly groupExternalId: string;
  readonly department: string;
  readonly departmentName: string;
  readonly departmentCode: string;
  /** The URN of its own schema, and a value by it. */
  readonly schema: string;
  readonly app: string;
  readonly badge: string;
  /** The person both call the same. */
  readonly samePerson: string;
  readonly connection: string;
  readonly domain: string;
  readonly credential: string;
  readonly signIn: string;
  readonly logEntry: string;
  readonly session: string;
  readonly leave: string;
  readonly import: string;
  readonly change: string;
  readonly userName: string;
  readonly externalId: string;
  readonly email: string;
  readonly displayName: string;
  readonly appHost: string;
  /** The `Cookie` header of the signed-in browser there. */
  readonly appCookie: string;
  readonly browser: Browser;
  /** Texts that only this organisation may see. */
  readonly canaries: readonly string[];
  /** Texts that nobody is shown after they were made. */
  readonly secrets: readonly string[];
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  scim(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Signs someone in by SAML or OIDC. */
  signInAs(userName: string, connection?: string): Promise<{ readonly browser: Browser; readonly page: Visit }>;
}

export interface TwoOrganizations extends RunningServer {
  readonly wire: Wire;
  readonly saml: SamlSignInPage;
  readonly openId: OpenIdProvider;
  readonly a: Party;
  readonly b: Party;
  /** What was logged, at every level. */
  readonly lines: readonly string[];
}

export async function openTwoOrganizations(kind: StorageKind): Promise<TwoOrganizations> {
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  const server = await startServer(kind, {
    overrides: { logger },
    environment: {
      FURLOUGH_LIMITS_SCIM_PER_SECOND: '1000000',
      FURLOUGH_LIMITS_SCIM_BURST: '1000000',
      FURLOUGH_LIMITS_SIGN_INS_PER_MINUTE: '1000000',
    },
  });
  const saml = await startSamlSignInPage();
  const callbacks = ['aa', 'bb'].map((id) => `${server.url}/sso/${id}/${shared.connection}/oidc/callback`);
  const openId = await startOpenIdProvider(callbacks);
  const parts = { server, saml, openId };
  const a = await found(parts, 'aa', 'kingfisher');
  const b = await found(parts, 'bb', 'nightjar');
  const wire = createWire(Number(new URL(server.url).port));
  return {
    ...server,
    wire,
    saml,
    openId,
    a,
    b,
    lines,
    async stop() {
      wire.close();
      await Promise.all([saml.close(), openId.close()]);
      await server.stop();
    },
  };
}

type Parts = { readonly server: RunningServer; readonly saml: SamlSignInPage; readonly openId: OpenIdProvider };

/** Founds an organisation all of whose names contain `canary`. */
async function found({ server, saml, openId }: Parts, id: string, canary: string): Promise<Party> {
  const base = `/organizations/${id}`;
  const must = async (asked: Promise<Answer>): Promise<Answer['body']> => {
    const { status, body } = await asked;
    if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  };
  const names = {
    organization: `Org ${canary}`,
    userName: `${canary}-user@people.test`,
    externalId: `${canary}-external`,
    email: `${canary}-mail@people.test`,
    displayName: `Display ${canary}`,
    title: `Title ${canary}`,
    groupName: `Group ${canary}`,
    groupExternalId: `${canary}-group-external`,
    departmentName: `Department ${canary}`,
    departmentCode: `${canary}-department`,
    connectionName: `Connection ${canary}`,
    credentialName: `Credential ${canary}`,
    note: `Note ${canary}`,
    schema: `urn:${canary}:scim:badge`,
    app: `${canary}-app`,
    schemaName: `Schema ${canary}`,
    badge: `Badge ${canary}`,
    claimed: `${canary}-stranger@people.test`,
  };
  const clientSecret = `client-secret-of-${canary}-0123456789`;
  await must(
    server.admin('POST', '/organizations', { id, name: names.organization, timeZone: 'Asia/Tokyo', licensed: 50 }),
  );
  const connection = `${canary}-saml`;
  const signIn = { kind: 'saml', metadata: saml.identityProvider.metadata() };
  await must(
    server.admin('POST', `${base}/connections`, {
      id: connection,
      name: names.connectionName,
      domains: [`${canary}.example`],
      signIn,
      provisioning: { kind: 'scim' },
    }),
  );
  await must(
    server.admin('POST', `${base}/connections`, {
      id: shared.connection,
      name: 'Shared',
      signIn: { kind: 'oidc', issuer: openId.issuer, clientId: openId.clientId, clientSecret: openId.clientSecret },
      provisioning: { kind: 'scim' },
    }),
  );
  await must(
    server.admin('POST', `${base}/connections`, {
      id: `${canary}-oidc`,
      name: names.connectionName,
      kind: 'oidc',
      issuer: openId.issuer,
      clientId: 'elsewhere',
      clientSecret,
    }),
  );
  const issued = await must(
    server.admin('POST', `${base}/credentials`, { kind: 'scim', connection, name: names.credentialName }),
  );
  const sharedSecret = (
    await must(
      server.admin('POST', `${base}/credentials`, { kind: 'scim', connection: shared.connection, name: 'Shared' }),
    )
  )['secret'];
  const adminKey = (await must(server.admin('POST', `${base}/credentials`, { kind: 'admin', name: 'Key' })))['secret'];
  const scimSecret: string = issued['secret'];
  const admin: Party['admin'] = (method, path, body) => server.adminAs(adminKey, method, `${base}${path}`, body);
  const scim: Party['scim'] = (method, path, body) => server.scim(scimSecret, method, path, body);
  await must(
    admin('POST', '/schemas', {
      id: names.schema,
      name: names.schemaName,
      attributes: [{ name: 'badge' }],
      resourceTypes: ['User', 'Group'],
    }),
  );
  const hire = async (
    secret: string,
    userName: string,
    externalId: string,
    email: string,
    manager?: string,
  ): Promise<string> =>
    (
      await must(
        server.scim(secret, 'POST', '/Users', {
          schemas: [USER, ENTERPRISE],
          userName,
          externalId,
          displayName: names.displayName,
          title: names.title,
          [names.schema]: { badge: names.badge },
          emails: [{ value: email, type: 'work', primary: true }],
          ...(manager === undefined ? {} : { [ENTERPRISE]: { manager: { value: manager } } }),
        }),
      )
    )['id'];
  const person = await hire(scimSecret, names.userName, names.externalId, names.email);
  const group = (
    await must(
      scim('POST', '/Groups', {
        schemas: [GROUP],
        displayName: names.groupName,
        externalId: names.groupExternalId,
        [names.schema]: { badge: names.badge },
        members: [{ value: person }],
      }),
    )
  )['id'];
  const department = (
    await must(
      scim('POST', '/Departments', { schemas: [DEPARTMENT], name: names.departmentName, code: names.departmentCode }),
    )
  )['id'];
  await must(
    scim('PATCH', `/Users/${person}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: `${PERSON}:departments`, value: [{ value: department, primary: true }] }],
    }),
  );
  const samePerson = await hire(sharedSecret, shared.userName, shared.externalId, shared.userName, person);
  const signInAs: Party['signInAs'] = async (userName, through = connection) => {
    saml.signInAs(userName);
    openId.signInAs({ sub: `subject-${userName}`, claims: { preferred_username: userName } });
    const browser = new Browser();
    const login = `${server.url}/sso/${id}/login?connection=${through}`;
    return { browser, page: await passOn(browser, await browser.go(login)) };
  };
  await signInAs(names.claimed);
  const { browser } = await signInAs(names.userName);
  const [refused] = (await must(admin('GET', '/sign-ins?outcome=refused')))['items'];
  const [logged] = (await must(admin('GET', `/provisioning-log?user=${person}`)))['items'];
  const [session] = (await must(admin('GET', `/users/${person}/sessions`)))['items'];
  const other = await hire(scimSecret, `${canary}-left@people.test`, `${canary}-left`, `${canary}-left@people.test`);
  const { change } = await must(
    admin('POST', `/users/${other}/deactivate`, { reason: `Reason ${canary}`, note: names.note }),
  );
  const { leave } = await must(
    admin('POST', `/users/${person}/leaves`, { from: '2040-01-01', until: '2040-02-01', note: names.note }),
  );
  const imported = await dryRun(server, `${base}/imports?kind=users&dryRun=true&name=${canary}.csv`, adminKey, [
    ['Login Name', 'About Me'],
    [names.userName, names.note],
  ]);
  const appHost = `${canary}.apps.test`;
  await must(
    admin('POST', '/apps', {
      id: names.app,
      name: `App ${canary}`,
      forwardAuth: { hosts: [appHost] },
      openid: { redirectUris: [`https://${appHost}/callback`] },
    }),
  );
  const appCookie = `__Host-furlough-app=${await enterApp({ baseUrl: server.url }, browser, appHost)}`;
  const token = browser.cookie(server.url, 'furlough-session');
  if (token === undefined) throw new Error('nobody could sign in');
  return {
    id,
    adminKey,
    scimSecret,
    person,
    group,
    department,
    samePerson,
    connection,
    domain: `${canary}.example`,
    credential: issued['credential'].id,
    signIn: refused.reference,
    logEntry: logged.id,
    session: session.id,
    leave: leave.id,
    import: imported,
    change,
    ...names,
    appHost,
    appCookie,
    browser,
    canaries: [
      ...Object.values(names),
      person,
      group,
      department,
      samePerson,
      issued['credential'].id,
      refused.reference,
      logged.id,
      session.id,
      leave.id,
      imported,
      change,
    ],
    secrets: [adminKey, scimSecret, sharedSecret, clientSecret, openId.clientSecret, token],
    admin,
    scim,
    signInAs,
  };
}

/** A file that is read and changes nothing; answers the import's id. */
async function dryRun(
  server: RunningServer,
  path: string,
  key: string,
  rows: readonly (readonly string[])[],
): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/csv' };
  const body = rows.map((cells) => cells.join(',')).join('\n');
  const response = await fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers, body });
  const { id } = (await response.json()) as { id: string };
  for (let state = ''; state !== 'done'; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    state = (await server.adminAs(key, 'GET', `${path.slice(0, path.indexOf('?'))}/${id}`)).body['state'];
  }
  return id;
}
