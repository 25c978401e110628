// An app as the library's client: what the registry says, read at each request, so that a change counts at once. Client secrets are stored as
// hashes; what the library holds in their place opens nothing. gate.md 4.

import { timingSafeEqual } from 'node:crypto';
import type { ClientMetadata } from 'oidc-provider';
import { isSlug, type Instant, type OrganizationId } from '#directory/identifiers.ts';
import type { App } from '#directory/app.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { findApp } from '#storage/app-records.ts';
import type { GateContext } from '../gate-context.ts';

export type OpenidApp = App & { readonly openid: NonNullable<App['openid']> };

/** The app of a client id; null where there is none or it is no client. Throws `StorageError`. */
export async function findOpenidApp(
  context: Pick<GateContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  clientId: string | undefined,
): Promise<OpenidApp | null> {
  if (clientId === undefined || !isSlug(clientId)) return null;
  const app = await findApp(context.storage, organizationId, clientId, context.now());
  return app !== null && app.openid !== undefined ? { ...app, openid: app.openid } : null;
}

/** OpenID Connect Dynamic Client Registration 1.0 §2, in the library's spelling. */
export function toClientMetadata({ id, name, openid }: OpenidApp): ClientMetadata {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, authMethod, jwks, jwksUri } = openid;
  const usesSecret = authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
  return {
    client_id: id,
    client_name: name,
    application_type: isNative(openid) ? 'native' : 'web',
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...postLogoutRedirectUris],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: authMethod,
    ...(usesSecret ? { client_secret: secretPlaceholder } : {}),
    ...(jwks === undefined ? {} : { jwks: { keys: jwks.keys } }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(backchannelLogoutUri === undefined
      ? {}
      : { backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true }),
  };
}

/** The library wants to see that there is one; it is compared by `isSecretOf`. */
const secretPlaceholder = 'kept as a hash';

/** Whether `secret` is one of the app's, as of now. Takes as long for a wrong one. */
export function isSecretOf({ openid }: OpenidApp, secret: string, now: Instant): boolean {
  const given = Buffer.from(hashSecret(secret), 'hex');
  let fits = false;
  for (const { hash, expiresAt } of openid.secrets) {
    const stored = Buffer.from(hash, 'hex');
    const isSame = stored.length === given.length && timingSafeEqual(stored, given);
    if (isSame && (expiresAt === undefined || now < expiresAt)) fits = true;
  }
  return fits;
}

/** A public client on the person's own machine: a scheme of its own, or loopback, whose port is not known beforehand (RFC 8252 §7). */
function isNative({ authMethod, redirectUris }: OpenidApp['openid']): boolean {
  if (authMethod !== 'none') return false;
  const schemes = redirectUris.map((uri) => new URL(uri).protocol);
  return schemes.some((scheme) => scheme !== 'https:' && scheme !== 'http:') || redirectUris.every(isLoopback);
}

function isLoopback(uri: string): boolean {
  return uri.startsWith('http://127.0.0.1') || uri.startsWith('http://[::1]');
}
