// Signed tokens by which an outside issuer tells something: logout tokens, security event tokens, revocation requests. Who signed, for whom, of what
// type and when is checked here; what they say is the gate's business (RFC 8417, OpenID Connect Back-Channel Logout 1.0, RFC 8725).

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import type { IssuerKeys } from './issuer-keys.ts';
import { isOfTenant } from './issuer-tenant.ts';
import { asymmetricAlgorithms } from './signature-algorithms.ts';

export type EventTokenRefusal =
  | 'malformed'
  | 'typeMismatch'
  | 'algorithmRefused'
  | 'issuerMismatch'
  | 'audienceMismatch'
  | 'tenantMismatch'
  | 'keyUnknown'
  | 'signatureInvalid'
  | 'expired'
  | 'issuedAtInvalid';

export interface EventTokenExpectation {
  /** The `typ`, without `application/`. */
  readonly type: string;
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly audience: string;
  /** The one algorithm, where it is known; else any that is asymmetric. */
  readonly algorithm?: string;
  /** How old `iat` may be. */
  readonly longestAgeSeconds: number;
  /** `required`: it must have an `exp`; `none`: it must not. */
  readonly expiry: 'required' | 'none';
}

export interface EventToken {
  readonly claims: JWTPayload;
  readonly jti: string;
  /** Milliseconds, by the issuer's clock. */
  readonly issuedAt: number;
  /** Milliseconds; after this nobody would take it any more. */
  readonly until: number;
}

export interface EventTokens {
  /** Throws `IssuerUnavailable`. */
  verify(token: string, expected: EventTokenExpectation): Promise<EventToken | EventTokenRefusal>;
}

const skewSeconds = 60;
const mostCharacters = 65_536;

export function createEventTokens(keys: IssuerKeys, now: () => number): EventTokens {
  return {
    async verify(token, expected) {
      const claimed = readUnverified(token, expected);
      if (typeof claimed === 'string') return claimed;
      // Cheapest first: nobody’s keys are fetched for a token that would be refused anyway.
      const refusal = refuseClaims(claimed, expected, now() / 1_000);
      if (refusal !== null) return refusal;
      const claims = await check(token, expected);
      if (typeof claims === 'string') return claims;
      const { jti = '', iat = 0, exp } = claims;
      return {
        claims,
        jti,
        issuedAt: iat * 1_000,
        until: (exp ?? iat + expected.longestAgeSeconds + skewSeconds) * 1_000,
      };
    },
  };

  async function check(token: string, expected: EventTokenExpectation): Promise<JWTPayload | EventTokenRefusal> {
    const { issuer, audience, jwksUri } = expected;
    const trust = { issuer, audience, subject: '', ...(jwksUri === undefined ? {} : { jwksUri }) };
    const algorithms = expected.algorithm === undefined ? [...asymmetricAlgorithms] : [expected.algorithm];
    const options = { algorithms, clockTolerance: skewSeconds, currentDate: new Date(now()) };
    for (const fresh of [false, true]) {
      try {
        return (await jwtVerify(token, await keys.keysOf(trust, fresh), options)).payload;
      } catch (error) {
        // Issuers change their keys at any time: a key that is missing may be there by now.
        if (error instanceof errors.JWKSNoMatchingKey && !fresh) continue;
        return reasonOf(error);
      }
    }
    return 'keyUnknown';
  }
}

function readUnverified(token: string, { type, algorithm }: EventTokenExpectation): JWTPayload | EventTokenRefusal {
  if (token.length > mostCharacters) return 'malformed';
  try {
    const { alg, typ } = decodeProtectedHeader(token);
    if (typeof typ !== 'string' || typ.toLowerCase().replace(/^application\//, '') !== type) return 'typeMismatch';
    if (!asymmetricAlgorithms.some((known) => known === alg)) return 'algorithmRefused';
    if (algorithm !== undefined && alg !== algorithm) return 'algorithmRefused';
    return decodeJwt(token);
  } catch {
    return 'malformed';
  }
}

/** Compared as they were configured, letter by letter. */
function refuseClaims(
  claims: JWTPayload,
  expected: EventTokenExpectation,
  nowSeconds: number,
): EventTokenRefusal | null {
  const { iss, aud, iat, exp, jti } = claims;
  if (iss !== expected.issuer) return 'issuerMismatch';
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(expected.audience)) return 'audienceMismatch';
  if (!isOfTenant(expected.issuer, claims['tid'])) return 'tenantMismatch';
  if (typeof jti !== 'string' || jti === '') return 'malformed';
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return 'issuedAtInvalid';
  if (iat > nowSeconds + skewSeconds || iat < nowSeconds - expected.longestAgeSeconds - skewSeconds)
    return 'issuedAtInvalid';
  if (expected.expiry === 'none') return exp === undefined ? null : 'malformed';
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'malformed';
  // One that is good for ever would have to be remembered for ever.
  return exp > nowSeconds + expected.longestAgeSeconds + skewSeconds ? 'malformed' : null;
}

function reasonOf(error: unknown): EventTokenRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'keyUnknown';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signatureInvalid';
  if (error instanceof errors.JOSEError) return 'malformed';
  throw error;
}
