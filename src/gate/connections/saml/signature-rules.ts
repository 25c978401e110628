// What a ds:Signature must look like before it is verified: one SignedInfo, one Reference to the very element it stands
// in, algorithms from a short list (signature-algorithms.ts), nothing beside (gate.md 2.1, 2.2 step 4; SAML core 5.4). No
// cryptography here.

import { childrenCalled, envelopedSignature, exclusiveC14n, nameOf } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { digestAlgorithms, signatureAlgorithms } from './signature-algorithms.ts';
import type { XmlElement } from './xml-tree.ts';

/**
 * Holds one ds:Signature to the rules.
 * @throws SamlRefusal `samlResponseInvalid` for its shape, `algorithmRefused` for its algorithms
 */
export function assertSignatureRules(signature: XmlElement): void {
  const names = signature.children.map(nameOf).join(' ');
  if (names !== 'ds:SignedInfo ds:SignatureValue' && names !== 'ds:SignedInfo ds:SignatureValue ds:KeyInfo') {
    throw invalid('Signature: SignedInfo, SignatureValue and at most a KeyInfo');
  }
  assertTextOnly(onlyChild(signature, 'ds:SignatureValue'));
  const signedInfo = onlyChild(signature, 'ds:SignedInfo');
  assertChildren(signedInfo, 'ds:CanonicalizationMethod ds:SignatureMethod ds:Reference');

  const canonicalization = onlyChild(signedInfo, 'ds:CanonicalizationMethod');
  assertAlgorithm(canonicalization, new Set([exclusiveC14n]));
  assertInclusiveNamespacesOnly(canonicalization);

  const method = onlyChild(signedInfo, 'ds:SignatureMethod');
  assertAlgorithm(method, signatureAlgorithms);
  assertChildren(method, '');

  assertReference(onlyChild(signedInfo, 'ds:Reference'), signature.parent?.attributes.get('ID'));
}

function assertReference(reference: XmlElement, signedId: string | undefined): void {
  if (signedId === undefined) throw invalid('what is signed has no ID');
  if (reference.attributes.get('URI') !== `#${signedId}`) throw invalid('Reference to another element');
  assertChildren(reference, 'ds:Transforms ds:DigestMethod ds:DigestValue');

  const transforms = onlyChild(reference, 'ds:Transforms').children;
  if (transforms.length !== 2) throw invalid('Transforms: enveloped signature, then exclusive canonicalization');
  transforms.forEach((transform, at) => {
    if (nameOf(transform) !== 'ds:Transform') throw invalid('Transforms: something else');
    // Only these two, in this order: any other would sign something other than what we read (SAML core 5.4.4).
    assertAlgorithm(transform, new Set([at === 0 ? envelopedSignature : exclusiveC14n]));
    assertInclusiveNamespacesOnly(transform);
  });

  const digest = onlyChild(reference, 'ds:DigestMethod');
  assertAlgorithm(digest, digestAlgorithms);
  assertChildren(digest, '');
  assertTextOnly(onlyChild(reference, 'ds:DigestValue'));
}

function assertAlgorithm(element: XmlElement, allowed: Pick<ReadonlySet<string>, 'has'>): void {
  const algorithm = element.attributes.get('Algorithm');
  if (algorithm === undefined || !allowed.has(algorithm)) {
    throw new SamlRefusal('algorithmRefused', `${nameOf(element)} ${JSON.stringify(algorithm ?? null).slice(0, 200)}`);
  }
}

function assertInclusiveNamespacesOnly(element: XmlElement): void {
  const names = element.children.map(nameOf).join(' ');
  if (names !== '' && names !== 'ec:InclusiveNamespaces') throw invalid(`${nameOf(element)}: ${names.slice(0, 200)}`);
}

function assertChildren(element: XmlElement, expected: string): void {
  const names = element.children.map(nameOf).join(' ');
  if (names !== expected) throw invalid(`${nameOf(element)}: children must be "${expected}"`);
}

function assertTextOnly(element: XmlElement): void {
  if (element.children.length > 0 || !/^[A-Za-z0-9+/=\s]+$/.test(element.text)) {
    throw invalid(`${nameOf(element)}: base64 text only`);
  }
}

function onlyChild(element: XmlElement, name: string): XmlElement {
  const [child, ...others] = childrenCalled(element, name);
  if (child === undefined || others.length > 0) throw invalid(`${nameOf(element)}: one ${name}`);
  return child;
}

function invalid(detail: string): SamlRefusal {
  return new SamlRefusal('samlResponseInvalid', detail);
}
