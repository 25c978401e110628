// Owns reading the keys of a resource body, or of a PATCH value without path: any letter case, whole extension
// objects under their URN, and (lenient) Entra's `name.givenName` and `urn:…:User:department`, which are expanded
// and never stored literally (RFC 7643 §2.1, §3.3). Unknown keys are left out.

import { type AttributeLocation, locateAttribute } from './attribute-notation.ts';
import { isJsonObject, type JsonObject, type JsonValue, readOwn } from './json-value.ts';
import { ProtocolError, quoteInput } from './protocol-error.ts';
import { findSchema, type IndexedSchema, type ResourceSchema } from './schema-definition.ts';

/** One attribute a client wrote; `path` instead of a location is a key with a value filter, `emails[…].value`. */
export type BodyAttribute =
  | { readonly kind: 'attribute'; readonly location: AttributeLocation; readonly value: JsonValue }
  | { readonly kind: 'path'; readonly path: string; readonly value: JsonValue };

/**
 * Lists what a body writes, in its own order.
 * @throws ProtocolError invalidValue for an extension that is no object; strict: invalidSyntax for a dotted key
 */
export function listBodyAttributes(body: JsonObject, schema: ResourceSchema, strict: boolean): BodyAttribute[] {
  const attributes: BodyAttribute[] = [];
  for (const key of Object.keys(body)) {
    const value = body[key];
    if (value === undefined) continue;
    const whole = findSchema(schema, key);
    if (whole === undefined) listKey(key, value, schema, strict, attributes);
    else listSchemaObject(whole, value, schema, strict, attributes);
  }
  return attributes;
}

/** Lists what an object under a schema's URN writes; `null` asks for all of its attributes to be unassigned. */
export function listSchemaObject(
  whole: IndexedSchema,
  value: JsonValue,
  schema: ResourceSchema,
  strict: boolean,
  attributes: BodyAttribute[],
): void {
  const extension = whole === schema.core ? undefined : whole.urn;
  if (value === null || (value === '' && !strict)) {
    for (const attribute of whole.definition.attributes) {
      attributes.push({ kind: 'attribute', location: locationOf(extension, attribute), value: null });
    }
    return;
  }
  if (!isJsonObject(value)) throw new ProtocolError('invalidValue', `${whole.urn} must be an object.`);
  for (const key of Object.keys(value)) {
    const member = value[key];
    const location = locateAttribute(`${whole.urn}:${key}`, schema);
    if (member === undefined || location?.kind !== 'attribute') continue;
    if (location.subAttribute !== undefined) refuseDottedKey(key, strict);
    attributes.push({ kind: 'attribute', location, value: member });
  }
}

/** Reads a key of a protocol message in any letter case; the exact spelling wins. */
export function readMessageKey(message: JsonObject, name: string): JsonValue | undefined {
  const exact = readOwn(message, name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  const key = Object.keys(message).find((candidate) => candidate.toLowerCase() === lower);
  return key === undefined ? undefined : readOwn(message, key);
}

function listKey(
  key: string,
  value: JsonValue,
  schema: ResourceSchema,
  strict: boolean,
  attributes: BodyAttribute[],
): void {
  const bracket = key.indexOf('[');
  if (bracket !== -1) {
    if (locateAttribute(key.slice(0, bracket), schema) === undefined) return;
    refuseDottedKey(key, strict);
    attributes.push({ kind: 'path', path: key, value });
    return;
  }
  const location = locateAttribute(key, schema, { strictSeparator: strict, bareExtensionNames: !strict });
  if (location?.kind !== 'attribute') return;
  if (isBareForeigner(key, location, schema)) return;
  const plain = location.subAttribute === undefined && location.attribute.name.length === key.length;
  if (!plain) refuseDottedKey(key, strict);
  // A bare name may mean an extension's attribute, but never one that would only be refused as readOnly.
  if (plain && location.extension !== undefined && location.attribute.mutability === 'readOnly') return;
  attributes.push({ kind: 'attribute', location, value });
}

/** A name that happens to be that of an attribute of ours: a client that does not know the extension means something else by it. */
function isBareForeigner(key: string, { extension }: AttributeLocation, schema: ResourceSchema): boolean {
  if (extension === undefined || key.toLowerCase().startsWith(extension.toLowerCase())) return false;
  return findSchema(schema, extension)?.definition.bareInBodies === false;
}

/** Whether a body says anything under the URN of a schema, if only that nothing is assigned. */
export function namesSchema(body: JsonObject, urn: string): boolean {
  return Object.keys(body).some((key) => key.toLowerCase().startsWith(urn.toLowerCase()));
}

function refuseDottedKey(key: string, strict: boolean): void {
  if (strict) throw new ProtocolError('invalidSyntax', `${quoteInput(key)} is a path, not the name of an attribute.`);
}

function locationOf(extension: string | undefined, attribute: AttributeLocation['attribute']): AttributeLocation {
  return { kind: 'attribute', extension, attribute, subAttribute: undefined };
}
