// Owns `sortBy` and `sortOrder` (RFC 7644 §3.4.2.3): ascending by default, letter case as the attribute has it,
// multi-valued attributes by their primary (else first) value, no value last when ascending and first when descending.

import { locateAttribute, locationPath } from './attribute-notation.ts';
import { compareStored } from './filter-comparison.ts';
import { readValues } from './filter-evaluation.ts';
import { isAssigned, isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { ProtocolError, quoteInput } from './protocol-error.ts';
import { type AttributeDefinition, findSubAttribute, type ResourceSchema } from './schema-definition.ts';

/** `path` holds canonical keys, extension URN first; for `emails` it ends in `value`. */
export interface SortOrder {
  readonly path: readonly string[];
  readonly attribute: AttributeDefinition;
  readonly descending: boolean;
}

export interface SortParameters {
  readonly sortBy?: unknown;
  readonly sortOrder?: unknown;
}

/**
 * Reads `sortBy` and `sortOrder`; `undefined` without `sortBy`, and among all types where this one does not know it.
 * @throws ProtocolError invalidValue for an unknown, complex or unreadable attribute, or another order
 */
export function parseSortOrder(
  parameters: SortParameters,
  schema: ResourceSchema,
  { amongAllTypes = false }: { readonly amongAllTypes?: boolean } = {},
): SortOrder | undefined {
  const descending = readDirection(parameters.sortOrder);
  const { sortBy } = parameters;
  if (sortBy === undefined || sortBy === null || sortBy === '') return undefined;
  const location = typeof sortBy === 'string' ? locateAttribute(sortBy, schema) : undefined;
  if (location === undefined && amongAllTypes) return undefined;
  if (location?.kind !== 'attribute') return refuseSortBy(sortBy);
  const path = locationPath(location);
  let attribute: AttributeDefinition | undefined = location.subAttribute ?? location.attribute;
  if (attribute.type === 'complex') {
    attribute = findSubAttribute(attribute, 'value');
    path.push('value');
  }
  // What has parts here may be a value in another type.
  if (attribute === undefined && amongAllTypes) return undefined;
  if (attribute === undefined || attribute.returned === 'never') return refuseSortBy(sortBy);
  return { path, attribute, descending };
}

/** Compares two resources for sorting; 0 leaves the order to the caller's tie-break. */
export function compareBySortOrder(order: SortOrder, left: JsonObject, right: JsonObject): number {
  const sign = order.descending ? -1 : 1;
  const leftValue = sortValue(order, left);
  const rightValue = sortValue(order, right);
  if (leftValue === undefined || rightValue === undefined) {
    if (leftValue === rightValue) return 0;
    return leftValue === undefined ? sign : -sign;
  }
  return sign * compareStored(order.attribute, leftValue, rightValue);
}

/** The value by which a resource is sorted; undefined when it has none. */
export function sortValue(order: SortOrder, resource: JsonObject): JsonValue | undefined {
  let holder: JsonValue = resource;
  for (const key of order.path.slice(0, -1)) {
    const member: JsonValue | undefined = isJsonObject(holder) ? holder[key] : undefined;
    if (member === undefined) return undefined;
    const primary: JsonValue | undefined = isJsonArray(member) ? (member.find(isPrimary) ?? member[0]) : member;
    if (primary === undefined) return undefined;
    holder = primary;
  }
  const [value] = isJsonObject(holder) ? readValues(holder, order.path.slice(-1)) : [];
  return isAssigned(value) && !isJsonObject(value) ? value : undefined;
}

function isPrimary(element: JsonValue): boolean {
  return isJsonObject(element) && element['primary'] === true;
}

function readDirection(sortOrder: unknown): boolean {
  if (sortOrder === undefined || sortOrder === null || sortOrder === '') return false;
  const direction = typeof sortOrder === 'string' ? sortOrder.toLowerCase() : '';
  if (direction === 'ascending' || direction === 'descending') return direction === 'descending';
  throw new ProtocolError('invalidValue', '"sortOrder" must be "ascending" or "descending".');
}

function refuseSortBy(sortBy: unknown): never {
  const shown = typeof sortBy === 'string' ? ` ${quoteInput(sortBy)}` : '';
  throw new ProtocolError(
    'invalidValue',
    `"sortBy" names nothing that can be sorted by${shown === '' ? '' : ':'}${shown}.`,
  );
}
