// Owns the meaning of a filter: binding a tree to a resource schema (which attribute, which type, which case rule)
// and evaluating it on a resource (RFC 7644 §3.4.2.2, RFC 7643 §2.3). A store may narrow by `collectEqualities`
// or compile the bound filter; this evaluation is the truth it must agree with.

import {
  type AttributeLocation,
  describeLocation,
  isAttributeName,
  locateAttribute,
  locationPath,
} from './attribute-notation.ts';
import { createComparison, type ValueTest } from './filter-comparison.ts';
import type { ComparisonOperator, FilterLiteral, FilterTree } from './filter-tree.ts';
import {
  isAssigned,
  isJsonArray,
  isJsonObject,
  isReservedKey,
  type JsonObject,
  type JsonValue,
  readOwn,
} from './json-value.ts';
import { ProtocolError, quoteInput } from './protocol-error.ts';
import { type AttributeDefinition, findSubAttribute, type ResourceSchema } from './schema-definition.ts';

/** Compares the values at `path` (canonical keys, extension URN first) with `value`, already of the attribute's type. */
export interface BoundComparison {
  readonly kind: 'comparison';
  readonly path: readonly string[];
  readonly attribute: AttributeDefinition;
  readonly operator: ComparisonOperator;
  readonly value: FilterLiteral;
  readonly test: ValueTest;
}

/** A filter that knows its attributes. Inside `element`, paths start at the element. */
export type BoundFilter =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly BoundFilter[] }
  | { readonly kind: 'not'; readonly term: BoundFilter }
  | { readonly kind: 'presence'; readonly path: readonly string[] }
  | BoundComparison
  | {
      readonly kind: 'element';
      readonly path: readonly string[];
      readonly attribute: AttributeDefinition;
      readonly filter: BoundFilter;
    }
  | { readonly kind: 'constant'; readonly value: boolean };

export interface BindOptions {
  /** Follow the letter: no booleans as strings. */
  readonly strict?: boolean;
  /** An unknown attribute is refused (typed endpoint) or has no value (search over all types, RFC 7644 §3.4.2.1). */
  readonly unknownAttribute?: 'refuse' | 'noValue';
}

/**
 * Binds a parsed filter to a resource schema.
 * @throws ProtocolError invalidFilter for an unknown or unreadable attribute, or a comparison its type does not have
 */
export function bindFilter(tree: FilterTree, schema: ResourceSchema, options: BindOptions = {}): BoundFilter {
  return bind(tree, (name) => findInResource(name, schema, options), options);
}

/**
 * Binds the filter of a value path (`emails[…]`) whose attribute is already known; paths start at the element.
 * @throws ProtocolError invalidFilter
 */
export function bindElementFilter(
  tree: FilterTree,
  attribute: AttributeDefinition,
  options: BindOptions = {},
): BoundFilter {
  return bind(tree, (name) => findInElement(name, attribute), options);
}

/** Whether a resource (or, for an element filter, an element) matches. */
export function matchesFilter(filter: BoundFilter, resource: JsonObject): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.every((term) => matchesFilter(term, resource));
    case 'or':
      return filter.terms.some((term) => matchesFilter(term, resource));
    case 'not':
      return !matchesFilter(filter.term, resource);
    case 'constant':
      return filter.value;
    case 'presence':
      return readValues(resource, filter.path).some(isAssigned);
    case 'comparison':
      return filter.test(readValues(resource, filter.path));
    case 'element':
      return readValues(resource, filter.path).some((value) => matchesFilter(filter.filter, asElement(value)));
  }
}

/** All values at a path, arrays flattened; unassigned ones are left out, an empty string is not. */
export function readValues(resource: JsonObject, path: readonly string[]): readonly JsonValue[] {
  let values: readonly JsonValue[] = [resource];
  for (const key of path) {
    const next: JsonValue[] = [];
    for (const value of values) {
      const member = isJsonObject(value) ? readOwn(value, key) : undefined;
      if (isJsonArray(member)) for (const item of member) next.push(item);
      else if (member !== undefined && member !== null) next.push(member);
    }
    values = next;
  }
  return values;
}

/** Counts attribute expressions: what one evaluation costs. */
export function countTerms(filter: BoundFilter): number {
  if (filter.kind === 'and' || filter.kind === 'or')
    return filter.terms.reduce((sum, term) => sum + countTerms(term), 0);
  if (filter.kind === 'not') return countTerms(filter.term);
  return filter.kind === 'element' ? countTerms(filter.filter) : 1;
}

/** What a filter compares: a place and its definition; `undefined` when the attribute counts as having no value. */
interface Operand {
  readonly path: readonly string[];
  /** Absent for a whole extension, which can only be present or not. */
  readonly attribute?: AttributeDefinition;
}
type FindOperand = (name: string) => Operand | undefined;

function bind(tree: FilterTree, find: FindOperand, options: BindOptions): BoundFilter {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return { kind: tree.kind, terms: tree.terms.map((term) => bind(term, find, options)) };
    case 'not':
      return { kind: 'not', term: bind(tree.term, find, options) };
    case 'presence': {
      const operand = find(tree.attribute);
      return operand === undefined ? { kind: 'constant', value: false } : { kind: 'presence', path: operand.path };
    }
    case 'comparison':
      return bindComparison(tree.attribute, tree.operator, tree.value, find(tree.attribute), options);
    case 'element': {
      const operand = find(tree.attribute);
      if (operand === undefined) return { kind: 'constant', value: false };
      const { attribute, path } = operand;
      if (attribute === undefined || path.at(-1) !== attribute.name || !hasElements(attribute)) {
        if (isAmongTypes(options)) return { kind: 'constant', value: false };
        throw new ProtocolError('invalidFilter', `${quoteInput(tree.attribute)} has no elements to filter.`);
      }
      return { kind: 'element', path, attribute, filter: bindElementFilter(tree.filter, attribute, options) };
    }
  }
}

function bindComparison(
  name: string,
  operator: ComparisonOperator,
  value: FilterLiteral,
  operand: Operand | undefined,
  options: BindOptions,
): BoundFilter {
  const nothing = operator === 'ne' ? value !== null : operator === 'eq' && value === null;
  if (operand === undefined) return { kind: 'constant', value: nothing };
  let { attribute, path } = operand;
  if (attribute?.type === 'complex') {
    // Naming the complex attribute itself means its `value`: `emails co "x"` (RFC 7644 Figure 2), `manager eq "x"`.
    attribute = findSubAttribute(attribute, 'value');
    path = [...path, 'value'];
  }
  if (attribute === undefined) {
    if (isAmongTypes(options)) return { kind: 'constant', value: nothing };
    throw new ProtocolError('invalidFilter', `${quoteInput(name)} has no value of its own to compare.`);
  }
  const { typed, test } = createComparison(attribute, operator, value, options.strict === true);
  return { kind: 'comparison', path, attribute, operator, value: typed, test };
}

/** One name may be a text in one type and have parts in another, such as `name`: where it has not what is asked about, it has no value. */
function isAmongTypes({ unknownAttribute }: BindOptions): boolean {
  return unknownAttribute === 'noValue';
}

function findInResource(name: string, schema: ResourceSchema, options: BindOptions): Operand | undefined {
  const location = locateAttribute(name, schema, { strictSeparator: options.strict === true });
  if (location === undefined) {
    if (options.unknownAttribute === 'noValue' && name.split(/[.:]/).every(isPlainWord)) return undefined;
    throw new ProtocolError('invalidFilter', `The filter names no attribute of this resource: ${quoteInput(name)}.`);
  }
  if (location.kind === 'schema') {
    if (location.core) throw new ProtocolError('invalidFilter', `${quoteInput(name)} is a schema, not an attribute.`);
    return { path: [location.schema.urn] };
  }
  assertReadable(location);
  return { path: locationPath(location), attribute: location.subAttribute ?? location.attribute };
}

function findInElement(name: string, attribute: AttributeDefinition): Operand {
  const found =
    attribute.type === 'complex'
      ? isAttributeName(name) && findSubAttribute(attribute, name)
      : name.toLowerCase() === 'value' && { ...attribute, name: 'value', multiValued: false };
  if (!found || found.returned === 'never') {
    throw new ProtocolError(
      'invalidFilter',
      `${attribute.name} has no sub-attribute ${quoteInput(name)} to filter by.`,
    );
  }
  return { path: [found.name], attribute: found };
}

/** A secret that cannot be read must not be guessed through filters either (RFC 7643 §4.1.1). */
function assertReadable(location: AttributeLocation): void {
  for (const attribute of [location.attribute, location.subAttribute]) {
    if (attribute?.returned === 'never' || attribute?.mutability === 'writeOnly') {
      throw new ProtocolError('invalidFilter', `${describeLocation(location)} cannot be filtered.`);
    }
  }
}

/** A part of a name that could be an attribute of some other resource type. */
function isPlainWord(part: string): boolean {
  return /^[\w$-]+$/.test(part) && !isReservedKey(part);
}

function hasElements(attribute: AttributeDefinition): boolean {
  return attribute.multiValued || attribute.type === 'complex';
}

function asElement(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : { value };
}
