// Which element of a SAML message may stand where, and which may hold text: one table, so that it can be read beside the schemas (gate.md 2.2
// step 4; SAML core 2 and 3, XML Signature, XML Encryption). What the elements say is judged elsewhere.

import { nameOf } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import type { XmlElement } from './xml-tree.ts';

/**
 * Where an element may stand. An element that bears one of these local names in another namespace, or stands elsewhere,
 * is refused: signature wrapping (XSW1 to XSW8) always needs one or the other.
 */
const places: ReadonlyMap<string, readonly string[]> = new Map([
  ['samlp:Response', ['']],
  ['samlp:LogoutRequest', ['']],
  ['samlp:LogoutResponse', ['']],
  ['samlp:SessionIndex', ['samlp:LogoutRequest']],
  ['samlp:Status', ['samlp:Response', 'samlp:LogoutResponse']],
  ['samlp:StatusCode', ['samlp:Status', 'samlp:StatusCode']],
  ['samlp:Extensions', ['samlp:Response', 'samlp:LogoutRequest', 'samlp:LogoutResponse']],
  ['saml:Assertion', ['samlp:Response']],
  ['saml:Issuer', ['samlp:Response', 'samlp:LogoutRequest', 'samlp:LogoutResponse', 'saml:Assertion']],
  ['saml:Subject', ['saml:Assertion']],
  ['saml:NameID', ['saml:Subject', 'saml:SubjectConfirmation', 'saml:AttributeValue', 'samlp:LogoutRequest']],
  ['saml:SubjectConfirmation', ['saml:Subject']],
  ['saml:SubjectConfirmationData', ['saml:SubjectConfirmation']],
  ['saml:Conditions', ['saml:Assertion']],
  ['saml:AudienceRestriction', ['saml:Conditions']],
  ['saml:Audience', ['saml:AudienceRestriction', 'saml:ProxyRestriction']],
  ['saml:AuthnStatement', ['saml:Assertion']],
  ['saml:AttributeStatement', ['saml:Assertion']],
  ['saml:Attribute', ['saml:AttributeStatement']],
  ['saml:AttributeValue', ['saml:Attribute']],
  ['saml:EncryptedAssertion', ['samlp:Response']],
  ['xenc:EncryptedData', ['saml:EncryptedAssertion']],
  ['xenc:EncryptedKey', ['saml:EncryptedAssertion', 'ds:KeyInfo']],
  ['xenc:EncryptionMethod', ['xenc:EncryptedData', 'xenc:EncryptedKey']],
  ['xenc:CipherData', ['xenc:EncryptedData', 'xenc:EncryptedKey']],
  ['xenc:CipherValue', ['xenc:CipherData']],
  ['xenc11:MGF', ['xenc:EncryptionMethod']],
  ['ds:Signature', ['samlp:Response', 'samlp:LogoutRequest', 'samlp:LogoutResponse', 'saml:Assertion']],
  ['ds:SignedInfo', ['ds:Signature']],
  ['ds:SignatureValue', ['ds:Signature']],
  ['ds:KeyInfo', ['ds:Signature', 'xenc:EncryptedData', 'xenc:EncryptedKey']],
  ['ds:CanonicalizationMethod', ['ds:SignedInfo']],
  ['ds:SignatureMethod', ['ds:SignedInfo']],
  ['ds:Reference', ['ds:SignedInfo']],
  ['ds:Transforms', ['ds:Reference']],
  ['ds:Transform', ['ds:Transforms']],
  ['ds:DigestMethod', ['ds:Reference', 'xenc:EncryptionMethod']],
  ['ds:DigestValue', ['ds:Reference']],
]);

const placedLocalNames = new Set([...places.keys()].map((name) => name.slice(name.indexOf(':') + 1)));

/** The children the schema knows (SAML core 2.3.3, 3.2.2); anything else beside them is refused. */
const knownChildren: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'samlp:Response',
    new Set([
      'saml:Issuer',
      'ds:Signature',
      'samlp:Extensions',
      'samlp:Status',
      'saml:Assertion',
      'saml:EncryptedAssertion',
    ]),
  ],
  [
    'samlp:LogoutRequest',
    new Set(['saml:Issuer', 'ds:Signature', 'samlp:Extensions', 'saml:NameID', 'samlp:SessionIndex']),
  ],
  ['samlp:LogoutResponse', new Set(['saml:Issuer', 'ds:Signature', 'samlp:Extensions', 'samlp:Status'])],
  ['saml:EncryptedAssertion', new Set(['xenc:EncryptedData', 'xenc:EncryptedKey'])],
  [
    'saml:Assertion',
    new Set([
      'saml:Issuer',
      'ds:Signature',
      'saml:Subject',
      'saml:Conditions',
      'saml:Advice',
      'saml:AuthnStatement',
      'saml:AuthzDecisionStatement',
      'saml:AttributeStatement',
    ]),
  ],
]);

/** The placed elements that hold text; in all others text is somebody's mistake or trick. */
const textNames = new Set([
  'saml:Issuer',
  'saml:NameID',
  'samlp:SessionIndex',
  'saml:Audience',
  'saml:AttributeValue',
  'ds:SignatureValue',
  'ds:DigestValue',
  'xenc:CipherValue',
]);

/** A whole assertion may be encrypted; parts of one are never. */
const encryptedNames = new Set(['EncryptedID', 'EncryptedAttribute', 'NewEncryptedID']);

/** Names that would reach into an object's prototype, were they ever used as keys. */
const prototypeNames = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Holds one element to its place.
 * @param standsIn the parent's name, for a root that was taken out of a document
 * @throws SamlRefusal
 */
export function assertPlace(element: XmlElement, standsIn: string | undefined): void {
  const name = nameOf(element);
  const parent = standsIn ?? (element.parent === undefined ? '' : nameOf(element.parent));
  if (encryptedNames.has(element.local)) throw new SamlRefusal('encryptionRefused', name);
  const allowed = places.get(name);
  if (allowed === undefined && placedLocalNames.has(element.local)) throw invalid(`${name}: a foreign namespace`);
  if (allowed !== undefined && !allowed.includes(parent)) throw invalid(`${name} in the wrong place`);
  if (allowed !== undefined && !textNames.has(name) && element.text.trim() !== '') throw invalid(`text in ${name}`);
  if (knownChildren.get(parent)?.has(name) === false) throw invalid(`${name} is no child of ${parent}`);
  if (name === 'saml:Attribute' && prototypeNames.has(element.attributes.get('Name') ?? '')) {
    throw new SamlRefusal('attributesInvalid', 'an attribute named like a prototype');
  }
}

function invalid(detail: string): SamlRefusal {
  return new SamlRefusal('samlResponseInvalid', detail);
}
