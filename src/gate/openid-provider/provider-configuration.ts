// The settings of one organisation's OpenID Provider: gate.md 4's table, line by line. Every function that the library says to replace is
// replaced; what is not built is switched off.

import { errors, type Adapter, type Configuration, type JWK, type KoaContextWithOIDC } from 'oidc-provider';
import type { OrganizationId } from '#directory/identifiers.ts';
import { languages } from '#messages/translator.ts';
import type { GateContext } from '../gate-context.ts';
import { helpFor } from '../pages/help.ts';
import { findOpenidApp, toClientMetadata } from './app-client.ts';
import { createArtifactAdapter } from './artifact-adapter.ts';
import { fetchFromApp } from './fetch-from-app.ts';
import { createInteractionPolicy } from './interaction-policy.ts';
import { claimsOfScope } from './person-claims.ts';
import { orStoreAway } from './provider-error.ts';
import { renderProviderError, renderSignedOut, renderSignOutQuestion, type HelpFor } from './provider-pages.ts';
import { createProviderPerson } from './provider-person.ts';
import { bondOfRequest } from './request-bond.ts';

export interface ProviderSettings {
  readonly organizationId: OrganizationId;
  readonly issuer: string;
  /** Private keys; of each algorithm the one that signs first. */
  readonly keys: readonly JWK[];
  /** Sign the provider's cookies; the newest first. */
  readonly cookieKeys: readonly string[];
}

const seconds = { accessToken: 300, idToken: 600, code: 60, interaction: 1_800, refreshToken: 14 * 86_400 } as const;

export function createProviderConfiguration(context: GateContext, settings: ProviderSettings): Configuration {
  const { organizationId, issuer } = settings;
  const person = createProviderPerson(context, organizationId);
  const atMost = (limit: number) => () => Math.min(limit, person.remainingSeconds());
  return {
    adapter: (model: string) =>
      model === 'Client'
        ? createClientAdapter(context, organizationId)
        : createArtifactAdapter(context, organizationId, model),
    jwks: { keys: settings.keys },
    cookies: cookiesOf(settings),
    discovery: { ui_locales_supported: [...languages] },

    findAccount: person.findAccount,
    loadExistingGrant: person.loadGrant,
    interactions: {
      policy: createInteractionPolicy({
        now: context.now,
        sessionOfRequest: () => bondOfRequest()?.session,
        mayUse: ({ oidc }) => person.mayUse(oidc.client?.clientId, oidc.session?.accountId),
      }),
      url: (_ctx, interaction) => `${issuer}/interaction/${interaction.uid}`,
    },
    // The one place where the library asks us before it looks for the person of the browser's session.
    extraParams: { login_hint: (ctx: KoaContextWithOIDC) => person.adoptBrowser(ctx) },

    scopes: ['openid', 'offline_access'],
    claims: Object.fromEntries(Object.entries(claimsOfScope).map(([scope, claims]) => [scope, [...claims]])),
    // Many apps read the ID token and nothing else.
    conformIdTokenClaims: false,
    subjectTypes: ['public'],

    responseTypes: ['code'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      idTokenSigningAlgValues: ['RS256', 'ES256'],
    },

    ttl: {
      AccessToken: atMost(seconds.accessToken),
      AuthorizationCode: atMost(seconds.code),
      IdToken: seconds.idToken,
      Interaction: seconds.interaction,
      RefreshToken: atMost(seconds.refreshToken),
      Grant: person.remainingSeconds,
      Session: person.remainingSeconds,
    },
    // Every artifact is bound to the gate's own session (artifact-adapter.ts): stricter, and two tabs at once do not lose each other's.
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,

    features: {
      devInteractions: { enabled: false },
      registration: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: { enabled: false },
      userinfo: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => person.mayIntrospect(client, token) },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => mayRevoke(client, token) },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: askBeforeSigningOut, postLogoutSuccessSource: renderSignedOut },
    },
    clientBasedCORS: ({ oidc }, origin, client) =>
      origin !== 'null' &&
      (oidc.route === 'userinfo' || client.clientAuthMethod === 'none') &&
      (client.redirectUris ?? []).some((uri) => new URL(uri).origin === origin),
    renderError: (ctx, out) => renderProviderError(ctx, out, helpOf(context, settings)),
    fetch: fetchFromApp(context),
  };
}

/** What the pages of this provider end with. */
export function helpOf(context: GateContext, { organizationId }: ProviderSettings): HelpFor {
  return (ctx) => helpFor(context, ctx.req, organizationId);
}

/** The question whether to sign out, for the session that the request has. */
export function askBeforeSigningOut(ctx: KoaContextWithOIDC): void {
  const { params, session, provider } = ctx.oidc;
  const onward = params?.['post_logout_redirect_uri'];
  const secret = session?.state?.['secret'];
  renderSignOutQuestion(
    ctx,
    provider.urlFor('end_session_confirm'),
    typeof secret === 'string' ? secret : '',
    typeof onward === 'string' ? onward : undefined,
  );
}

/** Clients come from the registry and go nowhere else. */
function createClientAdapter(context: GateContext, organizationId: OrganizationId): Adapter {
  const refuse = (): Promise<never> => Promise.reject(new TypeError('Clients are registered by the admin API.'));
  return {
    find: (id) =>
      orStoreAway(async () => {
        const app = await findOpenidApp(context, organizationId, id);
        return app === null ? undefined : toClientMetadata(app);
      }),
    upsert: refuse,
    findByUserCode: refuse,
    findByUid: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  };
}

interface NamedClient {
  readonly clientId: string;
  readonly clientAuthMethod?: string | undefined;
}

/** RFC 7009 §2.1: only its own. A public client proves nothing, so it is not even told that the token is somebody else's. */
function mayRevoke(client: NamedClient, token: { readonly clientId?: string | undefined }): boolean {
  if (token.clientId === client.clientId) return true;
  if (client.clientAuthMethod === 'none') return false;
  throw new errors.InvalidRequest('client is not authorized to revoke the presented token');
}

/** One name per organisation: a browser may be signed in at several. Those with a path of their own cannot carry `__Host-`. */
function cookiesOf({ issuer, organizationId, cookieKeys }: ProviderSettings): NonNullable<Configuration['cookies']> {
  const secure = issuer.startsWith('https:');
  const shared = { httpOnly: true, sameSite: 'lax', signed: true, secure, overwrite: true } as const;
  return {
    keys: [...cookieKeys],
    names: {
      session: `${secure ? '__Host-' : ''}furlough-op-${organizationId}`,
      interaction: `${secure ? '__Secure-' : ''}furlough-op-interaction`,
      resume: `${secure ? '__Secure-' : ''}furlough-op-resume`,
    },
    long: { ...shared, path: '/' },
    short: shared,
  };
}
