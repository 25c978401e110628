// A client that proves itself by an assertion of an issuer it was given trust in, instead of a secret (RFC 7521 §4.2, RFC 7523 §3): Entra's workload
// identity federation. Every check that fails has a reason of its own, for logs only.

import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Credential, IssuerTrust } from '#directory/credential.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { hashSecret } from './credential-secret.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { isOfTenant } from './issuer-tenant.ts';
import { asymmetricAlgorithms } from './signature-algorithms.ts';

export type AssertionRefusal =
  | 'assertionMalformed'
  | 'algorithmRefused'
  | 'issuerMismatch'
  | 'audienceMismatch'
  | 'subjectMismatch'
  | 'tenantMismatch'
  | 'keyUnknown'
  | 'signatureInvalid'
  | 'assertionExpired'
  | 'assertionNotYetValid'
  | 'issuedAtInvalid'
  | 'assertionReplayed';

/** Assertions with a `jti` that were accepted, remembered until they have ended anyway (RFC 7523 §3, 7). */
export const usedAssertionRecords: RecordKind<{ readonly usedAt: number }> = {
  name: 'usedAssertion',
  keysOf: () => [],
};

export interface ClientAssertions {
  /** Why the assertion does not prove this credential; null: it does. Throws `IssuerUnavailable`, `StorageError`. */
  check(credential: Credential, trust: IssuerTrust, assertion: string): Promise<AssertionRefusal | null>;
}

export interface ClientAssertionsContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly keys: IssuerKeys;
  readonly now: () => number;
}

const skewSeconds = 60;
/** Entra's live about an hour. */
const longestLifeSeconds = 24 * 3_600;
const mostCharacters = 12_288;

export function createClientAssertions({ storage, keys, now }: ClientAssertionsContext): ClientAssertions {
  return {
    async check(credential, trust, assertion) {
      const claimed = readUnverified(assertion);
      if (typeof claimed === 'string') return claimed;
      // Cheapest first: nobody’s keys are fetched for an assertion that would be refused anyway.
      const refusal = refuseClaims(claimed, trust, now() / 1_000);
      if (refusal !== null) return refusal;
      const verified = await verify(trust, assertion);
      if (typeof verified === 'string') return verified;
      return (await useOnce(credential, verified)) ? null : 'assertionReplayed';
    },
  };

  async function verify(trust: IssuerTrust, assertion: string): Promise<JWTPayload | AssertionRefusal> {
    const algorithms = [...asymmetricAlgorithms];
    const options = { algorithms, clockTolerance: skewSeconds, currentDate: new Date(now()), requiredClaims: ['exp'] };
    for (const fresh of [false, true]) {
      try {
        return (await jwtVerify(assertion, await keys.keysOf(trust, fresh), options)).payload;
      } catch (error) {
        // Issuers change their keys at any time: a key that is missing may be there by now.
        if (error instanceof errors.JWKSNoMatchingKey && !fresh) continue;
        return reasonOf(error);
      }
    }
    return 'keyUnknown';
  }

  async function useOnce(credential: Credential, { jti, exp = 0 }: JWTPayload): Promise<boolean> {
    if (jti === undefined) return true;
    return storage.records(usedAssertionRecords).insertOnce({
      id: hashSecret(`${credential.id} ${jti}`),
      organizationId: credential.organizationId,
      // Clocks of several nodes may differ.
      expiresAt: (exp + 10 * skewSeconds) * 1_000,
      value: { usedAt: now() },
    });
  }
}

function readUnverified(assertion: string): JWTPayload | AssertionRefusal {
  if (assertion.length > mostCharacters) return 'assertionMalformed';
  try {
    const { alg } = decodeProtectedHeader(assertion);
    if (alg === undefined || !asymmetricAlgorithms.some((known) => known === alg)) return 'algorithmRefused';
    return decodeJwt(assertion);
  } catch {
    return 'assertionMalformed';
  }
}

/** Compared as they were configured, letter by letter. */
function refuseClaims(claims: JWTPayload, trust: IssuerTrust, nowSeconds: number): AssertionRefusal | null {
  const { iss, aud, sub, exp, iat, jti } = claims;
  if (iss !== trust.issuer) return 'issuerMismatch';
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== trust.audience) return 'audienceMismatch';
  if (sub !== trust.subject) return 'subjectMismatch';
  if (!isOfTenant(trust.issuer, claims['tid'])) return 'tenantMismatch';
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'assertionMalformed';
  if (exp > nowSeconds + longestLifeSeconds) return 'assertionMalformed';
  if (iat !== undefined && (typeof iat !== 'number' || iat > nowSeconds + skewSeconds)) return 'issuedAtInvalid';
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) return 'assertionMalformed';
  return null;
}

function reasonOf(error: unknown): AssertionRefusal {
  if (error instanceof errors.JWTExpired) return 'assertionExpired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf' ? 'assertionNotYetValid' : 'assertionMalformed';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'keyUnknown';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signatureInvalid';
  if (error instanceof errors.JOSEError) return 'assertionMalformed';
  throw error;
}
