// Owns reading a value a client wrote, by the type of its attribute: what is taken as it is, what is converted
// (booleans as text), what counts as unassigned, what is refused (RFC 7643 §2.3 to §2.5; lenient shapes: the
// "Default and strict" table of the SCIM design). Where the value goes is up to validation and PATCH.

import { parseInstant } from './date-time.ts';
import { readBooleanText } from './filter-comparison.ts';
import { hasUnstorableCharacter } from './filter-token.ts';
import {
  isAssigned,
  isJsonArray,
  isJsonObject,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
} from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';
import { type AttributeDefinition, findSubAttribute } from './schema-definition.ts';

export interface ReadOptions {
  readonly strict: boolean;
  /** The attribute as a person would write it, for error details. */
  readonly where: string;
}

/** One sub-attribute a client wrote; `undefined` means it asked for none. */
export interface SubValue {
  readonly subAttribute: AttributeDefinition;
  readonly value: JsonValue | undefined;
}

const BASE64 = /^[A-Za-z0-9+/_\-\s]*={0,2}\s*$/;

/**
 * Reads a whole value: a list for a multi-valued attribute. `undefined` means unassigned.
 * Sub-attributes that are unknown or readOnly are left out.
 * @throws ProtocolError invalidValue naming the attribute
 */
export function readAttributeValue(
  attribute: AttributeDefinition,
  value: JsonValue,
  options: ReadOptions,
): JsonValue | undefined {
  if (!attribute.multiValued) return readSingleValue(attribute, value, options);
  const elements = readElements(attribute, value, options);
  return elements.length === 0 ? undefined : elements;
}

/**
 * Reads the elements of a multi-valued attribute; a single value counts as a list of one unless strict.
 * @throws ProtocolError invalidValue, also for a second `primary: true` (RFC 7643 §2.4)
 */
export function readElements(attribute: AttributeDefinition, value: JsonValue, options: ReadOptions): JsonValue[] {
  if (value === null) return [];
  if (!isJsonArray(value) && options.strict) throw wrongType(options.where, 'an array');
  const elements: JsonValue[] = [];
  for (const item of isJsonArray(value) ? value : [value]) {
    const element = readSingleValue(attribute, item, options);
    if (element !== undefined) elements.push(element);
  }
  assertOnePrimary(elements, options.where);
  return elements;
}

/**
 * Reads one value, or one element of a multi-valued attribute.
 * @throws ProtocolError invalidValue
 */
export function readSingleValue(
  attribute: AttributeDefinition,
  value: JsonValue,
  options: ReadOptions,
): JsonValue | undefined {
  if (value === null) return undefined;
  if (value === '' && !options.strict && attribute.clearable !== false) return undefined;
  switch (attribute.type) {
    case 'complex':
      return readComplex(attribute, value, options);
    case 'boolean':
      return readBoolean(value, options);
    case 'integer':
      if (!Number.isSafeInteger(value)) throw wrongType(options.where, 'an integer');
      return value;
    case 'decimal':
      if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(options.where, 'a number');
      return value;
    default:
      return readText(attribute, value, options);
  }
}

/**
 * Reads the sub-attributes a client wrote for a complex value, those it cleared included. Bare text means `value`
 * and an array of one its element, unless strict.
 * @throws ProtocolError invalidValue
 */
export function readSubValues(attribute: AttributeDefinition, value: JsonValue, options: ReadOptions): SubValue[] {
  let written = value;
  if (!options.strict && isJsonArray(written) && !attribute.multiValued && written.length <= 1) {
    written = written[0] ?? {};
  }
  if (!options.strict && typeof written === 'string' && findSubAttribute(attribute, 'value') !== undefined) {
    written = { value: written };
  }
  if (!isJsonObject(written)) throw wrongType(options.where, 'an object');
  const parts = new Map<string, SubValue>();
  for (const key of Object.keys(written)) {
    const subAttribute = findSubAttribute(attribute, key);
    const part = written[key];
    if (subAttribute === undefined || part === undefined || subAttribute.mutability === 'readOnly') continue;
    const where = `${options.where}.${subAttribute.name}`;
    parts.set(subAttribute.name, {
      subAttribute,
      value: readAttributeValue(subAttribute, part, { strict: options.strict, where }),
    });
  }
  return [...parts.values()];
}

/** Whether an element of this attribute says nothing without its `value` (RFC 7643 §2.4); addresses have none. */
export function lacksValue(attribute: AttributeDefinition, element: JsonObject): boolean {
  return findSubAttribute(attribute, 'value') !== undefined && !isAssigned(element['value']);
}

/** @throws ProtocolError invalidValue when more than one element is primary (RFC 7643 §2.4) */
export function assertOnePrimary(elements: readonly JsonValue[], where: string): void {
  let found = false;
  for (const element of elements) {
    if (!isJsonObject(element) || element['primary'] !== true) continue;
    if (found) throw new ProtocolError('invalidValue', `Only one value of ${where} may be primary.`);
    found = true;
  }
}

function readComplex(attribute: AttributeDefinition, value: JsonValue, options: ReadOptions): JsonObject | undefined {
  const complex: JsonDraft = {};
  for (const part of readSubValues(attribute, value, options)) {
    if (part.value !== undefined) complex[part.subAttribute.name] = part.value;
  }
  return Object.keys(complex).length === 0 ? undefined : complex;
}

function readBoolean(value: JsonValue, options: ReadOptions): boolean {
  const read = typeof value === 'string' && !options.strict ? readBooleanText(value) : value;
  if (typeof read !== 'boolean') throw wrongType(options.where, 'true or false');
  return read;
}

function readText(attribute: AttributeDefinition, value: JsonValue, options: ReadOptions): string | undefined {
  if (typeof value !== 'string') throw wrongType(options.where, 'a string');
  if (hasUnstorableCharacter(value)) {
    throw new ProtocolError('invalidValue', `${options.where} holds a NUL or a broken character.`);
  }
  if (attribute.type === 'dateTime' && parseInstant(value) === undefined) {
    throw wrongType(options.where, 'a date and time such as 2026-04-01T09:00:00Z');
  }
  if (attribute.type === 'binary' && !BASE64.test(value)) throw wrongType(options.where, 'Base64 text');
  return value;
}

function wrongType(where: string, expected: string): ProtocolError {
  return new ProtocolError('invalidValue', `${where} must be ${expected}.`);
}
