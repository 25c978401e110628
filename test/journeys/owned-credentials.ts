// Credentials that belong to a person (L01): what each opens while its owner may come in, and what it gets when not. A new kind of credential, and
// a break-glass administrator once there is one, belongs here.

import type { AppId } from '#directory/app.ts';
import type { CredentialKind } from '#directory/credential.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { createAppCookie } from '#gate/forward-auth/app-cookie.ts';
import { idOfToken } from '#gate/opaque-token.ts';
import type { Company } from './company.ts';

/** The status that each of them gets now, by what it is and where it is used. */
export type AskAll = () => Promise<Readonly<Record<string, number>>>;

/** Kinds that no door takes, and why. */
export const withoutDoor: Readonly<Partial<Record<CredentialKind, string>>> = {};

/** The kinds that `issueOwned` issues. */
export const ownedKinds: readonly CredentialKind[] = ['scim', 'admin', 'app', 'hr'];

const host = 'owned.example.com';

/** One credential of each kind that belongs to this person. Apps ask about a colleague, who may come in throughout. */
export async function issueOwned(company: Company, owner: string, colleague: string): Promise<AskAll> {
  const base = `/organizations/${company.organization}`;
  const issue = async (kind: CredentialKind, parts: object): Promise<{ id: string; secret: string }> => {
    const asked = { kind, owner, name: `${kind} of ${owner}`, ...parts };
    const { status, body } = await company.admin('POST', `${base}/credentials`, asked);
    if (status !== 201) throw new Error(`${kind}: ${status} ${JSON.stringify(body)}`);
    return { id: body['credential'].id, secret: body['secret'] };
  };
  const known = await company.admin('GET', `${base}/apps/owned`);
  if (known.status === 404)
    await company.admin('POST', `${base}/apps`, { id: 'owned', name: 'Owned', forwardAuth: { hosts: [host] } });
  const scim = await issue('scim', { connection: 'first' });
  const admin = await issue('admin', {});
  const app = await issue('app', { app: 'owned' });
  const hr = await issue('hr', {});
  const { access_token: token } = (await exchange(company, scim)) as { readonly access_token: string };

  const { browser } = await company.signIn(colleague, 'saml');
  const session = idOfToken(browser.cookie(company.url, 'furlough-session') ?? '');
  const owned = { id: 'owned' as AppId, organizationId: company.organization as OrganizationId };
  const cookie = createAppCookie(company.house.admin.gate, { app: owned, host }, session);
  const asApp = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${app.secret}`, 'content-type': 'application/json' };
    return (await fetch(`${company.url}/gate/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  };
  return async () => ({
    'SCIM token': (await company.scimAs(scim.secret, 'GET', '/Users?count=1')).status,
    'SCIM access token got by it': (await company.scimAs(token, 'GET', '/Users?count=1')).status,
    'SCIM token for another access token': 'access_token' in (await exchange(company, scim)) ? 200 : 401,
    'admin key': (await company.adminAs(admin.secret, 'GET', `${base}/seats`)).status,
    'HR key': await asHr(company, hr.secret),
    'app key at /gate/check': await asApp('check', { cookie, host }),
    'app key at /gate/exchange': await asApp('exchange', { code: 'none', states: [], host }),
    'app key at /gate/end': await asApp('end', { cookie: 'none', host }),
  });
}

/** A feed that has nothing to report. */
async function asHr({ url }: Company, secret: string): Promise<number> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return (await fetch(`${url}/hr/v1/status-changes`, { method: 'POST', headers, body: '[]' })).status;
}

async function exchange(company: Company, { id, secret }: { id: string; secret: string }): Promise<object> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  return (await fetch(`${company.url}/scim/oauth/token`, { method: 'POST', body })).json() as Promise<object>;
}

/** What they get while their owner may come in. */
export const accepted = {
  'SCIM token': 200,
  'SCIM access token got by it': 200,
  'SCIM token for another access token': 200,
  'admin key': 200,
  'HR key': 200,
  'app key at /gate/check': 200,
  // The code is none, which only an accepted app is told.
  'app key at /gate/exchange': 403,
  'app key at /gate/end': 204,
} as const;

/** What all of them get once their owner may not. */
export const refused = Object.fromEntries(Object.keys(accepted).map((name) => [name, 401]));
