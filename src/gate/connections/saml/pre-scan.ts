// What a SAML response must look like before any library touches it: strict base64 and UTF-8, then one linear pass, then
// every element in its place (gate.md 2.2 steps 3 and 4; element-places.ts). Signatures are judged by signature-rules.ts,
// encryption by encrypted-assertion.ts, the meaning of signed data by assertion-checks.ts; nothing read here is believed,
// it can only lead to a refusal.

import { waitForTurn } from '#breath.ts';
import { readEncryptedAssertion, type EncryptedAssertion } from './encrypted-assertion.ts';
import { assertPlace } from './element-places.ts';
import { childrenCalled, nameOf, statusSuccess } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { assertSignatureRules } from './signature-rules.ts';
import { parseXml, xmlBreath, type XmlElement, XmlRefusal } from './xml-tree.ts';

export const defaultMaxElements = 2000;

const elementsPerLook = 64;

export interface PreScanned {
  /** The response again, in canonical base64. */
  readonly samlResponse: string;
  readonly root: XmlElement;
  readonly responseSigned: boolean;
  /** Of an encrypted assertion nobody knows yet: false. */
  readonly assertionSigned: boolean;
  /** Instead of an assertion that can be read. */
  readonly encrypted: EncryptedAssertion | undefined;
}

/**
 * Scans a posted SAMLResponse.
 * @param encoded base64 as posted; line breaks (RFC 2045) are allowed, nothing else is
 * @throws SamlRefusal
 */
export async function preScan(encoded: string, maxElements: number = defaultMaxElements): Promise<PreScanned> {
  await waitForTurn(xmlBreath);
  const bytes = decodeBase64(encoded);
  const root = await scanElement(bytes, 'samlp:Response', '', maxElements);
  const assertion = onlyAssertion(root);
  const encrypted = nameOf(assertion) === 'saml:EncryptedAssertion' ? readEncryptedAssertion(assertion) : undefined;
  return {
    samlResponse: bytes.toString('base64'),
    root,
    responseSigned: isSigned(root),
    assertionSigned: isSigned(assertion),
    encrypted,
  };
}

/**
 * Scans what came out of an EncryptedAssertion by the same rules as if it had stood in the response.
 * @throws SamlRefusal
 */
export async function preScanAssertion(
  bytes: Uint8Array,
  maxElements: number = defaultMaxElements,
): Promise<{ readonly xml: string; readonly root: XmlElement; readonly assertionSigned: boolean }> {
  const root = await scanElement(bytes, 'saml:Assertion', 'samlp:Response', maxElements);
  return { xml: Buffer.from(bytes).toString('utf8'), root, assertionSigned: isSigned(root) };
}

/**
 * Reads the document of one protocol message or assertion and holds every element in it to its place.
 * @param parentName where the root would stand if it were not alone
 */
export async function scanElement(
  bytes: Uint8Array,
  rootName: string,
  parentName: string,
  maxElements: number,
): Promise<XmlElement> {
  const root = await readTree(bytes, maxElements);
  if (nameOf(root) !== rootName) throw invalid(`the root is no ${rootName}`);
  const elements = flatten(root);
  const seenIds = new Set<string>();
  for (const [at, element] of elements.entries()) {
    if (at % elementsPerLook === 0) await waitForTurn(xmlBreath);
    assertPlace(element, element === root ? parentName : undefined);
    assertUniqueId(element, seenIds);
  }
  for (const element of elements) if (nameOf(element) === 'ds:Signature') assertSignatureRules(element);
  return root;
}

function onlyAssertion(root: XmlElement): XmlElement {
  const assertions = [...childrenCalled(root, 'saml:Assertion'), ...childrenCalled(root, 'saml:EncryptedAssertion')];
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
function assertUniqueId({ attributes }: XmlElement, seen: Set<string>): void {
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

async function readTree(bytes: Uint8Array, maxElements: number): Promise<XmlElement> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return await parseXml(text, { maxElements, maxDepth: 32, maxAttributes: 64 });
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
