// What the signed bytes must say before anybody is signed in: everything the library leaves unchecked (gate.md 2.1, 2.3;
// SAML core 2 and profiles 4.1.4.3). Works only on bytes whose signature was verified; of an unsigned wrapper it reads
// what can lead to a refusal, never what could lead to a sign-in. Subject, times and attributes have their own files.

import { readAttributes } from './assertion-attributes.ts';
import type { AssertionExpectation } from './assertion-expectation.ts';
import { assertBefore, assertNotBefore, earliest, readInstant } from './assertion-times.ts';
import { childrenCalled, entityFormat, nameOf, statusSuccess } from './saml-names.ts';
import { SamlRefusal, type SamlRefusalReason } from './saml-refusal.ts';
import { readBearerConfirmation, readNameId } from './subject-checks.ts';
import { parseXml, type XmlElement } from './xml-tree.ts';

export interface SamlIdentity {
  readonly issuer: string;
  /** The NameID, byte for byte: compare it so. */
  readonly subject: string;
  readonly nameIdFormat: string | undefined;
  readonly sessionIndex: string | undefined;
  /** The session must not outlive this. Milliseconds. */
  readonly sessionNotOnOrAfter: number | undefined;
  readonly authnInstant: number;
  readonly issueInstant: number;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly assertionId: string;
  /** The earliest of the assertion's own limits, without skew. Milliseconds. */
  readonly assertionNotOnOrAfter: number;
}

/** What of a message may be believed, and what of it may only lead to a refusal. */
export interface TrustedParts {
  /** As verified; where it is not signed, as received. */
  readonly response: XmlElement;
  readonly responseSigned: boolean;
  /** Under a valid signature of its own or of the Response. */
  readonly assertion: XmlElement;
}

/**
 * The parts of a verified message in the clear.
 * @param signedXml canonical bytes under a valid signature: the Response, or the Assertion alone
 * @param wrapper the Response as received; only looked at where the Response itself is not signed
 * @throws SamlRefusal
 */
export async function readTrustedParts(signedXml: string, wrapper: XmlElement): Promise<TrustedParts> {
  const signed = await parseVerified(signedXml);
  const responseSigned = nameOf(signed) === 'samlp:Response';
  const assertion = responseSigned ? only(signed, 'saml:Assertion', 'samlResponseInvalid') : signed;
  if (nameOf(assertion) !== 'saml:Assertion') throw new SamlRefusal('samlResponseInvalid', 'no signed assertion');
  return { response: responseSigned ? signed : wrapper, responseSigned, assertion };
}

/** Canonical bytes as a tree. The pre-scan counted this document's elements already, so limits here only bound a fault of our own. */
export function parseVerified(signedXml: string): Promise<XmlElement> {
  return parseXml(signedXml, { maxElements: 100_000, maxDepth: 64, maxAttributes: 128 });
}

/**
 * Checks a verified message.
 * @throws SamlRefusal
 */
export function readSignedAssertion(
  { response, responseSigned, assertion }: TrustedParts,
  expected: AssertionExpectation,
): SamlIdentity {
  assertResponse(response, responseSigned, expected);
  return readAssertion(assertion, expected);
}

function assertResponse(response: XmlElement, isSigned: boolean, expected: AssertionExpectation): void {
  const { attributes } = response;
  if (attributes.get('Version') !== '2.0') throw new SamlRefusal('samlResponseInvalid', 'Response Version');
  const issuers = childrenCalled(response, 'saml:Issuer');
  // May be left out, but not of a signed message (SAML profiles 4.1.4.2).
  if (issuers.length > 0 || isSigned) assertIssuer(response, expected.entityId);
  const destination = attributes.get('Destination');
  if (destination !== undefined || isSigned) {
    if (destination !== expected.acsUrl) throw new SamlRefusal('destinationMismatch', 'Response Destination');
  }
  const inResponseTo = attributes.get('InResponseTo');
  if (inResponseTo !== undefined && inResponseTo !== expected.requestId) {
    throw new SamlRefusal('requestMismatch', 'Response InResponseTo');
  }
  const status = only(response, 'samlp:Status', 'statusNotSuccess');
  const code = only(status, 'samlp:StatusCode', 'statusNotSuccess').attributes.get('Value');
  if (code !== statusSuccess) throw new SamlRefusal('statusNotSuccess', JSON.stringify(code ?? null).slice(0, 200));
}

function readAssertion(assertion: XmlElement, expected: AssertionExpectation): SamlIdentity {
  const { attributes } = assertion;
  if (attributes.get('Version') !== '2.0') throw new SamlRefusal('samlResponseInvalid', 'Assertion Version');
  const assertionId = attributes.get('ID');
  if (assertionId === undefined) throw new SamlRefusal('samlResponseInvalid', 'Assertion without ID');
  assertIssuer(assertion, expected.entityId);

  const subject = only(assertion, 'saml:Subject', 'subjectInvalid');
  const nameId = readNameId(subject);
  const confirmation = readBearerConfirmation(subject, expected);
  const conditionsNotOnOrAfter = readConditions(assertion, expected);

  const issueInstant = readInstant(attributes.get('IssueInstant'), 'IssueInstant', 'samlResponseInvalid');
  const tooOldAt = issueInstant + expected.maxAssertionAgeMs;
  assertNotBefore(issueInstant, expected, 'IssueInstant');
  assertBefore(tooOldAt, expected, 'maximum age');

  return {
    issuer: expected.entityId,
    ...nameId,
    ...readAuthnStatements(assertion, expected),
    attributes: readAttributes(assertion),
    assertionId,
    issueInstant,
    assertionNotOnOrAfter: earliest([confirmation.notOnOrAfter, conditionsNotOnOrAfter, tooOldAt]),
  };
}

function assertIssuer(element: XmlElement, entityId: string): void {
  const issuer = only(element, 'saml:Issuer', 'issuerMismatch');
  const format = issuer.attributes.get('Format');
  if (issuer.children.length > 0 || issuer.text !== entityId || (format !== undefined && format !== entityFormat)) {
    throw new SamlRefusal('issuerMismatch', `Issuer of the ${element.local}`);
  }
}

const knownConditions = new Set(['saml:AudienceRestriction', 'saml:OneTimeUse', 'saml:ProxyRestriction']);

/** One Conditions with both times, our entityID in every audience restriction; the end of its time. */
function readConditions(assertion: XmlElement, expected: AssertionExpectation): number {
  const conditions = only(assertion, 'saml:Conditions', 'conditionsInvalid');
  for (const child of conditions.children) {
    // A condition one does not understand makes the assertion's validity unknown (SAML core 2.5.1.1).
    if (!knownConditions.has(nameOf(child))) throw new SamlRefusal('conditionsInvalid', 'an unknown condition');
  }
  const notBefore = readInstant(conditions.attributes.get('NotBefore'), 'Conditions NotBefore', 'conditionsInvalid');
  const notOnOrAfter = readInstant(
    conditions.attributes.get('NotOnOrAfter'),
    'Conditions NotOnOrAfter',
    'conditionsInvalid',
  );
  assertNotBefore(notBefore, expected, 'Conditions NotBefore');
  assertBefore(notOnOrAfter, expected, 'Conditions NotOnOrAfter');

  const restrictions = childrenCalled(conditions, 'saml:AudienceRestriction');
  if (restrictions.length === 0) throw new SamlRefusal('audienceMismatch', 'no AudienceRestriction');
  for (const restriction of restrictions) {
    const audiences = childrenCalled(restriction, 'saml:Audience');
    if (!audiences.some((audience) => audience.text === expected.serviceEntityId)) {
      throw new SamlRefusal('audienceMismatch', 'an AudienceRestriction without our entityID');
    }
  }
  return notOnOrAfter;
}

function readAuthnStatements(
  assertion: XmlElement,
  expected: AssertionExpectation,
): Pick<SamlIdentity, 'authnInstant' | 'sessionIndex' | 'sessionNotOnOrAfter'> {
  const statements = childrenCalled(assertion, 'saml:AuthnStatement');
  const [first] = statements;
  if (first === undefined) throw new SamlRefusal('authnStatementInvalid', 'no AuthnStatement');
  const authnInstant = readInstant(first.attributes.get('AuthnInstant'), 'AuthnInstant', 'authnStatementInvalid');
  assertNotBefore(authnInstant, expected, 'AuthnInstant');
  const ends = statements.flatMap(({ attributes }) => {
    const end = attributes.get('SessionNotOnOrAfter');
    return end === undefined ? [] : [readInstant(end, 'SessionNotOnOrAfter', 'authnStatementInvalid')];
  });
  const sessionNotOnOrAfter = ends.length === 0 ? undefined : earliest(ends);
  // No skew: a session that would be over the moment it opens is of no use.
  if (sessionNotOnOrAfter !== undefined && expected.now >= sessionNotOnOrAfter) {
    throw new SamlRefusal('sessionExpired', 'SessionNotOnOrAfter');
  }
  if (expected.authenticatedSince !== undefined && authnInstant + expected.clockSkewMs < expected.authenticatedSince) {
    throw new SamlRefusal('authenticationTooOld', 'AuthnInstant is older than the request asked for');
  }
  return { authnInstant, sessionIndex: first.attributes.get('SessionIndex'), sessionNotOnOrAfter };
}

function only(element: XmlElement, name: string, reason: SamlRefusalReason): XmlElement {
  const [child, ...others] = childrenCalled(element, name);
  if (child === undefined || others.length > 0) throw new SamlRefusal(reason, `${nameOf(element)}: one ${name}`);
  return child;
}
