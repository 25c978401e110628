// Owns reading from a bound filter what must be true of every match: the equalities a store can look up in an
// index before the full filter is evaluated on what it found.

import type { BoundComparison, BoundFilter } from './filter-evaluation.ts';
import type { AttributeDefinition } from './schema-definition.ts';

/** Every match has, at `attributePath`, a value equal to `value` under the attribute's case rule. */
export interface EqualityTerm {
  /** Canonical keys, extension URN first: `['userName']`, `['emails', 'value']`. */
  readonly attributePath: readonly string[];
  readonly attribute: AttributeDefinition;
  /** As written, of the attribute's type; fold it when `attribute.caseExact` is false. */
  readonly value: string | number | boolean;
  /** Set when the term comes from `attribute[…]`: all equalities one and the same element must meet, this one included. */
  readonly withinElement?: readonly { readonly subAttribute: string; readonly value: string | number | boolean }[];
}

/** The equalities joined by `and` at the top of a filter; empty when nothing is certain. */
export function collectEqualities(filter: BoundFilter): EqualityTerm[] {
  if (filter.kind === 'and') return filter.terms.flatMap(collectEqualities);
  if (filter.kind === 'comparison') {
    const value = equalityValue(filter);
    return value === undefined ? [] : [{ attributePath: filter.path, attribute: filter.attribute, value }];
  }
  if (filter.kind !== 'element') return [];
  const inner = collectEqualities(filter.filter);
  const withinElement = inner.map(({ attributePath, value }) => ({ subAttribute: attributePath[0] ?? '', value }));
  const simple = filter.attribute.type !== 'complex';
  return inner.map(({ attributePath, attribute, value }) => ({
    attributePath: simple ? filter.path : [...filter.path, ...attributePath],
    attribute,
    value,
    withinElement,
  }));
}

function equalityValue(comparison: BoundComparison): string | number | boolean | undefined {
  return comparison.operator === 'eq' && comparison.value !== null ? comparison.value : undefined;
}

/** Whether any expression of the filter is about a path like this; an element filter is about the path of its elements. */
export function mentions(filter: BoundFilter, isAsked: (path: readonly string[]) => boolean): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some((term) => mentions(term, isAsked));
    case 'not':
      return mentions(filter.term, isAsked);
    case 'constant':
      return false;
    case 'element':
    case 'presence':
    case 'comparison':
      return isAsked(filter.path);
    default:
      return filter satisfies never;
  }
}
