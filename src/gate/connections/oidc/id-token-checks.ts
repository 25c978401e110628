// What an ID token must say beyond what the library checks: age, authorized party, tenant, a usable subject (gate.md 3; OpenID Connect Core 3.1.3.7).

import type { OidcSignIn } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import { isOfTenant } from '#secrets/issuer-tenant.ts';
import { OidcRefusal } from './oidc-refusal.ts';

export interface IdentityClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly userName: string | undefined;
  readonly externalId: string;
  readonly verifiedEmail: string | undefined;
  /** `sid`: the provider's own session. */
  readonly sessionId: string | undefined;
  /** Milliseconds. */
  readonly expiresAt: Instant;
}

const maxAgeSeconds = 600;

/**
 * @param token the signed claims, which alone decide who it is
 * @param named the same with those of the userinfo endpoint, for names only
 * @throws OidcRefusal
 */
export function assertIdToken(
  token: Readonly<Record<string, unknown>>,
  named: Readonly<Record<string, unknown>>,
  signIn: Pick<OidcSignIn, 'issuer' | 'clientId'>,
  now: Instant,
  toleranceSeconds: number,
): IdentityClaims {
  if (token['iss'] !== signIn.issuer) throw new OidcRefusal('issuerMismatch', 'ID token');
  if (token['azp'] !== undefined && token['azp'] !== signIn.clientId)
    throw new OidcRefusal('authorizedPartyMismatch', 'azp is not us');
  const issuedAt = token['iat'];
  const nowSeconds = now / 1000;
  if (typeof issuedAt !== 'number' || issuedAt > nowSeconds + toleranceSeconds)
    throw new OidcRefusal('issuedAtInvalid', 'issued in the future');
  if (issuedAt < nowSeconds - maxAgeSeconds - toleranceSeconds)
    throw new OidcRefusal('issuedAtInvalid', 'issued more than 10 minutes ago');
  const expires = token['exp'];
  if (typeof expires !== 'number' || !Number.isFinite(expires)) throw new OidcRefusal('idTokenInvalid', 'no exp');
  if (!isOfTenant(signIn.issuer, token['tid'])) throw new OidcRefusal('tenantMismatch', 'tid');
  const subject = token['sub'];
  if (typeof subject !== 'string' || !isUsable(subject)) throw new OidcRefusal('idTokenInvalid', 'sub');
  return {
    issuer: signIn.issuer,
    subject,
    userName: textOf(named['preferred_username']) ?? textOf(named['upn']),
    externalId: textOf(token['oid']) ?? subject,
    verifiedEmail: named['email_verified'] === true ? textOf(named['email']) : undefined,
    sessionId: textOf(token['sid']),
    expiresAt: (expires + toleranceSeconds) * 1000,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && isUsable(value) ? value : undefined;
}

/** Names that differ only in what nobody can see are not compared at all. */
function isUsable(text: string): boolean {
  return text !== '' && text.length <= 1024 && text === text.trim() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
}
