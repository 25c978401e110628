// Owns the rules every PATCH operation shares, whatever the shape of its attribute: what may be removed, what may be
// emptied, what counts as emptying (RFC 7644 §3.5.2.2, RFC 7643 §2.5).

import { type AttributeLocation, describeLocation } from './attribute-notation.ts';
import { isJsonArray, type JsonValue } from './json-value.ts';
import type { PatchOperation } from './patch-request.ts';
import { ProtocolError } from './protocol-error.ts';
import type { AttributeDefinition } from './schema-definition.ts';

/** One operation on one attribute, its path already resolved. */
export interface AttributeChange {
  readonly op: PatchOperation['op'];
  readonly location: AttributeLocation;
  readonly value: JsonValue | undefined;
  readonly strict: boolean;
}

/** @throws ProtocolError mutability for a required attribute, invalidValue for one that must keep a value */
export function assertRemovable(attribute: AttributeDefinition, location: AttributeLocation): void {
  if (attribute.required) {
    throw new ProtocolError('mutability', `${describeLocation(location)} is required and cannot be removed.`);
  }
  assertClearable(attribute, location);
}

/** @throws ProtocolError invalidValue for an attribute that must keep a value */
export function assertClearable(attribute: AttributeDefinition, location: AttributeLocation): void {
  if (attribute.required || attribute.clearable === false) {
    throw new ProtocolError('invalidValue', `${describeLocation(location)} needs a value.`);
  }
}

/** Whether a written value asks for the attribute to be unassigned (RFC 7643 §2.5; `""` unless strict). */
export function isCleared(value: JsonValue | undefined, strict: boolean): boolean {
  if (value === undefined || value === null) return true;
  return (value === '' && !strict) || (isJsonArray(value) && value.length === 0);
}
