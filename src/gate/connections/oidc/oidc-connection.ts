// One OpenID Connect connection as a relying party: `begin` makes the authorization request, `complete` turns the answer into verified
// claims or a refusal. Code flow with PKCE, state and nonce, signature always checked against the provider's keys (gate.md 3).
// HTTP, cookies, attempts and sessions are the sign-in layer's.

import * as client from 'openid-client';
import type { OidcSignIn } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import type { ProviderWishes } from '../connection-strategy.ts';
import { fetchOutbound, type OutboundRules } from '../outbound-fetch.ts';
import { lacksNames, type Claims } from './claimed-names.ts';
import { authenticationsOf, tryEach, type ClientKeys } from './client-authentication.ts';
import { assertIdToken, readAuthTime, type IdentityClaims } from './id-token-checks.ts';
import { OidcRefusal, toOidcRefusal } from './oidc-refusal.ts';
import { knowProvider, type KnownProvider, type ProviderMemory } from './provider-metadata.ts';

export interface OidcSettings {
  /** Names the connection among all, for the memory of providers. */
  readonly key: string;
  readonly signIn: OidcSignIn;
  readonly keys: ClientKeys;
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
  /** Since when the person must have proved themselves (`auth_time`), where that was asked for. */
  readonly authenticatedSince?: Instant;
}

export type OidcAttempt = Omit<OidcBegun, 'redirectUrl'>;

export interface CompletedOidc extends IdentityClaims {
  /** The ID token as received. */
  readonly idToken: string;
  /** `auth_time`, never after now. */
  readonly authenticatedAt?: Instant;
}

export interface OidcConnection {
  /** @throws OidcRefusal */
  begin(wishes?: ProviderWishes): Promise<OidcBegun>;
  /** `query`: what follows `?` in the callback, as received. @throws OidcRefusal */
  complete(query: string, attempt: OidcAttempt): Promise<CompletedOidc>;
}

/** For all requests to the provider in one step together. */
const deadlineMs = 5_000;
const clockToleranceSeconds = 30;

export function createOidcConnection(settings: OidcSettings, parts: OidcConnectionParts): OidcConnection {
  return {
    begin: (wishes = {}) => refusing(async () => begin(settings, parts, await prepare(settings, parts), wishes)),
    complete: (query, attempt) =>
      refusing(async () => {
        assertAnswer(query, attempt);
        const prepared = await prepare(settings, parts);
        return tryEach(prepared.configs, (config) =>
          complete(settings, parts, { ...prepared, config }, query, attempt),
        );
      }),
  };
}

interface Prepared {
  readonly provider: KnownProvider;
  /** One for each way in which we may prove ourselves, the newest first. */
  readonly configs: readonly client.Configuration[];
}

interface Chosen extends Prepared {
  readonly config: client.Configuration;
}

/** A configuration for this step alone: one deadline covers everything it fetches. */
async function prepare(settings: OidcSettings, parts: OidcConnectionParts): Promise<Prepared> {
  const { signIn } = settings;
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
  const ways = await authenticationsOf(signIn, settings.keys, provider.metadata);
  const configs = ways.map((authentication) => {
    const config = new client.Configuration(provider.metadata, signIn.clientId, metadata, authentication);
    config[client.customFetch] = fetch;
    config.timeout = deadlineMs / 1000;
    if (insecure) client.allowInsecureRequests(config);
    // Without it the code flow would trust the transport for the token's origin.
    client.enableNonRepudiationChecks(config);
    if (provider.jwks !== undefined) client.setJwksCache(config, provider.jwks);
    return config;
  });
  return { provider, configs };
}

async function begin(
  settings: OidcSettings,
  parts: OidcConnectionParts,
  { provider, configs }: Prepared,
  wishes: ProviderWishes,
): Promise<OidcBegun> {
  const state = client.randomState();
  const nonce = client.randomNonce();
  const codeVerifier = client.randomPKCECodeVerifier();
  const { scopes = [], prompt } = settings.signIn;
  const maxAge = lowest(settings.signIn.maxAgeSeconds, wishes.maxAgeSeconds);
  // Some providers overlook a `max_age` of 0; without any `max_age` many do not say when it was (OpenID Connect Core 3.1.2.1).
  const prompts = [...new Set([...(maxAge === 0 ? ['login'] : []), ...(prompt === undefined ? [] : [prompt])])];
  const parameters = {
    redirect_uri: settings.redirectUri,
    scope: [...new Set(['openid', 'profile', 'email', ...scopes])].join(' '),
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    ...(prompts.length === 0 ? {} : { prompt: prompts.join(' ') }),
    ...(wishes.loginHint === undefined ? {} : { login_hint: wishes.loginHint }),
  };
  const pushed = typeof provider.metadata.pushed_authorization_request_endpoint === 'string';
  const url = await tryEach(configs, (config) =>
    pushed
      ? client.buildAuthorizationUrlWithPAR(config, parameters)
      : Promise.resolve(client.buildAuthorizationUrl(config, parameters)),
  );
  const since = maxAge === undefined ? {} : { authenticatedSince: parts.now() - maxAge * 1_000 };
  return { redirectUrl: url.href, state, nonce, codeVerifier, ...since };
}

function lowest(...ages: readonly (number | undefined)[]): number | undefined {
  const given = ages.filter((age) => age !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
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
  { provider, config }: Chosen,
  query: string,
  attempt: OidcAttempt,
): Promise<CompletedOidc> {
  const answeredBy = new URLSearchParams(query).get('iss');
  if (answeredBy !== null && answeredBy !== settings.signIn.issuer) {
    throw new OidcRefusal('issuerMismatch', 'the answer names another issuer');
  }
  const current = new URL(settings.redirectUri);
  current.search = query;
  const { signIn } = settings;
  const tokens = await keepingKeys(provider, config, () =>
    client.authorizationCodeGrant(config, current, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.codeVerifier,
      idTokenExpected: true,
    }),
  );
  const claims = tokens.claims();
  const idToken = tokens.id_token;
  if (claims === undefined || idToken === undefined) throw new OidcRefusal('idTokenInvalid', 'no ID token');
  const named = lacksNames(claims, signIn)
    ? await withUserInfo(provider, config, tokens.access_token, claims)
    : (claims as Claims);
  const rules = { now: parts.now(), toleranceSeconds: clockToleranceSeconds };
  const authenticatedAt = readAuthTime(claims, attempt.authenticatedSince, rules);
  return {
    ...assertIdToken(claims, named, signIn, rules),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
    idToken,
  };
}

/**
 * Keeps the provider's keys as fetched. Where none fits, they are forgotten: providers change their keys at any time, and the library would
 * not look again for a minute. The token came from the provider's own endpoint, so nobody else makes us fetch.
 */
async function keepingKeys<Result>(
  provider: KnownProvider,
  config: client.Configuration,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await work();
    provider.jwks = client.getJwksCache(config);
    return result;
  } catch (error) {
    const refusal = toOidcRefusal(error);
    const isStale = refusal.reason === 'signingKeyUnknown' || refusal.reason === 'signatureInvalid';
    if (isStale) provider.jwks = undefined;
    throw refusal;
  }
}

/** The claims, with those of the userinfo endpoint beside them; the signed token wins. */
async function withUserInfo(
  provider: KnownProvider,
  config: client.Configuration,
  accessToken: string,
  claims: Claims & { readonly sub: string },
): Promise<Claims> {
  if (typeof provider.metadata.userinfo_endpoint !== 'string') return claims;
  const told = await client.fetchUserInfo(config, accessToken, claims.sub);
  // An address and whether it is verified come from one source: mixed, one's word would vouch for the other's address.
  const vouching = ['email_verified', 'xms_edov'];
  if (claims['email'] === undefined) return { ...told, ...without(claims, vouching) };
  return { ...without(told, vouching), ...claims };
}

function without(claims: Claims, names: readonly string[]): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => !names.includes(key)));
}

async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toOidcRefusal(error);
  }
}
