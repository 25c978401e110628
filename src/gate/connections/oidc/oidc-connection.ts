// One OpenID Connect connection as a relying party: `begin` makes the authorization request, `complete` turns the answer into verified
// claims or a refusal. Code flow with PKCE, state and nonce, signature always checked against the provider's keys (gate.md 3).
// HTTP, cookies, attempts and sessions are the sign-in layer's.

import * as client from 'openid-client';
import type { OidcSignIn } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import { fetchOutbound, type OutboundRules } from '../outbound-fetch.ts';
import { assertIdToken, type IdentityClaims } from './id-token-checks.ts';
import { OidcRefusal, toOidcRefusal } from './oidc-refusal.ts';
import { knowProvider, type KnownProvider, type ProviderMemory } from './provider-metadata.ts';

export interface OidcSettings {
  /** Names the connection among all, for the memory of providers. */
  readonly key: string;
  readonly signIn: OidcSignIn;
  readonly clientSecret: string | undefined;
  readonly redirectUri: string;
}

export interface OidcConnectionParts {
  readonly memory: ProviderMemory;
  readonly rules: OutboundRules;
  readonly now: () => Instant;
}

export interface OidcBegun {
  readonly redirectUrl: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export type OidcAttempt = Omit<OidcBegun, 'redirectUrl'>;

export interface CompletedOidc extends IdentityClaims {
  /** The ID token as received. */
  readonly idToken: string;
}

export interface OidcConnection {
  /** @throws OidcRefusal */
  begin(): Promise<OidcBegun>;
  /** `query`: what follows `?` in the callback, as received. @throws OidcRefusal */
  complete(query: string, attempt: OidcAttempt): Promise<CompletedOidc>;
}

/** For all requests to the provider in one step together. */
const deadlineMs = 5_000;
const clockToleranceSeconds = 30;

export function createOidcConnection(settings: OidcSettings, parts: OidcConnectionParts): OidcConnection {
  return {
    begin: () => refusing(async () => begin(settings, await prepare(settings, parts))),
    complete: (query, attempt) =>
      refusing(async () => {
        assertAnswer(query, attempt);
        const prepared = await prepare(settings, parts);
        try {
          return await complete(settings, parts, prepared, query, attempt);
        } finally {
          prepared.provider.jwks = client.getJwksCache(prepared.config);
        }
      }),
  };
}

interface Prepared {
  readonly provider: KnownProvider;
  readonly config: client.Configuration;
}

/** A configuration for this step alone: one deadline covers everything it fetches. */
async function prepare(settings: OidcSettings, parts: OidcConnectionParts): Promise<Prepared> {
  const { signIn, clientSecret } = settings;
  const deadline = AbortSignal.timeout(deadlineMs);
  const fetch: client.CustomFetch = (url, { method, headers, body }) =>
    fetchOutbound(url, { method, headers, body }, parts.rules, deadline);
  const insecure = parts.rules.allowLoopback;
  const provider = await knowProvider(parts.memory, settings.key, signIn, fetch, insecure, parts.now());
  const metadata: client.ClientMetadata = {
    client_id: signIn.clientId,
    id_token_signed_response_alg: provider.signingAlgorithm,
    [client.clockSkew]: Math.round((parts.now() - Date.now()) / 1000),
    [client.clockTolerance]: clockToleranceSeconds,
  };
  const authentication = clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
  const config = new client.Configuration(provider.metadata, signIn.clientId, metadata, authentication);
  config[client.customFetch] = fetch;
  config.timeout = deadlineMs / 1000;
  if (insecure) client.allowInsecureRequests(config);
  // Without it the code flow would trust the transport for the token's origin.
  client.enableNonRepudiationChecks(config);
  if (provider.jwks !== undefined) client.setJwksCache(config, provider.jwks);
  return { provider, config };
}

async function begin(settings: OidcSettings, { provider, config }: Prepared): Promise<OidcBegun> {
  const state = client.randomState();
  const nonce = client.randomNonce();
  const codeVerifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: settings.redirectUri,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  };
  const pushed = typeof provider.metadata.pushed_authorization_request_endpoint === 'string';
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters)
    : client.buildAuthorizationUrl(config, parameters);
  return { redirectUrl: url.href, state, nonce, codeVerifier };
}

/** Ours to tell before anything is fetched: is this an answer, and the one this browser waits for? */
function assertAnswer(query: string, attempt: OidcAttempt): void {
  const parameters = new URLSearchParams(query);
  for (const name of ['code', 'state', 'iss', 'error']) {
    if (parameters.getAll(name).length > 1) throw new OidcRefusal('malformedRequest', `${name} twice`);
  }
  if (!parameters.has('code') && !parameters.has('error'))
    throw new OidcRefusal('malformedRequest', 'neither code nor error');
  if (parameters.get('state') !== attempt.state)
    throw new OidcRefusal('stateMismatch', 'not the state of this attempt');
}

async function complete(
  settings: OidcSettings,
  parts: OidcConnectionParts,
  { provider, config }: Prepared,
  query: string,
  attempt: OidcAttempt,
): Promise<CompletedOidc> {
  const answeredBy = new URLSearchParams(query).get('iss');
  if (answeredBy !== null && answeredBy !== settings.signIn.issuer) {
    throw new OidcRefusal('issuerMismatch', 'the answer names another issuer');
  }
  const current = new URL(settings.redirectUri);
  current.search = query;
  const tokens = await client.authorizationCodeGrant(config, current, {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.codeVerifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  const idToken = tokens.id_token;
  if (claims === undefined || idToken === undefined) throw new OidcRefusal('idTokenInvalid', 'no ID token');
  const complete = await withUserInfo(provider, config, tokens.access_token, claims);
  return { ...assertIdToken(claims, complete, settings.signIn, parts.now(), clockToleranceSeconds), idToken };
}

/** The claims, with those of the userinfo endpoint where the token leaves out the names we match by; the signed token wins. */
async function withUserInfo(
  provider: KnownProvider,
  config: client.Configuration,
  accessToken: string,
  claims: client.IDToken,
): Promise<Readonly<Record<string, unknown>>> {
  const named = claims['preferred_username'] !== undefined && claims['email'] !== undefined;
  if (named || typeof provider.metadata.userinfo_endpoint !== 'string') return claims;
  const told = await client.fetchUserInfo(config, accessToken, claims.sub);
  // An address and whether it is verified come from one source: mixed, one's word would vouch for the other's address.
  if (claims['email'] === undefined) return { ...told, ...without(claims, 'email_verified') };
  return { ...without(told, 'email_verified'), ...claims };
}

function without(claims: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
}

async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toOidcRefusal(error);
  }
}
