// The names SAML 2.0 and XML Signature use, in the short notation of the specifications (`saml:Assertion`), so that
// rules can be read beside the text they come from. No rules here.

import type { XmlElement } from './xml-tree.ts';

export const samlNamespace = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const protocolNamespace = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const metadataNamespace = 'urn:oasis:names:tc:SAML:2.0:metadata';
export const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';
export const encryptionNamespace = 'http://www.w3.org/2001/04/xmlenc#';
export const encryption11Namespace = 'http://www.w3.org/2009/xmlenc11#';
export const exclusiveC14n = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const envelopedSignature = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

export const statusSuccess = 'urn:oasis:names:tc:SAML:2.0:status:Success';
export const bearerMethod = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
export const entityFormat = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';
export const postBinding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
export const redirectBinding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

const shortNames = new Map([
  [samlNamespace, 'saml'],
  [protocolNamespace, 'samlp'],
  [metadataNamespace, 'md'],
  [signatureNamespace, 'ds'],
  [exclusiveC14n, 'ec'],
  [encryptionNamespace, 'xenc'],
  [encryption11Namespace, 'xenc11'],
]);

/** `saml:Assertion` and the like; `{namespace}local` for any other namespace. */
export function nameOf(element: XmlElement): string {
  const short = shortNames.get(element.namespace);
  return short === undefined ? `{${element.namespace}}${element.local}` : `${short}:${element.local}`;
}

/** The one child of `element` called `name`, or undefined if there is none or more than one. */
export function onlyChildCalled(element: XmlElement, name: string): XmlElement | undefined {
  const [child, ...others] = childrenCalled(element, name);
  return others.length === 0 ? child : undefined;
}

/** The children of `element` called `name` (`saml:Subject`). */
export function childrenCalled(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => nameOf(child) === name);
}
