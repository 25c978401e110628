// What an ID token must say beyond what the library checks: age, authorized party, tenant, a usable subject (gate.md 3; OpenID Connect Core 3.1.3.7).

import type { OidcSignIn } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import { isOfTenant } from '#secrets/issuer-tenant.ts';
import { isUsable, readNames, textOf, type ClaimedNames } from './claimed-names.ts';
import { presetOf } from './oidc-presets.ts';
import { OidcRefusal } from './oidc-refusal.ts';

export interface IdentityClaims extends ClaimedNames {
  readonly issuer: string;
  readonly subject: string;
  /** Of an issuer that is everybody's: the customer's domain, which the connection must have. */
  readonly hostedDomain: string | undefined;
  /** `sid`: the provider's own session. */
  readonly sessionId: string | undefined;
  /** `iat`, milliseconds. */
  readonly issuedAt: Instant;
  /** Milliseconds. */
  readonly expiresAt: Instant;
}

export interface ClockRules {
  readonly now: Instant;
  /** How far the provider's clock may be from ours. */
  readonly toleranceSeconds: number;
}

const maxAgeSeconds = 600;

/**
 * When the person proved themselves, by the provider's word (OpenID Connect Core 2, `auth_time`). Measured against when we asked, not against when
 * the answer came: people take their time.
 * @param since what was asked for; then the provider has to say
 * @throws OidcRefusal
 */
export function readAuthTime(
  { auth_time: told }: Readonly<Record<string, unknown>>,
  since: Instant | undefined,
  { now, toleranceSeconds }: ClockRules,
): Instant | undefined {
  if (told === undefined && since === undefined) return undefined;
  if (typeof told !== 'number' || !Number.isFinite(told))
    throw new OidcRefusal('idTokenInvalid', 'no auth_time, though max_age was asked for');
  if (told * 1_000 > now + toleranceSeconds * 1_000) throw new OidcRefusal('idTokenInvalid', 'auth_time in the future');
  if (since !== undefined && (told + toleranceSeconds) * 1_000 < since)
    throw new OidcRefusal('authenticationTooOld', 'auth_time is older than max_age allows');
  return Math.min(told * 1_000, now);
}

/**
 * @param token the signed claims, which alone decide who it is
 * @param named the same with those of the userinfo endpoint, for names only
 * @throws OidcRefusal
 */
export function assertIdToken(
  token: Readonly<Record<string, unknown>>,
  named: Readonly<Record<string, unknown>>,
  signIn: OidcSignIn,
  { now, toleranceSeconds }: ClockRules,
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
  const { tenant } = presetOf(signIn);
  if (!isOfTenant(signIn.issuer, token['tid']) || (tenant === 'tid' && token['tid'] === undefined))
    throw new OidcRefusal('tenantMismatch', 'tid');
  const hostedDomain = tenant === 'hd' ? textOf(token['hd']) : undefined;
  if (tenant === 'hd' && hostedDomain === undefined)
    throw new OidcRefusal('tenantMismatch', 'no hd: not an account of an organisation');
  const subject = token['sub'];
  if (typeof subject !== 'string' || !isUsable(subject)) throw new OidcRefusal('idTokenInvalid', 'sub');
  return {
    ...readNames(named, signIn),
    // What provisioning knows people by is believed from the signed token alone.
    externalId: readNames(token, signIn).externalId,
    issuer: signIn.issuer,
    subject,
    hostedDomain,
    sessionId: textOf(token['sid']),
    issuedAt: issuedAt * 1000,
    expiresAt: (expires + toleranceSeconds) * 1000,
  };
}
