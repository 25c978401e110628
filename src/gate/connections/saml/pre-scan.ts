// What a SAML response must look like before any library touches it: strict base64 and UTF-8, then one linear pass, then
// a table of which element may stand where (gate.md 2.2 steps 3 and 4). Signatures are judged by signature-rules.ts,
// the meaning of signed data by assertion-checks.ts; nothing read here is believed, it can only lead to a refusal.

import { childrenCalled, nameOf, statusSuccess } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { assertSignatureRules } from './signature-rules.ts';
import { parseXml, type XmlElement, XmlRefusal } from './xml-tree.ts';

export const defaultMaxElements = 2000;

export interface PreScanned {
  /** The response again, in canonical base64. */
  readonly samlResponse: string;
  readonly root: XmlElement;
  readonly responseSigned: boolean;
  readonly assertionSigned: boolean;
}

/**
 * Scans a posted SAMLResponse.
 * @param encoded base64 as posted; line breaks (RFC 2045) are allowed, nothing else is
 * @throws SamlRefusal
 */
export function preScan(encoded: string, maxElements: number = defaultMaxElements): PreScanned {
  const bytes = decodeBase64(encoded);
  const root = readTree(bytes, maxElements);
  if (nameOf(root) !== 'samlp:Response') throw invalid('the root is no samlp:Response');
  const elements = flatten(root);
  const signatures: XmlElement[] = [];
  for (const element of elements) {
    assertPlace(element);
    if (nameOf(element) === 'ds:Signature') signatures.push(element);
  }
  assertUniqueIds(elements);
  const assertion = onlyAssertion(root);
  for (const signature of signatures) assertSignatureRules(signature);
  return {
    samlResponse: bytes.toString('base64'),
    root,
    responseSigned: isSigned(root),
    assertionSigned: isSigned(assertion),
  };
}

/**
 * Where an element may stand. An element that bears one of these local names in another namespace, or stands elsewhere,
 * is refused: signature wrapping (XSW1 to XSW8) always needs one or the other.
 */
const places: ReadonlyMap<string, readonly string[]> = new Map([
  ['samlp:Response', ['']],
  ['samlp:Status', ['samlp:Response']],
  ['samlp:StatusCode', ['samlp:Status', 'samlp:StatusCode']],
  ['samlp:Extensions', ['samlp:Response']],
  ['saml:Assertion', ['samlp:Response']],
  ['saml:Issuer', ['samlp:Response', 'saml:Assertion']],
  ['saml:Subject', ['saml:Assertion']],
  ['saml:NameID', ['saml:Subject', 'saml:SubjectConfirmation', 'saml:AttributeValue']],
  ['saml:SubjectConfirmation', ['saml:Subject']],
  ['saml:SubjectConfirmationData', ['saml:SubjectConfirmation']],
  ['saml:Conditions', ['saml:Assertion']],
  ['saml:AudienceRestriction', ['saml:Conditions']],
  ['saml:Audience', ['saml:AudienceRestriction', 'saml:ProxyRestriction']],
  ['saml:AuthnStatement', ['saml:Assertion']],
  ['saml:AttributeStatement', ['saml:Assertion']],
  ['saml:Attribute', ['saml:AttributeStatement']],
  ['saml:AttributeValue', ['saml:Attribute']],
  ['ds:Signature', ['samlp:Response', 'saml:Assertion']],
  ['ds:SignedInfo', ['ds:Signature']],
  ['ds:SignatureValue', ['ds:Signature']],
  ['ds:KeyInfo', ['ds:Signature']],
  ['ds:CanonicalizationMethod', ['ds:SignedInfo']],
  ['ds:SignatureMethod', ['ds:SignedInfo']],
  ['ds:Reference', ['ds:SignedInfo']],
  ['ds:Transforms', ['ds:Reference']],
  ['ds:Transform', ['ds:Transforms']],
  ['ds:DigestMethod', ['ds:Reference']],
  ['ds:DigestValue', ['ds:Reference']],
]);

const placedLocalNames = new Set([...places.keys()].map((name) => name.slice(name.indexOf(':') + 1)));

/** The children the schema knows (SAML core 2.3.3, 3.2.2); anything else beside them is refused. */
const knownChildren: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['samlp:Response', new Set(['saml:Issuer', 'ds:Signature', 'samlp:Extensions', 'samlp:Status', 'saml:Assertion'])],
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
  'saml:Audience',
  'saml:AttributeValue',
  'ds:SignatureValue',
  'ds:DigestValue',
]);

const encryptedNames = new Set(['EncryptedAssertion', 'EncryptedID', 'EncryptedAttribute', 'EncryptedData']);

/** Names that would reach into an object's prototype, were they ever used as keys. */
const prototypeNames = new Set(['__proto__', 'constructor', 'prototype']);

function assertPlace(element: XmlElement): void {
  const name = nameOf(element);
  const parent = element.parent === undefined ? '' : nameOf(element.parent);
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

function onlyAssertion(root: XmlElement): XmlElement {
  const assertions = childrenCalled(root, 'saml:Assertion');
  const [assertion] = assertions;
  if (assertion === undefined) {
    const status = childrenCalled(root, 'samlp:Status')[0];
    const code = status === undefined ? undefined : childrenCalled(status, 'samlp:StatusCode')[0];
    const value = code?.attributes.get('Value');
    if (value !== undefined && value !== statusSuccess) {
      throw new SamlRefusal('identityProviderError', JSON.stringify(value.slice(0, 200)));
    }
    throw invalid('no assertion');
  }
  if (assertions.length > 1) throw invalid('more than one assertion');
  return assertion;
}

function isSigned(element: XmlElement): boolean {
  const signatures = childrenCalled(element, 'ds:Signature');
  if (signatures.length > 1) throw invalid('two signatures under one element');
  return signatures.length === 1;
}

/** Verifiers find the signed element by ID, some in any of these spellings, so one value may name one element only. */
function assertUniqueIds(elements: readonly XmlElement[]): void {
  const seen = new Set<string>();
  for (const { attributes } of elements) {
    let own = 0;
    for (const [key, value] of attributes) {
      const local = key.slice(key.lastIndexOf('}') + 1);
      if (local.toLowerCase() !== 'id') continue;
      own += 1;
      if (key !== local && key !== '{http://www.w3.org/XML/1998/namespace}id') throw invalid('an ID in a namespace');
      if (own > 1 || seen.has(value)) throw invalid('an ID twice');
      if (!/^[\w.:-]{1,256}$/.test(value)) throw invalid('an ID that is no name');
      seen.add(value);
    }
  }
}

function flatten(root: XmlElement): readonly XmlElement[] {
  const all: XmlElement[] = [root];
  // The list grows while it is walked, so every element is visited once and nothing recurses.
  for (const element of all) all.push(...element.children);
  return all;
}

function decodeBase64(encoded: string): Buffer {
  const compact = encoded.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(compact, 'base64');
  // Decoding skips what it does not know; only canonical text survives the way back.
  if (compact === '' || bytes.toString('base64') !== compact) throw malformed('base64');
  return bytes;
}

function readTree(bytes: Uint8Array, maxElements: number): XmlElement {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return parseXml(text, { maxElements, maxDepth: 32, maxAttributes: 64 });
  } catch (error) {
    if (!(error instanceof XmlRefusal)) throw malformed('not UTF-8');
    throw error.fault === 'malformed' ? malformed(error.message) : invalid(error.message);
  }
}

function malformed(detail: string): SamlRefusal {
  return new SamlRefusal('malformedRequest', detail);
}

function invalid(detail: string): SamlRefusal {
  return new SamlRefusal('samlResponseInvalid', detail);
}
