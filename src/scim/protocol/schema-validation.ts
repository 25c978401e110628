// Owns turning the body of a POST or PUT into a canonical resource: names as the schema spells them, values of the
// right type, nothing readOnly, unknown or empty (RFC 7643 §2 and §3, RFC 7644 §3.3, §3.5.1). Defaults, uniqueness
// and who may write what belong to the edge and the domain.

import { describeLocation } from './attribute-notation.ts';
import { lacksValue, readAttributeValue } from './attribute-value.ts';
import { type BodyAttribute, listBodyAttributes, readMessageKey } from './body-attributes.ts';
import {
  copyJson,
  equalJson,
  isAssigned,
  isJsonArray,
  isJsonObject,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
  readOwn,
} from './json-value.ts';
import { ProtocolError, quoteInput } from './protocol-error.ts';
import { type AttributeDefinition, findSchema, type IndexedSchema, type ResourceSchema } from './schema-definition.ts';

export interface ValidationOptions {
  readonly strict?: boolean;
  /** The resource a PUT replaces: its immutable values must stay as they are. */
  readonly current?: JsonObject;
}

/**
 * Validates the body of a POST or PUT and returns the canonical resource: `schemas` lists what is present, extensions
 * stand under their URN. writeOnly values are checked and then dropped: nothing here keeps a secret.
 * @throws ProtocolError invalidSyntax (no object, `schemas`), invalidValue (type, required, primary), mutability
 */
export function validateResource(
  body: JsonValue | undefined,
  schema: ResourceSchema,
  options: ValidationOptions = {},
): JsonObject {
  if (!isJsonObject(body)) throw new ProtocolError('invalidSyntax', 'The request body must be a JSON object.');
  const strict = options.strict === true;
  assertSchemas(body, schema, strict);
  const resource: JsonDraft = {};
  const extensions = new Map<string, JsonDraft>();
  for (const written of listBodyAttributes(body, schema, strict)) {
    if (written.kind === 'attribute') writeAttribute(written, resource, extensions, strict);
  }
  for (const [urn, values] of extensions) if (Object.keys(values).length > 0) resource[urn] = values;
  keepImmutable(resource, schema, options.current);
  assertRequired(resource, schema);
  return { schemas: presentSchemas(resource, schema), ...resource };
}

/** The URNs that are present in a resource: the core schema, and every extension with a value (RFC 7643 §3). */
export function presentSchemas(resource: JsonObject, schema: ResourceSchema): string[] {
  const present = schema.extensions.filter((extension) => isAssigned(readOwn(resource, extension.urn)));
  return [schema.core.urn, ...present.map((extension) => extension.urn)];
}

function assertSchemas(body: JsonObject, schema: ResourceSchema, strict: boolean): void {
  const urns = readMessageKey(body, 'schemas');
  if (!isJsonArray(urns) || urns.length === 0) {
    throw new ProtocolError('invalidSyntax', `"schemas" is missing or empty; it must list ${schema.core.urn}.`);
  }
  for (const urn of urns) {
    if (typeof urn !== 'string') throw new ProtocolError('invalidSyntax', '"schemas" must be a list of strings.');
    if (strict && findSchema(schema, urn) === undefined) {
      throw new ProtocolError('invalidSyntax', `"schemas" names an unknown schema: ${quoteInput(urn)}.`);
    }
  }
  if (strict && !urns.some((urn) => typeof urn === 'string' && findSchema(schema, urn) === schema.core)) {
    throw new ProtocolError('invalidSyntax', `"schemas" must list ${schema.core.urn}.`);
  }
}

function writeAttribute(
  written: Extract<BodyAttribute, { kind: 'attribute' }>,
  resource: JsonDraft,
  extensions: Map<string, JsonDraft>,
  strict: boolean,
): void {
  const { attribute, subAttribute, extension } = written.location;
  const leaf = subAttribute ?? attribute;
  if (attribute.name === 'schemas' || attribute.mutability === 'readOnly' || leaf.mutability === 'readOnly') return;
  const where = describeLocation(written.location);
  let value = readAttributeValue(leaf, written.value, { strict, where });
  if (leaf.mutability === 'writeOnly' || (subAttribute !== undefined && attribute.multiValued)) return;
  if (!strict) value = dropValueless(leaf, value);
  let container = resource;
  if (extension !== undefined) {
    container = extensions.get(extension) ?? {};
    extensions.set(extension, container);
  }
  if (subAttribute === undefined) {
    assign(container, attribute.name, value);
    return;
  }
  const parent = readOwn(container, attribute.name);
  const complex: JsonDraft = isJsonObject(parent) ? { ...parent } : {};
  assign(complex, subAttribute.name, value);
  assign(container, attribute.name, Object.keys(complex).length === 0 ? undefined : complex);
}

function dropValueless(attribute: AttributeDefinition, value: JsonValue | undefined): JsonValue | undefined {
  if (attribute.type !== 'complex') return value;
  if (isJsonObject(value)) return lacksValue(attribute, value) ? undefined : value;
  if (!isJsonArray(value)) return value;
  const kept = value.filter((element) => !isJsonObject(element) || !lacksValue(attribute, element));
  return kept.length === 0 ? undefined : kept;
}

function assign(container: JsonDraft, name: string, value: JsonValue | undefined): void {
  if (value === undefined) delete container[name];
  else container[name] = value;
}

/** A PUT may repeat an immutable value or leave it out, never change it (RFC 7644 §3.5.1). */
function keepImmutable(resource: JsonDraft, schema: ResourceSchema, current: JsonObject | undefined): void {
  if (current === undefined) return;
  const written = new Set(Object.keys(resource));
  for (const [indexed, before] of eachPart(current, schema)) {
    for (const attribute of indexed.attributes.values()) {
      const value = attribute.mutability === 'immutable' ? readOwn(before, attribute.name) : undefined;
      if (value === undefined || !isAssigned(value)) continue;
      const part = indexed === schema.core ? resource : { ...(resource[indexed.urn] as JsonObject | undefined) };
      const wanted = readOwn(part, attribute.name);
      if (wanted !== undefined && !equalJson(wanted, value)) {
        throw new ProtocolError('mutability', `${attribute.name} cannot be changed once it is set.`);
      }
      part[attribute.name] = copyJson(value);
      if (part !== resource) resource[indexed.urn] = part;
    }
    if (indexed !== schema.core && !written.has(indexed.urn)) keepRequired(resource, indexed, before);
  }
}

/** Where only what is immutable is left of an extension that a client does not know, what the extension requires is left, too. */
function keepRequired(resource: JsonDraft, indexed: IndexedSchema, before: JsonObject): void {
  const kept = resource[indexed.urn];
  if (!isJsonObject(kept)) return;
  const required = [...indexed.attributes.values()].filter((attribute) => attribute.required);
  const values = required.flatMap(({ name }) => {
    const value = readOwn(before, name);
    return value === undefined ? [] : [[name, copyJson(value)] as const];
  });
  resource[indexed.urn] = { ...Object.fromEntries(values), ...kept };
}

function assertRequired(resource: JsonObject, schema: ResourceSchema): void {
  for (const extension of schema.resourceType.extensions) {
    if (extension.required && !isAssigned(readOwn(resource, extension.schema.id))) {
      throw new ProtocolError('invalidValue', `${extension.schema.id} is required.`);
    }
  }
  for (const [indexed, part] of eachPart(resource, schema)) assertPartComplete(indexed, part);
}

/**
 * Whether every extension that is present has what it requires; for a PATCH, which looks at one attribute after the other.
 * @throws ProtocolError invalidValue
 */
export function assertExtensionsComplete(resource: JsonObject, schema: ResourceSchema): void {
  for (const [indexed, part] of eachPart(resource, schema))
    if (indexed !== schema.core) assertPartComplete(indexed, part);
}

function assertPartComplete(indexed: IndexedSchema, part: JsonObject): void {
  for (const attribute of indexed.definition.attributes) {
    const value = readOwn(part, attribute.name);
    if (!attribute.required && value === undefined) continue;
    if (attribute.required && !isAssigned(value)) {
      throw new ProtocolError('invalidValue', `${attribute.name} is required.`);
    }
    assertRequiredParts(attribute, value);
  }
}

function assertRequiredParts(attribute: AttributeDefinition, value: JsonValue | undefined): void {
  const required = (attribute.subAttributes ?? []).filter((sub) => sub.required && sub.mutability !== 'readOnly');
  if (required.length === 0) return;
  for (const element of isJsonArray(value) ? value : [value]) {
    for (const sub of required) {
      if (isJsonObject(element) && !isAssigned(readOwn(element, sub.name))) {
        throw new ProtocolError('invalidValue', `${attribute.name}.${sub.name} is required.`);
      }
    }
  }
}

function* eachPart(resource: JsonObject, schema: ResourceSchema): Generator<[IndexedSchema, JsonObject]> {
  yield [schema.core, resource];
  for (const extension of schema.extensions) {
    const part = readOwn(resource, extension.urn);
    if (isJsonObject(part)) yield [extension, part];
  }
}
