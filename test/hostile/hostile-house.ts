// A whole server on a real port with an organisation for each door, so that what one door's strangers do is no answer of another's:
// people, connections, credentials, a signed-in browser, an app behind the gate.

import { Browser } from '../harness/browser.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { startServer, type Answer, type RunningServer, type StorageKind } from '../harness/running-server.ts';
import { passOn, startSamlSignInPage, type SamlSignInPage } from '../harness/saml-sign-in-page.ts';
import { enterApp } from '../gate/app-visits.ts';
import { createWire, type Wire } from './wire.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const DEPARTMENT = 'urn:ietf:params:scim:schemas:furlough:2.0:Department';
export const PERSON = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:Person';
/** Declared by `by-scim` and `by-admin`: an attribute of every type. */
export const CUSTOM = 'urn:by:scim:custom';
export const customAttributes = [
  { name: 'text' },
  { name: 'whole', type: 'integer' },
  { name: 'number', type: 'decimal' },
  { name: 'yes', type: 'boolean' },
  { name: 'when', type: 'dateTime' },
  { name: 'bytes', type: 'binary' },
  { name: 'link', type: 'reference' },
  { name: 'once', mutability: 'immutable' },
  { name: 'texts', multiValued: true },
  { name: 'parts', type: 'complex', subAttributes: [{ name: 'value' }, { name: 'whole', type: 'integer' }] },
  { name: 'many', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }, { name: 'type' }] },
] as const;

export interface HostileHouse extends RunningServer {
  readonly wire: Wire;
  readonly saml: SamlSignInPage;
  readonly openId: OpenIdProvider;
  /** The bootstrap key: scope `instance`. */
  readonly adminKey: string;
  readonly scimSecret: string;
  /** Ids of people of `by-scim` and of `by-admin`. */
  readonly people: Readonly<Record<'scim' | 'admin', readonly string[]>>;
  /** Ids of departments of the same, the second below the first. */
  readonly departments: Readonly<Record<'scim' | 'admin', readonly string[]>>;
  /** The id of a group of `by-scim`; one of its people is in it. */
  readonly group: string;
  /** The `Cookie` header of a person of `by-gate` who is signed in. */
  readonly sessionCookie: string;
  readonly appHost: string;
  /** An app of `by-gate` on a host of its own, its key, and the person's cookie there. */
  readonly wikiHost: string;
  readonly appSecret: string;
  readonly appCookie: string;
}

/** No limit on callers is in the way: what is asked is how a door answers, not whether it slows down. */
const environment = {
  FURLOUGH_LIMITS_SCIM_PER_SECOND: '1000000',
  FURLOUGH_LIMITS_SCIM_BURST: '1000000',
  FURLOUGH_LIMITS_SIGN_INS_PER_MINUTE: '1000000',
  FURLOUGH_LIMITS_SIGNALS_PER_SECOND: '1000000',
};

export async function openHostileHouse(kind: StorageKind): Promise<HostileHouse> {
  const server = await startServer(kind, { environment });
  const must = async (method: string, path: string, body?: unknown): Promise<Answer['body']> => {
    const answer = await server.admin(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  for (const id of ['by-scim', 'by-admin', 'by-gate'])
    await must('POST', '/organizations', { id, name: `Name ${id}`, timeZone: 'Asia/Tokyo', licensed: null });
  const saml = await startSamlSignInPage();
  const openId = await startOpenIdProvider([`${server.url}/sso/by-gate/oidc/oidc/callback`]);
  const signIn = { kind: 'saml', metadata: saml.identityProvider.metadata() };
  await must('POST', '/organizations/by-gate/connections', {
    id: 'saml',
    name: 'Saml',
    signIn,
    provisioning: { kind: 'scim' },
  });
  await must('POST', '/organizations/by-gate/connections', {
    id: 'oidc',
    name: 'Oidc',
    signIn: { kind: 'oidc', issuer: openId.issuer, clientId: openId.clientId, clientSecret: openId.clientSecret },
    signals: {},
  });
  for (const id of ['by-scim', 'by-admin'])
    await must('POST', `/organizations/${id}/schemas`, { id: CUSTOM, name: 'Custom', attributes: customAttributes });
  await must('POST', '/organizations/by-admin/connections', { id: 'okta', name: 'Okta', kind: 'scim' });
  const secretOf = async (organization: string, connection = 'default'): Promise<string> =>
    (await must('POST', `/organizations/${organization}/credentials`, { kind: 'scim', name: 'scim', connection }))[
      'secret'
    ];
  const hire = async (secret: string, userName: string): Promise<string> => {
    const answer = await server.scim(secret, 'POST', '/Users', {
      schemas: [USER],
      userName,
      externalId: `ext-${userName}`,
      displayName: 'Aoki',
      emails: [{ value: userName, type: 'work', primary: true }],
    });
    if (answer.status !== 201) throw new Error(`POST /Users: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body['id'];
  };
  const scimSecret = await secretOf('by-scim');
  const adminSecret = await secretOf('by-admin');
  const people = {
    scim: [await hire(scimSecret, 'a@scim.test'), await hire(scimSecret, 'b@scim.test')],
    admin: [await hire(adminSecret, 'a@admin.test'), await hire(adminSecret, 'b@admin.test')],
  };
  const found = async (organization: string): Promise<readonly string[]> => {
    const at = `/organizations/${organization}/departments`;
    const top = (await must('POST', at, { name: 'Top', code: 'T' }))['department'].id;
    return [top, (await must('POST', at, { name: 'Below', parent: top }))['department'].id];
  };
  const departments = { scim: await found('by-scim'), admin: await found('by-admin') };
  const crew = await server.scim(scimSecret, 'POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'Crew',
    members: [{ value: people.scim[0] }],
  });
  if (crew.status !== 201) throw new Error(`POST /Groups: ${crew.status} ${JSON.stringify(crew.body)}`);
  await hire(await secretOf('by-gate', 'saml'), 'aoki@gate.test');
  saml.signInAs('aoki@gate.test');
  openId.signInAs({ sub: 'sub-aoki', claims: { preferred_username: 'aoki@gate.test' } });
  const { host } = new URL(server.url);
  const wikiHost = 'wiki.gate.test';
  await must('POST', '/organizations/by-gate/apps', {
    id: 'wiki',
    name: 'Wiki',
    forwardAuth: { hosts: [host, wikiHost] },
  });
  const browser = new Browser();
  await passOn(browser, await browser.go(`${server.url}/sso/by-gate/login?connection=saml`));
  const { status } = await browser.go(`${server.url}/sso/session`);
  if (status !== 200) throw new Error(`nobody could sign in: ${status}`);
  const { secret: appSecret } = await must('POST', '/organizations/by-gate/credentials', {
    kind: 'app',
    app: 'wiki',
    name: 'wiki',
  });
  const appCookie = await enterApp({ baseUrl: server.url }, browser, wikiHost);
  const wire = createWire(Number(new URL(server.url).port));
  return {
    ...server,
    wire,
    saml,
    openId,
    adminKey: server.environment['FURLOUGH_BOOTSTRAP_ADMIN_KEY'] ?? '',
    scimSecret,
    people,
    departments,
    group: crew.body['id'],
    sessionCookie: browser.cookieHeader(server.url),
    appHost: host,
    wikiHost,
    appSecret,
    appCookie,
    async stop() {
      wire.close();
      await Promise.all([saml.close(), openId.close()]);
      await server.stop();
    },
  };
}
