// Who the assertion speaks of, and whether the bearer may present it here and now: NameID and SubjectConfirmation
// (gate.md 2.1 "NameID", "confirmation", "InResponseTo", "Recipient"; SAML profiles 4.1.4.2 and 4.1.4.3).

import type { AssertionExpectation } from './assertion-expectation.ts';
import { assertBefore, readInstant } from './assertion-times.ts';
import { bearerMethod, childrenCalled } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import type { XmlElement } from './xml-tree.ts';

const maxNameIdBytes = 1024;

/** Characters nobody sees, and every space but the plain one: two names that look alike must be alike. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * The one NameID of a Subject.
 * @throws SamlRefusal `subjectInvalid`
 */
export function readNameId(subject: XmlElement): {
  readonly subject: string;
  readonly nameIdFormat: string | undefined;
} {
  const [nameId, ...others] = childrenCalled(subject, 'saml:NameID');
  if (nameId === undefined || others.length > 0 || childrenCalled(subject, 'saml:BaseID').length > 0) {
    throw new SamlRefusal('subjectInvalid', 'not exactly one NameID');
  }
  const { text } = nameId;
  if (nameId.children.length > 0) throw new SamlRefusal('subjectInvalid', 'NameID holds elements');
  if (text === '' || text !== text.trim()) throw new SamlRefusal('subjectInvalid', 'NameID empty or with edge space');
  if (unseen.test(text)) throw new SamlRefusal('subjectInvalid', 'NameID with unseen characters');
  if (Buffer.byteLength(text) > maxNameIdBytes) throw new SamlRefusal('subjectInvalid', 'NameID too long');
  return { subject: text, nameIdFormat: nameId.attributes.get('Format') };
}

/**
 * The first bearer confirmation that holds: our ACS as Recipient, the attempt's request as InResponseTo, not expired.
 * Others (holder-of-key, another recipient) may stand beside it (SAML profiles 4.1.4.2), but none is enough alone.
 * @throws SamlRefusal with the reason of the first bearer confirmation, or `confirmationInvalid` if there is none
 */
export function readBearerConfirmation(
  subject: XmlElement,
  expected: AssertionExpectation,
): { readonly notOnOrAfter: number } {
  let refusal = new SamlRefusal('confirmationInvalid', 'no bearer confirmation');
  let isFirst = true;
  for (const confirmation of childrenCalled(subject, 'saml:SubjectConfirmation')) {
    if (confirmation.attributes.get('Method') !== bearerMethod) continue;
    try {
      return { notOnOrAfter: checkBearer(confirmation, expected) };
    } catch (error) {
      if (!(error instanceof SamlRefusal)) throw error;
      if (isFirst) refusal = error;
      isFirst = false;
    }
  }
  throw refusal;
}

function checkBearer(confirmation: XmlElement, expected: AssertionExpectation): number {
  const [data, ...others] = childrenCalled(confirmation, 'saml:SubjectConfirmationData');
  if (data === undefined || others.length > 0) {
    throw new SamlRefusal('confirmationInvalid', 'not exactly one SubjectConfirmationData');
  }
  const { attributes } = data;
  if (attributes.get('Recipient') !== expected.acsUrl) throw new SamlRefusal('recipientMismatch', 'Recipient');
  if (attributes.get('InResponseTo') !== expected.requestId) {
    throw new SamlRefusal('requestMismatch', 'SubjectConfirmationData InResponseTo');
  }
  if (attributes.has('NotBefore')) throw new SamlRefusal('confirmationInvalid', 'a bearer confirmation with NotBefore');
  const what = 'SubjectConfirmationData NotOnOrAfter';
  const notOnOrAfter = readInstant(attributes.get('NotOnOrAfter'), what, 'confirmationInvalid');
  assertBefore(notOnOrAfter, expected, what);
  return notOnOrAfter;
}
