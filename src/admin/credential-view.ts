// A credential as administrators see it: everything but its secret and the hash of it.

import type { Credential } from '#directory/credential.ts';
import type { Instant } from '#directory/identifiers.ts';
import { toIso } from './admin-operation.ts';

export function toCredentialAnswer(credential: Credential, now: number, lastUsedAt?: Instant) {
  const {
    id,
    organizationId,
    kind,
    name,
    connection,
    app,
    owner,
    scopes,
    trust,
    lastFour,
    createdAt,
    expiresAt,
    revokedAt,
  } = credential;
  return {
    id,
    organization: organizationId,
    kind,
    name,
    ...(connection === undefined ? {} : { connection }),
    ...(app === undefined ? {} : { app }),
    ...(owner === undefined ? {} : { owner }),
    scopes,
    ...(trust === undefined ? {} : { trust }),
    lastFour,
    state: revokedAt !== undefined ? 'revoked' : expiresAt !== undefined && expiresAt <= now ? 'expired' : 'live',
    createdAt: toIso(createdAt),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: toIso(lastUsedAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: toIso(revokedAt) }),
  };
}
