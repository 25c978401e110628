// A whole server on a real port with an organisation for each door, so that what one door's strangers do is no answer of another's:
// people, connections, credentials, a signed-in browser, an app behind the gate.

import { Browser } from '../harness/browser.ts';
import { startOpenIdProvider, type OpenIdProvider } from '../harness/openid-provider.ts';
import { startServer, type Answer, type RunningServer, type StorageKind } from '../harness/running-server.ts';
import { passOn, startSamlSignInPage, type SamlSignInPage } from '../harness/saml-sign-in-page.ts';
import { enterApp } from '../gate/app-visits.ts';
import { createWire, type Wire, type WireRequest } from './wire.ts';

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
  /** A credential of `by-scim`: its secret, and its id. */
  readonly scimSecret: string;
  readonly scimClient: string;
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
  /** Founds another organisation like `by-scim` or `by-admin`, in which nothing has happened; answers how to ask there what was asked here. */
  foundAgain(door: 'scim' | 'admin'): Promise<(request: WireRequest) => WireRequest>;
}

/** What strangers find in the organisation of a door. */
interface Place {
  readonly organization: string;
  readonly client: string;
  readonly secret: string;
  readonly people: readonly string[];
  readonly departments: readonly string[];
  readonly group: string;
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
  const found = (id: string) =>
    must('POST', '/organizations', { id, name: `Name ${id}`, timeZone: 'Asia/Tokyo', licensed: null });
  await found('by-gate');
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
  const issue = async (organization: string, connection = 'default'): Promise<{ client: string; secret: string }> => {
    const wanted = { kind: 'scim', name: 'scim', connection };
    const { credential, secret } = await must('POST', `/organizations/${organization}/credentials`, wanted);
    return { client: credential.id, secret };
  };
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
  const settle = async (door: 'scim' | 'admin', organization: string): Promise<Place> => {
    await found(organization);
    const at = `/organizations/${organization}`;
    await must('POST', `${at}/schemas`, { id: CUSTOM, name: 'Custom', attributes: customAttributes });
    if (door === 'admin') await must('POST', `${at}/connections`, { id: 'okta', name: 'Okta', kind: 'scim' });
    const { client, secret } = await issue(organization);
    const people = [await hire(secret, `a@${door}.test`), await hire(secret, `b@${door}.test`)];
    const top = (await must('POST', `${at}/departments`, { name: 'Top', code: 'T' }))['department'].id;
    const below = (await must('POST', `${at}/departments`, { name: 'Below', parent: top }))['department'].id;
    const crew = await server.scim(secret, 'POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'Crew',
      members: [{ value: people[0] }],
    });
    if (crew.status !== 201) throw new Error(`POST /Groups: ${crew.status} ${JSON.stringify(crew.body)}`);
    return { organization, client, secret, people, departments: [top, below], group: crew.body['id'] };
  };
  const places = { scim: await settle('scim', 'by-scim'), admin: await settle('admin', 'by-admin') };
  await hire((await issue('by-gate', 'saml')).secret, 'aoki@gate.test');
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
  let again = 0;
  const wire = createWire(Number(new URL(server.url).port));
  return {
    ...server,
    wire,
    saml,
    openId,
    adminKey: server.environment['FURLOUGH_BOOTSTRAP_ADMIN_KEY'] ?? '',
    scimSecret: places.scim.secret,
    scimClient: places.scim.client,
    people: { scim: places.scim.people, admin: places.admin.people },
    departments: { scim: places.scim.departments, admin: places.admin.departments },
    group: places.scim.group,
    sessionCookie: browser.cookieHeader(server.url),
    appHost: host,
    wikiHost,
    appSecret,
    appCookie,
    async foundAgain(door) {
      again += 1;
      const [from, to] = [places[door], await settle(door, `by-${door}-${again}`)];
      const named = (
        { secret, people, departments: [top = '', below = ''], group, organization }: Place,
        suffix: string,
      ) => [
        secret,
        ...people,
        top,
        below,
        group,
        organization,
        // What strangers create by name, and the keys under which an answer is kept.
        ...['by-stranger', 'key-1', 'key-2'].map((name) => `${name}${suffix}`),
      ];
      return asking(named(from, ''), named(to, `-${again}`));
    },
    async stop() {
      wire.close();
      await Promise.all([saml.close(), openId.close()]);
      await server.stop();
    },
  };
}

/** The same request with each of these names in place of the other. */
function asking(from: readonly string[], to: readonly string[]): (request: WireRequest) => WireRequest {
  const rename = (text: string): string =>
    from.reduce((renamed, name, at) => renamed.replaceAll(name, to[at] ?? name), text);
  return ({ method, target, headers = {}, body }) => ({
    method,
    target: rename(target),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? rename(value) : value]),
    ),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? rename(body) : body }),
  });
}
