// How we prove ourselves at a provider: by a secret, two of them while it is being replaced, or by a key of our own (gate.md 3; RFC 6749 2.3.1,
// OpenID Connect Core 9).

import * as client from 'openid-client';
import type { OidcSignIn } from '#directory/connection.ts';
import { isClientRefused } from './oidc-refusal.ts';

/** What a connection has to prove itself with. */
export interface ClientKeys {
  /** Newest first. */
  readonly secrets: readonly string[];
  /** The key that signs now, for RS256. */
  readonly signingKey: () => Promise<client.PrivateKey>;
}

/** The ways to try, in order; never none. */
export async function authenticationsOf(
  signIn: Pick<OidcSignIn, 'authMethod'>,
  { secrets, signingKey }: ClientKeys,
  provider: client.ServerMetadata,
): Promise<readonly client.ClientAuth[]> {
  if (signIn.authMethod === 'private_key_jwt') {
    return [client.PrivateKeyJwt(await signingKey())];
  }
  if (secrets.length === 0) return [client.None()];
  const posts = (signIn.authMethod ?? methodOf(provider)) === 'client_secret_post';
  return secrets.map((secret) => (posts ? client.ClientSecretPost(secret) : client.ClientSecretBasic(secret)));
}

/** OpenID Connect Discovery 3: what is not said is `client_secret_basic`. */
function methodOf({ token_endpoint_auth_methods_supported: offered }: client.ServerMetadata): string {
  const onlyPosts = offered?.includes('client_secret_post') === true && !offered.includes('client_secret_basic');
  return onlyPosts ? 'client_secret_post' : 'client_secret_basic';
}

/** Does the work with one way after the other while the provider refuses us. Refused so, it has not looked at what we brought. */
export async function tryEach<Result>(
  configs: readonly client.Configuration[],
  work: (config: client.Configuration) => Promise<Result>,
): Promise<Result> {
  let refused: unknown;
  for (const config of configs) {
    try {
      return await work(config);
    } catch (error) {
      refused = error;
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      if (!isClientRefused(error) && !isClientRefused(cause)) throw error;
    }
  }
  throw refused;
}
