// What a provider says about itself, from discovery with the exact issuer, remembered for a while per connection; its keys beside it.
// OpenID Connect Discovery 1.0; gate.md 3. Nothing is kept past its time when a new discovery fails: then nobody signs in there.

import * as client from 'openid-client';
import type { OidcSignIn } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import { asymmetricAlgorithms } from '#secrets/signature-algorithms.ts';
import { OidcRefusal } from './oidc-refusal.ts';

const keepForMs = 10 * 60_000;
const maxKnown = 1_000;

export interface KnownProvider {
  readonly metadata: client.ServerMetadata;
  /** The one algorithm its ID tokens must be signed with. */
  readonly signingAlgorithm: string;
  readonly until: Instant;
  /** Keys as last fetched; kept with the provider so that they go when it goes. */
  jwks: client.ExportedJWKSCache | undefined;
}

/** Remembers providers. Keys name connections, so that no two share what one of them was told. */
export type ProviderMemory = Map<string, KnownProvider>;

/**
 * The provider of a connection, discovered now unless it was within ten minutes.
 * @throws OidcRefusal or an error of the library
 */
export async function knowProvider(
  memory: ProviderMemory,
  key: string,
  signIn: OidcSignIn,
  fetch: client.CustomFetch,
  insecure: boolean,
  now: Instant,
): Promise<KnownProvider> {
  const known = memory.get(key);
  if (
    known !== undefined &&
    known.metadata.issuer === signIn.issuer &&
    known.signingAlgorithm === (signIn.idTokenAlgorithm ?? known.signingAlgorithm) &&
    now < known.until &&
    known.until - now <= keepForMs
  )
    return known;
  memory.delete(key);
  const provider = { metadata: await discover(signIn, fetch, insecure), until: now + keepForMs, jwks: undefined };
  const signingAlgorithm = signIn.idTokenAlgorithm ?? pickAlgorithm(provider.metadata);
  const fresh: KnownProvider = { ...provider, signingAlgorithm };
  if (memory.size >= maxKnown) memory.clear();
  memory.set(key, fresh);
  return fresh;
}

async function discover(
  signIn: OidcSignIn,
  fetch: client.CustomFetch,
  insecure: boolean,
): Promise<client.ServerMetadata> {
  if (!URL.canParse(signIn.issuer)) throw new OidcRefusal('discoveryInvalid', 'the issuer is not a URL');
  const found = await client.discovery(new URL(signIn.issuer), signIn.clientId, undefined, client.None(), {
    [client.customFetch]: fetch,
    execute: insecure ? [client.allowInsecureRequests] : [],
    timeout: 5,
  });
  const metadata = found.serverMetadata();
  // The library compares parsed URLs and makes exceptions for multi-tenant issuers; we do neither (ASVS 10.5.3).
  if (metadata.issuer !== signIn.issuer)
    throw new OidcRefusal('discoveryInvalid', `the provider calls itself ${metadata.issuer.slice(0, 200)}`);
  for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    if (typeof metadata[endpoint] !== 'string') throw new OidcRefusal('discoveryInvalid', `no ${endpoint}`);
  }
  return JSON.parse(JSON.stringify(metadata)) as client.ServerMetadata;
}

function pickAlgorithm(metadata: client.ServerMetadata): string {
  const offered = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  const picked = asymmetricAlgorithms.find((algorithm) => offered.includes(algorithm));
  if (picked === undefined) throw new OidcRefusal('discoveryInvalid', 'no acceptable signing algorithm is offered');
  return picked;
}
