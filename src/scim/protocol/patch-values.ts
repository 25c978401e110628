// Owns add, remove and replace on multi-valued attributes: whole lists, value arrays, elements selected by a filter
// (RFC 7644 §3.5.2.1 to §3.5.2.3; Entra's and Okta's shapes, SCIM design §2 and §3).

import { type AttributeLocation, describeLocation } from './attribute-notation.ts';
import { readAttributeValue, readElements, readSubValues, type SubValue } from './attribute-value.ts';
import { type BoundFilter, matchesFilter } from './filter-evaluation.ts';
import { collectEqualities } from './filter-narrowing.ts';
import { isJsonArray, isJsonObject, type JsonDraft, type JsonValue, stableJson } from './json-value.ts';
import type { PatchElements } from './patch-elements.ts';
import { type AttributeChange, assertClearable, assertRemovable, isCleared } from './patch-rules.ts';
import { ProtocolError } from './protocol-error.ts';
import { type AttributeDefinition, findSubAttribute } from './schema-definition.ts';

/**
 * Changes a multi-valued attribute. `filter` selects elements; without one the whole list is meant, or, for a
 * sub-attribute, every element.
 * @throws ProtocolError invalidValue, invalidSyntax, noTarget, mutability, tooMany
 */
export function patchValues(elements: PatchElements, change: AttributeChange, filter: BoundFilter | undefined): void {
  const immutable = change.location.attribute.mutability === 'immutable' && elements.size > 0;
  const before = immutable ? stableJson(elements.toStored()) : undefined;
  if (change.op === 'remove') removeValues(elements, change, filter);
  else if (filter !== undefined || change.location.subAttribute !== undefined) writeSelected(elements, change, filter);
  else if (change.op === 'add') addValues(elements, change);
  else replaceValues(elements, change);
  if (before !== undefined && before !== stableJson(elements.toStored())) {
    throw new ProtocolError('mutability', `${change.location.attribute.name} cannot be changed once it is set.`);
  }
}

function removeValues(elements: PatchElements, change: AttributeChange, filter: BoundFilter | undefined): void {
  const { location, value, strict } = change;
  const given = value !== undefined && value !== null;
  if (given && strict) {
    throw new ProtocolError('invalidSyntax', 'A remove operation selects by its path and has no value.');
  }
  const { attribute, subAttribute } = location;
  if (subAttribute !== undefined) {
    assertRemovable(subAttribute, location);
    const selected = filter === undefined ? elements.all() : elements.select(filter);
    for (const element of selected) elements.merge(element, [{ subAttribute, value: undefined }], false);
  } else if (filter !== undefined) {
    for (const element of elements.select(filter)) elements.remove(element);
  } else if (given) {
    removeListed(elements, value, change);
  } else {
    assertRemovable(attribute, location);
    elements.clear();
  }
  if (elements.size === 0) assertRemovable(attribute, location);
}

/** Entra and OneLogin name the members to remove in `value`; emptying the group instead would be a loss of data. */
function removeListed(elements: PatchElements, value: JsonValue, change: AttributeChange): void {
  const { location, strict } = change;
  const where = describeLocation(location);
  for (const item of isJsonArray(value) ? value : [value]) {
    const [wanted] = readElements(location.attribute, [item], { strict, where });
    if (wanted === undefined) {
      throw new ProtocolError('invalidValue', `A value to remove from ${where} cannot be read.`);
    }
    for (const element of elements.selectLike(toElement(wanted))) elements.remove(element);
  }
}

function addValues(elements: PatchElements, change: AttributeChange): void {
  const { location, value, strict } = change;
  const where = describeLocation(location);
  const written = new Set<JsonDraft>();
  if (isCleared(value, strict)) return;
  for (const item of readElements(location.attribute, asList(value), { strict, where })) {
    const wanted = toElement(item);
    const [same] = elements.selectSame(wanted);
    if (same === undefined) elements.append(wanted);
    else elements.merge(same, toParts(location.attribute, wanted), true);
    written.add(same ?? wanted);
  }
  elements.settlePrimary([...written].filter((element) => element['primary'] === true));
}

function replaceValues(elements: PatchElements, change: AttributeChange): void {
  const { location, value, strict } = change;
  const where = describeLocation(location);
  const items = isCleared(value, strict) ? [] : readElements(location.attribute, asList(value), { strict, where });
  if (items.length === 0) assertClearable(location.attribute, location);
  elements.clear();
  for (const item of items) {
    const wanted = toElement(item);
    const [same] = elements.selectSame(wanted);
    if (same === undefined) elements.append(wanted);
    else elements.merge(same, toParts(location.attribute, wanted), true);
  }
}

function writeSelected(elements: PatchElements, change: AttributeChange, filter: BoundFilter | undefined): void {
  const { location, value, strict } = change;
  const { attribute, subAttribute } = location;
  let selected = filter === undefined ? elements.all() : elements.select(filter);
  const cleared = isCleared(value, strict);
  if (selected.length === 0) {
    if (strict) throw noTarget(location);
    if (cleared) return;
    selected = [createSelected(elements, location, filter)];
  }
  if (cleared && subAttribute === undefined) {
    if (change.op === 'add') return;
    for (const element of selected) elements.remove(element);
    if (elements.size === 0) assertClearable(attribute, location);
    return;
  }
  const parts = readParts(change);
  for (const element of selected) elements.merge(element, parts, false);
  if (parts.some((part) => part.subAttribute.name === 'primary')) elements.settlePrimary(selected);
  else if (selected.length === 1) elements.settlePrimary(selected);
}

/** An element such as the filter describes: Entra sets `phoneNumbers[type eq "work"].value` on who has none. */
function createSelected(
  elements: PatchElements,
  location: AttributeLocation,
  filter: BoundFilter | undefined,
): JsonDraft {
  const element: JsonDraft = {};
  if (filter !== undefined) {
    for (const { attributePath, value } of collectEqualities(filter)) element[attributePath[0] ?? 'value'] = value;
    if (Object.keys(element).length === 0 || !matchesFilter(filter, element)) throw noTarget(location);
  }
  elements.append(element);
  return element;
}

function readParts(change: AttributeChange): SubValue[] {
  const { location, value, strict } = change;
  const { attribute, subAttribute } = location;
  const where = describeLocation(location);
  if (subAttribute !== undefined) {
    const read = readAttributeValue(subAttribute, value ?? null, { strict, where });
    if (read === undefined) assertClearable(subAttribute, location);
    return [{ subAttribute, value: read }];
  }
  const single = isJsonArray(value) && value.length === 1 && !strict ? value[0] : value;
  if (attribute.type === 'complex') return readSubValues(attribute, single ?? null, { strict, where });
  const [read] = readElements(attribute, [single ?? null], { strict, where });
  return read === undefined ? [] : [{ subAttribute: simpleValue(attribute), value: read }];
}

function toElement(value: JsonValue): JsonDraft {
  return isJsonObject(value) ? { ...value } : { value };
}

function toParts(attribute: AttributeDefinition, element: JsonDraft): SubValue[] {
  const parts: SubValue[] = [];
  for (const [name, value] of Object.entries(element)) {
    const subAttribute = findSubAttribute(attribute, name);
    if (subAttribute !== undefined) parts.push({ subAttribute, value });
  }
  return parts;
}

/** A single value for a multi-valued attribute is a list of one, in both modes: the RFC's own examples do so. */
function asList(value: JsonValue | undefined): JsonValue {
  return isJsonArray(value) ? value : [value ?? null];
}

function simpleValue(attribute: AttributeDefinition): AttributeDefinition {
  return { ...attribute, name: 'value', multiValued: false };
}

function noTarget(location: AttributeLocation): ProtocolError {
  return new ProtocolError('noTarget', `No value of ${describeLocation(location)} matches the filter of the path.`);
}
