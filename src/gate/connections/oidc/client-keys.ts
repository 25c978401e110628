// What a connection proves itself with at its provider: its secrets, unsealed, and the organisation's signing key.

import type { webcrypto } from 'node:crypto';
import type { Connection, OidcSignIn } from '#directory/connection.ts';
import type { GateContext } from '../../gate-context.ts';
import type { ClientKeys } from './client-authentication.ts';
import { clientSecretPlace } from './client-secret.ts';

/** The algorithm that every provider takes which takes keys at all. */
const algorithm = 'RS256';

/** Throws `SealError` for secrets that do not open. */
export function openClientKeys(
  context: Pick<GateContext, 'unseal' | 'signingKeys'>,
  connection: Pick<Connection, 'id' | 'organizationId'>,
  signIn: Pick<OidcSignIn, 'sealedClientSecret' | 'sealedPreviousSecret'>,
): ClientKeys {
  const place = clientSecretPlace(connection.organizationId, connection.id);
  return {
    secrets: [signIn.sealedClientSecret, signIn.sealedPreviousSecret]
      .filter((sealed) => sealed !== undefined)
      .map((sealed) => context.unseal(sealed, place)),
    async signingKey() {
      const { privateJwks } = await context.signingKeys.keysOf(connection.organizationId);
      const jwk = privateJwks.keys.find(({ alg }) => alg === algorithm);
      if (jwk === undefined) throw new TypeError(`There is no key of ${algorithm}.`);
      const usage = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const key = await crypto.subtle.importKey('jwk', jwk as webcrypto.JsonWebKey, usage, false, ['sign']);
      return { key, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) };
    },
  };
}
