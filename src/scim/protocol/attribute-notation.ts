// Owns the notation of attributes, `urn:…:User:name.familyName`, and finding what it names in a resource schema
// (RFC 7644 §3.10, RFC 7643 §2.1). A name that is malformed or unknown is `undefined`: whether that is an invalid
// filter, an invalid path or an ignored key is for the caller to say.

import { isReservedKey } from './json-value.ts';
import {
  type AttributeDefinition,
  findSubAttribute,
  type IndexedSchema,
  type ResourceSchema,
} from './schema-definition.ts';

/** Longest notation that is looked at: a URN, an attribute and a sub-attribute fit several times. */
export const MAX_NOTATION_LENGTH = 512;

/** An attribute or sub-attribute of a resource; `extension` is the URN under which it is stored, if any. */
export interface AttributeLocation {
  readonly kind: 'attribute';
  readonly extension: string | undefined;
  readonly attribute: AttributeDefinition;
  readonly subAttribute: AttributeDefinition | undefined;
}

/** A whole schema, named by its URN alone. */
export interface SchemaLocation {
  readonly kind: 'schema';
  readonly schema: IndexedSchema;
  readonly core: boolean;
}

export interface NotationOptions {
  /** Only `:` separates URN and attribute; otherwise `.` does too (Entra: `urn:…:User.manager`). */
  readonly strictSeparator?: boolean;
  /** Whether a bare name may mean an attribute of an extension, after the core schema (default yes). */
  readonly bareExtensionNames?: boolean;
}

const ATTRIBUTE_NAME = /^\$?[A-Za-z][A-Za-z0-9_-]*$/;

/** Finds what a notation names, in any letter case; `undefined` if it is malformed, too long or unknown. */
export function locateAttribute(
  notation: string,
  schema: ResourceSchema,
  options: NotationOptions = {},
): AttributeLocation | SchemaLocation | undefined {
  if (notation.length === 0 || notation.length > MAX_NOTATION_LENGTH) return undefined;
  const lower = notation.toLowerCase();
  for (const candidate of schema.byUrnLength) {
    const urn = candidate.urn.toLowerCase();
    if (!lower.startsWith(urn)) continue;
    if (lower.length === urn.length) return { kind: 'schema', schema: candidate, core: candidate === schema.core };
    const separator = lower[urn.length];
    if (separator === ':' || (separator === '.' && options.strictSeparator !== true)) {
      return locateIn(candidate, notation.slice(urn.length + 1), schema);
    }
  }
  const inCore = locateIn(schema.core, notation, schema);
  if (inCore !== undefined || options.bareExtensionNames === false) return inCore;
  for (const extension of schema.extensions) {
    const found = locateIn(extension, notation, schema);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The keys that lead to a location in a resource: extension URN, attribute, sub-attribute. */
export function locationPath(location: AttributeLocation): string[] {
  const path = location.extension === undefined ? [] : [location.extension];
  path.push(location.attribute.name);
  if (location.subAttribute !== undefined) path.push(location.subAttribute.name);
  return path;
}

/** The location as a person would write it, for error details. */
export function describeLocation(location: AttributeLocation): string {
  const prefix = location.extension === undefined ? '' : `${location.extension}:`;
  const suffix = location.subAttribute === undefined ? '' : `.${location.subAttribute.name}`;
  return `${prefix}${location.attribute.name}${suffix}`;
}

/** True if the text has the form of one attribute name (RFC 7643 §2.1), `$ref` included. */
export function isAttributeName(text: string): boolean {
  return text.length <= MAX_NOTATION_LENGTH && ATTRIBUTE_NAME.test(text) && !isReservedKey(text);
}

function locateIn(indexed: IndexedSchema, names: string, schema: ResourceSchema): AttributeLocation | undefined {
  const dot = names.indexOf('.');
  const name = dot === -1 ? names : names.slice(0, dot);
  if (!isAttributeName(name)) return undefined;
  const attribute = indexed.attributes.get(name.toLowerCase());
  if (attribute === undefined) return undefined;
  const extension = indexed === schema.core ? undefined : indexed.urn;
  if (dot === -1) return { kind: 'attribute', extension, attribute, subAttribute: undefined };
  const subName = names.slice(dot + 1);
  const subAttribute = isAttributeName(subName) ? findSubAttribute(attribute, subName) : undefined;
  return subAttribute === undefined ? undefined : { kind: 'attribute', extension, attribute, subAttribute };
}
