// Owns which attributes of a resource an answer shows: `attributes`, `excludedAttributes` and each attribute's
// `returned` characteristic (RFC 7644 §3.9, RFC 7643 §7). `id` and `schemas` are always there.

import { locateAttribute } from './attribute-notation.ts';
import { isJsonArray, isJsonObject, type JsonDraft, type JsonObject, type JsonValue, readOwn } from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';
import type { AttributeDefinition, IndexedSchema, ResourceSchema } from './schema-definition.ts';
import { presentSchemas } from './schema-validation.ts';

/** What a client asked for. Keys are `attribute`, `attribute.sub`, with `urn:` in front where in an extension, or the URN. */
export interface Projection {
  /** `undefined`: everything that is returned by default. */
  readonly included: ReadonlySet<string> | undefined;
  readonly excluded: ReadonlySet<string>;
}

/** Query values, or the members of a search request; a list of names or one string with commas. */
export interface ProjectionParameters {
  readonly attributes?: unknown;
  readonly excludedAttributes?: unknown;
}

const MAX_NAMES = 500;

/**
 * Reads `attributes` and `excludedAttributes`; names that mean nothing here are ignored.
 * @throws ProtocolError invalidValue when a parameter is neither text nor a list of texts, or endless
 */
export function parseProjection(parameters: ProjectionParameters, schema: ResourceSchema): Projection {
  const included = readNames(parameters.attributes, 'attributes');
  return {
    included: included.length === 0 ? undefined : new Set(included.flatMap((name) => toKeys(name, schema, true))),
    excluded: new Set(
      readNames(parameters.excludedAttributes, 'excludedAttributes').flatMap((name) => toKeys(name, schema, false)),
    ),
  };
}

/** True when the client asked for something else than the default; a PATCH must then answer with a body. */
export function isCustomProjection(projection: Projection): boolean {
  return projection.included !== undefined || projection.excluded.size > 0;
}

/** Whether an answer with this projection shows (part of) an attribute of the core schema that is returned by default. */
export function isShown({ included, excluded }: Projection, name: string): boolean {
  if (excluded.has(name)) return false;
  if (included === undefined) return true;
  return [...included].some((key) => key === name || key.startsWith(`${name}.`));
}

/** The resource as it is answered; `schemas` lists the URNs of what is left. */
export function projectResource(resource: JsonObject, schema: ResourceSchema, projection: Projection): JsonObject {
  const shown: JsonDraft = { schemas: [] };
  showPart(resource, schema.core, '', projection, shown);
  for (const extension of schema.extensions) {
    const part = readOwn(resource, extension.urn);
    if (!isJsonObject(part)) continue;
    const visible: JsonDraft = {};
    showPart(part, extension, `${extension.urn}:`, projection, visible);
    if (Object.keys(visible).length > 0) shown[extension.urn] = visible;
  }
  shown['schemas'] = presentSchemas(shown, schema);
  return shown;
}

function showPart(
  part: JsonObject,
  indexed: IndexedSchema,
  prefix: string,
  projection: Projection,
  shown: JsonDraft,
): void {
  for (const attribute of indexed.attributes.values()) {
    const value = readOwn(part, attribute.name);
    if (value === undefined || value === null) continue;
    const visible = showAttribute(attribute, value, `${prefix}${attribute.name}`, indexed.urn, projection);
    if (visible !== undefined) shown[attribute.name] = visible;
  }
}

function showAttribute(
  attribute: AttributeDefinition,
  value: JsonValue,
  key: string,
  urn: string,
  projection: Projection,
): JsonValue | undefined {
  const { included, excluded } = projection;
  const { returned, subAttributes = [] } = attribute;
  if (returned === 'never') return undefined;
  // Most clients ask for nothing in particular.
  if (included === undefined && excluded.size === 0) {
    if (returned === 'request') return undefined;
    return attribute.type === 'complex' ? showComplex(value, subAttributes.filter(isShownByDefault)) : value;
  }
  const always = returned === 'always';
  if (!always && (excluded.has(key) || excluded.has(urn))) return undefined;
  const named = included?.has(key) === true || (included?.has(urn) === true && returned === 'default');
  const wanted = subAttributes.filter((sub) => {
    const subKey = `${key}.${sub.name}`;
    if (sub.returned === 'never') return false;
    if (sub.returned === 'always') return true;
    if (excluded.has(subKey)) return false;
    if (included?.has(subKey) === true) return true;
    return sub.returned === 'default' && (named || always || included === undefined);
  });
  const partly = subAttributes.some((sub) => included?.has(`${key}.${sub.name}`) === true);
  const byDefault = included === undefined && returned === 'default';
  if (!always && !named && !partly && !byDefault) return undefined;
  if (attribute.type !== 'complex') return value;
  return showComplex(value, wanted);
}

function isShownByDefault({ returned }: AttributeDefinition): boolean {
  return returned === 'always' || returned === 'default';
}

function showComplex(value: JsonValue, wanted: readonly AttributeDefinition[]): JsonValue | undefined {
  if (isJsonArray(value)) {
    const elements = value.map((element) => showComplex(element, wanted)).filter((element) => element !== undefined);
    return elements.length === 0 ? undefined : elements;
  }
  if (!isJsonObject(value)) return undefined;
  const shown: JsonDraft = {};
  for (const { name } of wanted) {
    const member = readOwn(value, name);
    if (member !== undefined && member !== null) shown[name] = member;
  }
  return Object.keys(shown).length === 0 ? undefined : shown;
}

function readNames(parameter: unknown, name: string): string[] {
  if (parameter === undefined || parameter === null) return [];
  const parts: unknown[] = Array.isArray(parameter) ? parameter : [parameter];
  const names: string[] = [];
  for (const part of parts) {
    if (typeof part !== 'string') throw new ProtocolError('invalidValue', `"${name}" must be a list of names.`);
    for (const piece of part.split(',')) if (piece.trim() !== '') names.push(piece.trim());
  }
  if (names.length > MAX_NAMES) throw new ProtocolError('invalidValue', `"${name}" names too many attributes.`);
  return names;
}

/** An asked-for name that is unknown still narrows the answer to the minimum, so it leaves a key that matches nothing. */
function toKeys(name: string, schema: ResourceSchema, keepUnknown: boolean): string[] {
  const location = locateAttribute(name, schema);
  if (location === undefined) return keepUnknown ? [''] : [];
  if (location.kind === 'schema') return [location.schema.urn];
  const prefix = location.extension === undefined ? '' : `${location.extension}:`;
  const suffix = location.subAttribute === undefined ? '' : `.${location.subAttribute.name}`;
  return [`${prefix}${location.attribute.name}${suffix}`];
}
