// Why a SAML sign-in is refused: one closed union of reason codes. The reason goes into the audit entry, `detail` into
// the log; the browser only ever sees a generic sentence, which the HTTP layer owns (design: gate.md 1, 2).

export type SamlRefusalReason =
  /** Not a well-formed message: form, base64, UTF-8 or XML. The one reason that is answered with 400. */
  | 'malformedRequest'
  /** No attempt of this browser is waiting for this answer. */
  | 'unsolicited'
  /** Well-formed, but not shaped like a response we accept: forbidden markup, structure, references, limits. */
  | 'samlResponseInvalid'
  /** A signature, digest, canonicalization or transform outside the allow-list. */
  | 'algorithmRefused'
  /** What this connection wants signed carries no signature. */
  | 'notSigned'
  /** A signature that no certificate of the connection made. */
  | 'signatureInvalid'
  /** Encrypted though this connection decrypts nothing, or in a way we do not accept; or whatever is wrong inside, by one word and at one time. */
  | 'encryptionRefused'
  /** Not encrypted though this connection takes nothing else. */
  | 'notEncrypted'
  | 'issuerMismatch'
  | 'destinationMismatch'
  | 'recipientMismatch'
  | 'audienceMismatch'
  /** InResponseTo is not the request of this attempt. */
  | 'requestMismatch'
  | 'assertionExpired'
  | 'notYetValid'
  | 'conditionsInvalid'
  | 'confirmationInvalid'
  | 'subjectInvalid'
  | 'authnStatementInvalid'
  /** The person was to be asked again, and was not. */
  | 'authenticationTooOld'
  /** The identity provider's own session is over already. */
  | 'sessionExpired'
  | 'attributesInvalid'
  /** An assertion came, but under a status other than Success. */
  | 'statusNotSuccess'
  /** The identity provider reported an error instead of an assertion. */
  | 'identityProviderError'
  /** The connection has no usable certificate, so nobody can sign in. */
  | 'noCertificate'
  /** Verification used up its time or memory. */
  | 'verificationTimeout'
  /** Too many verifications are waiting, or the worker cannot start: try again later (503). */
  | 'verificationUnavailable'
  /** A message of logout that lacks what it must say. */
  | 'logoutInvalid'
  /** An identity provider's metadata document cannot be used. */
  | 'metadataInvalid';

/** Details may quote what a stranger sent, so they are kept short. */
const maxDetail = 300;

/** A refused SAML message. `reason` is for the audit entry, `detail` is private and never shown to a browser. */
export class SamlRefusal extends Error {
  readonly reason: SamlRefusalReason;
  readonly detail: string;

  constructor(reason: SamlRefusalReason, detail: string) {
    const short = detail.slice(0, maxDetail);
    super(`${reason}: ${short}`);
    this.name = 'SamlRefusal';
    this.reason = reason;
    this.detail = short;
  }
}
