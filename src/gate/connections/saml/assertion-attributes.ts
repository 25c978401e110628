// The attributes of a verified assertion, as a Map: names come from outside and are never used as keys of an object
// (gate.md 2.1 "attribute `__proto__`"; SAML core 2.7.3). What they mean is the business of account matching.

import { childrenCalled, nameOf } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import type { XmlElement } from './xml-tree.ts';

const nilAttribute = '{http://www.w3.org/2001/XMLSchema-instance}nil';

/**
 * Values by attribute Name, in document order; an attribute given in pieces is put together. A value that is itself
 * a NameID (eduPersonTargetedID) counts by its text; other structured or nil values are left out.
 * @throws SamlRefusal `attributesInvalid` for an attribute without a Name
 */
export function readAttributes(assertion: XmlElement): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, string[]>();
  for (const statement of childrenCalled(assertion, 'saml:AttributeStatement')) {
    for (const attribute of childrenCalled(statement, 'saml:Attribute')) {
      const name = attribute.attributes.get('Name');
      if (name === undefined || name === '') throw new SamlRefusal('attributesInvalid', 'an attribute without a Name');
      const values = attributes.get(name) ?? [];
      attributes.set(name, values);
      values.push(...childrenCalled(attribute, 'saml:AttributeValue').flatMap(readValue));
    }
  }
  return attributes;
}

function readValue(value: XmlElement): readonly string[] {
  const nil = value.attributes.get(nilAttribute);
  if (nil === 'true' || nil === '1') return [];
  const [child, ...others] = value.children;
  if (child === undefined) return [value.text];
  return others.length === 0 && nameOf(child) === 'saml:NameID' && child.children.length === 0 ? [child.text] : [];
}
