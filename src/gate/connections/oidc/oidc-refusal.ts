// Why an OpenID Connect sign-in is refused: one closed union of reason codes, and the one table from the library's errors to them.
// The code goes into the record, the detail to administrators; the browser only ever sees a generic sentence (gate.md 1, 3).

import * as client from 'openid-client';
import { OutboundRefusal } from '../outbound-fetch.ts';

export type OidcRefusalReason =
  /** The answer is not one: parameters missing or twice. Answered with 400. */
  | 'malformedRequest'
  | 'stateMismatch'
  /** The `iss` parameter of the answer, or the token's `iss`, is not this connection's provider. */
  | 'issuerMismatch'
  | 'audienceMismatch'
  | 'authorizedPartyMismatch'
  | 'nonceMismatch'
  | 'tenantMismatch'
  | 'tokenExpired'
  | 'issuedAtInvalid'
  | 'algorithmRefused'
  | 'signatureInvalid'
  /** No key of the provider fits the token. */
  | 'signingKeyUnknown'
  | 'idTokenInvalid'
  /** The provider refused the code. */
  | 'codeRefused'
  /** The provider refuses our secret or key: an administrator's to mend. */
  | 'clientRefused'
  /** The person proved themselves to the provider longer ago than was asked for. */
  | 'authenticationTooOld'
  /** The provider reported an error instead of a code. */
  | 'identityProviderError'
  /** The provider's discovery document is not that of the configured issuer, or lacks what we need. */
  | 'discoveryInvalid'
  | 'providerUnreachable'
  /** The provider's answer to a request of ours makes no sense. */
  | 'providerAnswerInvalid';

/** A refused OpenID Connect sign-in. */
export class OidcRefusal extends Error {
  readonly reason: OidcRefusalReason;
  readonly detail: string;

  constructor(reason: OidcRefusalReason, detail: string, cause?: unknown) {
    super(`${reason}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'OidcRefusal';
    this.reason = reason;
    this.detail = detail;
  }
}

/** The refusal that an error of the library stands for. Whatever it is, nobody is signed in. */
export function toOidcRefusal(error: unknown): OidcRefusal {
  if (error instanceof OidcRefusal) return error;
  const outbound = outboundCauseOf(error);
  if (outbound !== null) return new OidcRefusal('providerUnreachable', outbound.message, error);
  if (error instanceof client.AuthorizationResponseError)
    return new OidcRefusal('identityProviderError', short(error.error), error);
  if (isClientRefused(error)) return new OidcRefusal('clientRefused', messageOf(error), error);
  if (error instanceof client.ResponseBodyError) return new OidcRefusal('codeRefused', short(error.error), error);
  if (!(error instanceof client.ClientError)) return new OidcRefusal('providerAnswerInvalid', messageOf(error), error);
  const facts = factsOf(error);
  return new OidcRefusal(reasonOf(error.code, facts), messageOf(error.cause ?? error), error);
}

/** Whether the provider did not take our proof of who we are (RFC 6749 5.2). */
export function isClientRefused(error: unknown): boolean {
  if (error instanceof client.ResponseBodyError) return error.error === 'invalid_client';
  return error instanceof client.WWWAuthenticateChallengeError && error.status === 401;
}

interface Facts {
  readonly claim?: unknown;
  readonly header?: unknown;
  readonly signature?: unknown;
  readonly parameters?: unknown;
  readonly claims?: unknown;
  readonly attribute?: unknown;
}

function reasonOf(code: string | undefined, facts: Facts): OidcRefusalReason {
  switch (code) {
    case 'OAUTH_TIMEOUT':
    case 'OAUTH_ABORT':
    case 'OAUTH_HTTP_REQUEST_FORBIDDEN':
    case 'OAUTH_REQUEST_PROTOCOL_FORBIDDEN':
      return 'providerUnreachable';
    case 'OAUTH_KEY_SELECTION_FAILED':
      return 'signingKeyUnknown';
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return facts.claim === 'exp' ? 'tokenExpired' : 'idTokenInvalid';
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return claimReasons[String(facts.claim)] ?? 'idTokenInvalid';
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return facts.attribute === 'issuer' ? 'discoveryInvalid' : 'providerAnswerInvalid';
    case 'OAUTH_UNSUPPORTED_OPERATION':
      return 'algorithmRefused';
    case 'OAUTH_INVALID_RESPONSE':
    case 'OAUTH_PARSE_ERROR':
      if (facts.header !== undefined) return 'algorithmRefused';
      if (facts.signature !== undefined) return 'signatureInvalid';
      return facts.claims === undefined ? 'providerAnswerInvalid' : 'idTokenInvalid';
    default:
      return 'providerAnswerInvalid';
  }
}

const claimReasons: Readonly<Record<string, OidcRefusalReason>> = {
  iss: 'issuerMismatch',
  aud: 'audienceMismatch',
  azp: 'authorizedPartyMismatch',
  nonce: 'nonceMismatch',
};

/** The library wraps its error, whose cause says which claim or header it was. */
function factsOf(error: Error): Facts {
  const inner = error.cause instanceof Error ? error.cause.cause : error.cause;
  return typeof inner === 'object' && inner !== null ? inner : {};
}

function outboundCauseOf(error: unknown): OutboundRefusal | null {
  let cause = error;
  for (let depth = 0; depth < 5; depth += 1) {
    if (cause instanceof OutboundRefusal) return cause;
    if (!(cause instanceof Error)) return null;
    cause = cause.cause;
  }
  return null;
}

function messageOf(error: unknown): string {
  return short(error instanceof Error ? error.message : String(error));
}

/** Providers' words may be long or hostile. */
function short(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300);
}
