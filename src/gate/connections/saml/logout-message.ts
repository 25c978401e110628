// What a message of single logout must say before a session is ended by it (gate.md 2.4; SAML core 3.7, profiles 4.4). Reads bytes whose signature
// was verified; which sessions are meant, and that a request counts once, is the logout layer's business.

import { assertBefore, assertNotBefore, readInstant } from './assertion-times.ts';
import { scanElement } from './pre-scan.ts';
import { childrenCalled, onlyChildCalled, statusSuccess } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { readNameId } from './subject-checks.ts';
import type { XmlElement } from './xml-tree.ts';

export interface LogoutExpectation {
  /** The identity provider's entityID. */
  readonly entityId: string;
  readonly sloUrl: string;
  /** Milliseconds. */
  readonly now: number;
}

export interface LogoutWish {
  readonly id: string;
  /** By the provider's clock. Milliseconds. */
  readonly issuedAt: number;
  readonly subject: string;
  /** None: all of the person's sessions. */
  readonly sessionIndexes: readonly string[];
  /** Until when it counts, without skew. Milliseconds. */
  readonly notOnOrAfter: number;
}

export interface LogoutAnswer {
  readonly inResponseTo: string | undefined;
  readonly isSuccess: boolean;
}

const maxElements = 200;
const clockSkewMs = 60_000;
const maxAgeMs = 300_000;
const maxIndexes = 50;

/** The document element of a message, scanned; nothing of it is believed yet. @throws SamlRefusal */
export function scanLogout(bytes: Uint8Array, kind: 'request' | 'response'): Promise<XmlElement> {
  return scanElement(bytes, kind === 'request' ? 'samlp:LogoutRequest' : 'samlp:LogoutResponse', '', maxElements);
}

/** @throws SamlRefusal */
export function readLogoutRequest(root: XmlElement, expected: LogoutExpectation): LogoutWish {
  const { id, issuedAt } = assertMessage(root, expected);
  const times = { now: expected.now, clockSkewMs, maxAssertionAgeMs: maxAgeMs };
  const notOnOrAfter = readInstant(root.attributes.get('NotOnOrAfter'), 'NotOnOrAfter', 'logoutInvalid');
  assertBefore(notOnOrAfter, times, 'NotOnOrAfter');
  const { subject } = readNameId(root);
  const indexes = childrenCalled(root, 'samlp:SessionIndex').map((element) => element.text);
  if (indexes.length > maxIndexes || indexes.some((index) => index === '' || index.length > 1024)) {
    throw new SamlRefusal('logoutInvalid', 'SessionIndex');
  }
  return { id, issuedAt, subject, sessionIndexes: indexes, notOnOrAfter };
}

/** @throws SamlRefusal */
export function readLogoutResponse(root: XmlElement, expected: LogoutExpectation): LogoutAnswer {
  assertMessage(root, expected);
  const status = onlyChildCalled(root, 'samlp:Status');
  const code = status === undefined ? undefined : onlyChildCalled(status, 'samlp:StatusCode');
  return {
    inResponseTo: root.attributes.get('InResponseTo'),
    isSuccess: code?.attributes.get('Value') === statusSuccess && childrenCalled(code, 'samlp:StatusCode').length === 0,
  };
}

/** What both have in common. */
function assertMessage(
  root: XmlElement,
  { entityId, sloUrl, now }: LogoutExpectation,
): { readonly id: string; readonly issuedAt: number } {
  const { attributes } = root;
  const id = attributes.get('ID');
  if (attributes.get('Version') !== '2.0' || id === undefined) throw new SamlRefusal('logoutInvalid', 'Version or ID');
  const issuer = onlyChildCalled(root, 'saml:Issuer');
  if (issuer?.text !== entityId || issuer.children.length > 0) throw new SamlRefusal('issuerMismatch', 'Issuer');
  if (attributes.get('Destination') !== sloUrl) throw new SamlRefusal('destinationMismatch', 'Destination');
  const issuedAt = readInstant(attributes.get('IssueInstant'), 'IssueInstant', 'logoutInvalid');
  const times = { now, clockSkewMs, maxAssertionAgeMs: maxAgeMs };
  assertNotBefore(issuedAt, times, 'IssueInstant');
  assertBefore(issuedAt + maxAgeMs, times, 'maximum age');
  return { id, issuedAt };
}
