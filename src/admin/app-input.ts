// What an administrator sends for an app, checked beyond its shape: hosts, addresses, keys and groups. Throws `invalidValue` with the field.

import { isHost, type App, type PathRule } from '#directory/app.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import type { AdminContext } from './admin-operation.ts';
import type { AppInput } from './app-contract.ts';

/** An app's parts as they were asked for; secrets and what the store adds are the caller's business. */
export type AskedApp = Pick<App, 'name' | 'groups' | 'forwardAuth'> & {
  readonly openid?: Omit<NonNullable<App['openid']>, 'secrets'>;
};

/** Groups must be there now; whoever deletes one later closes what only its members could use. */
export async function readAppInput(
  context: Pick<AdminContext, 'storage'>,
  organizationId: OrganizationId,
  input: AppInput,
): Promise<AskedApp> {
  const { name, groups, forwardAuth, openid } = input;
  if (forwardAuth === undefined && openid === undefined)
    throw refuse('app', 'An app needs `forwardAuth`, `openid` or both.');
  for (const host of forwardAuth?.hosts ?? []) {
    if (!isHost(host)) throw refuse('forwardAuth.hosts', `"${host}" is not a host.`);
    if (/:(?:80|443)$/.test(host)) throw refuse('forwardAuth.hosts', `"${host}": leave the scheme’s own port out.`);
  }
  for (const { path } of forwardAuth?.rules ?? []) assertPath(path);
  await assertGroups(context, organizationId, [
    ...(groups ?? []),
    ...(forwardAuth?.rules ?? []).flatMap(({ access }) => (access === 'public' ? [] : access.groups)),
  ]);
  return {
    name,
    ...(groups === undefined ? {} : { groups: [...new Set(groups)] as GroupId[] }),
    ...(forwardAuth === undefined
      ? {}
      : { forwardAuth: { hosts: [...new Set(forwardAuth.hosts)], rules: forwardAuth.rules as readonly PathRule[] } }),
    ...(openid === undefined ? {} : { openid: readOpenid(openid) }),
  };
}

function readOpenid(openid: NonNullable<AppInput['openid']>): NonNullable<AskedApp['openid']> {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, authMethod, jwks, jwksUri } = openid;
  for (const uri of redirectUris) assertRedirectUri('openid.redirectUris', uri, authMethod === 'none');
  for (const uri of postLogoutRedirectUris)
    assertRedirectUri('openid.postLogoutRedirectUris', uri, authMethod === 'none');
  if (backchannelLogoutUri !== undefined && !isWebAddress(backchannelLogoutUri))
    throw refuse('openid.backchannelLogoutUri', 'backchannelLogoutUri must be https, or http on this machine.');
  const keys = [jwks, jwksUri].filter((one) => one !== undefined).length;
  if (authMethod === 'private_key_jwt' && keys !== 1)
    throw refuse('openid.jwks', 'private_key_jwt needs either `jwks` or `jwksUri`.');
  if (authMethod !== 'private_key_jwt' && keys > 0) throw refuse('openid.jwks', 'Only private_key_jwt uses keys.');
  if (jwksUri !== undefined && !isWebAddress(jwksUri))
    throw refuse('openid.jwksUri', 'jwksUri must be https, or http on this machine.');
  for (const key of jwks?.keys ?? []) assertPublicKey(key);
  return {
    redirectUris: [...new Set(redirectUris)],
    postLogoutRedirectUris: [...new Set(postLogoutRedirectUris)],
    authMethod,
    ...(backchannelLogoutUri === undefined ? {} : { backchannelLogoutUri }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  };
}

/** A rule is compared with a path that was normalised; one that is not would never fit. */
function assertPath(path: string): void {
  const url = URL.canParse(path, 'http://app.invalid') ? new URL(path, 'http://app.invalid') : null;
  if (url?.host !== 'app.invalid' || url.pathname !== path || /[;%\\]|\/\//.test(path))
    throw refuse('forwardAuth.rules', `"${path}" is not a plain path.`);
}

/** OAuth 2.0 for native apps (RFC 8252 §7): a scheme of the app's own has a dot, and only public clients use one. */
function assertRedirectUri(field: string, uri: string, isPublic: boolean): void {
  const isOwnScheme = isPublic && /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:\/[^\s#\\]*$/.test(uri) && URL.canParse(uri);
  if (!isOwnScheme && !isWebAddress(uri))
    throw refuse(field, `"${uri}" must be https, or http on this machine, without fragment, wildcard or user name.`);
}

/** https, or http on this machine; nothing that could be read in two ways. */
function isWebAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s\\#*\p{Cc}]+$/u.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

/** Private members must never be sent here, and a shared secret is no public key. */
function assertPublicKey(key: Readonly<Record<string, unknown>>): void {
  const isAsymmetric = ['RSA', 'EC', 'OKP'].includes(String(key['kty']));
  if (!isAsymmetric || ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].some((member) => member in key))
    throw refuse('openid.jwks', 'jwks must hold public keys of type RSA, EC or OKP, and nothing private.');
}

async function assertGroups(
  context: Pick<AdminContext, 'storage'>,
  organizationId: OrganizationId,
  ids: readonly string[],
): Promise<void> {
  const wanted = [...new Set(ids)] as GroupId[];
  for (let from = 0; from < wanted.length; from += 1_000) {
    const some = wanted.slice(from, from + 1_000);
    const found = new Set((await context.storage.groups.getMany(organizationId, some)).map(({ id }) => id));
    const unknown = some.find((id) => !found.has(id));
    if (unknown !== undefined) throw refuse('groups', `There is no group ${unknown}.`);
  }
}

function refuse(field: string, message: string): DirectoryError {
  return new DirectoryError('invalidValue', message, { field });
}
