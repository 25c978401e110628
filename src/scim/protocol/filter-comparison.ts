// Owns comparing values with a literal by the attribute's type: case rules, instants, numbers, booleans (RFC 7644
// §3.4.2.2 Table 3, RFC 7643 §2.3). Absent values are the caller's list being empty.

import { compareInstants, parseInstant } from './date-time.ts';
import type { ComparisonOperator, FilterLiteral } from './filter-tree.ts';
import type { JsonValue } from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';
import type { AttributeDefinition } from './schema-definition.ts';

/** Answers for all values of the attribute at once: any of them may match. */
export type ValueTest = (values: readonly JsonValue[]) => boolean;

/** Compares one stored value with the literal; `undefined` when they cannot be compared. */
type Compare = (stored: JsonValue) => number | undefined;

/**
 * Makes the test for one comparison. `typed` is the literal as the attribute's type has it.
 * `ne` is met by no value at all and by any value that differs (RFC 7643 §2.5: unassigned is a state like others).
 * @throws ProtocolError invalidFilter when the type has no such comparison
 */
export function createComparison(
  attribute: AttributeDefinition,
  operator: ComparisonOperator,
  literal: FilterLiteral,
  strict: boolean,
): { typed: FilterLiteral; test: ValueTest } {
  if (literal === null) return { typed: null, test: createNullTest(attribute, operator) };
  if (operator === 'co' || operator === 'sw' || operator === 'ew') {
    const typed = readText(attribute, operator, literal);
    return { typed, test: createTextTest(attribute, operator, typed) };
  }
  const typed = readLiteral(attribute, operator, literal, strict);
  const compare = createCompare(attribute, typed);
  return { typed, test: createOrderTest(attribute, operator, compare) };
}

/** How texts are compared: exactly, or without regard to letter case. */
export function foldText(attribute: AttributeDefinition, text: string): string {
  return attribute.caseExact ? text : text.toLowerCase();
}

/** Order of two stored values of one attribute, for sorting; what cannot be compared counts as equal. */
export function compareStored(attribute: AttributeDefinition, left: JsonValue, right: JsonValue): number {
  if (right === null || typeof right === 'object') return 0;
  if (attribute.type === 'dateTime' && (typeof right !== 'string' || parseInstant(right) === undefined)) return 0;
  return createCompare(attribute, right)(left) ?? 0;
}

function createNullTest(attribute: AttributeDefinition, operator: ComparisonOperator): ValueTest {
  if (operator === 'eq') return (values) => values.length === 0;
  if (operator === 'ne') return (values) => values.length > 0;
  return refuse(attribute, operator, 'null');
}

function createTextTest(attribute: AttributeDefinition, operator: 'co' | 'sw' | 'ew', literal: string): ValueTest {
  const wanted = foldText(attribute, literal);
  const holds = (text: string): boolean => {
    if (operator === 'co') return text.includes(wanted);
    return operator === 'sw' ? text.startsWith(wanted) : text.endsWith(wanted);
  };
  return (values) => values.some((value) => typeof value === 'string' && holds(foldText(attribute, value)));
}

function createOrderTest(attribute: AttributeDefinition, operator: ComparisonOperator, compare: Compare): ValueTest {
  switch (operator) {
    case 'eq':
      return (values) => values.some((value) => compare(value) === 0);
    case 'ne':
      return (values) => values.length === 0 || values.some((value) => compare(value) !== 0);
    case 'gt':
      return (values) => values.some((value) => (compare(value) ?? Number.NaN) > 0);
    case 'ge':
      return (values) => values.some((value) => (compare(value) ?? Number.NaN) >= 0);
    case 'lt':
      return (values) => values.some((value) => (compare(value) ?? Number.NaN) < 0);
    case 'le':
      return (values) => values.some((value) => (compare(value) ?? Number.NaN) <= 0);
    default:
      return refuse(attribute, operator, 'this value');
  }
}

function createCompare(attribute: AttributeDefinition, literal: Exclude<FilterLiteral, null>): Compare {
  if (typeof literal === 'boolean') return (stored) => (typeof stored === 'boolean' ? +stored - +literal : undefined);
  if (typeof literal === 'number') return (stored) => (typeof stored === 'number' ? stored - literal : undefined);
  const instant = attribute.type === 'dateTime' ? parseInstant(literal) : undefined;
  if (instant !== undefined) {
    return (stored) => {
      const other = typeof stored === 'string' ? parseInstant(stored) : undefined;
      return other === undefined ? undefined : compareInstants(other, instant);
    };
  }
  const wanted = foldText(attribute, literal);
  return (stored) => {
    if (typeof stored !== 'string') return undefined;
    const text = foldText(attribute, stored);
    if (text === wanted) return 0;
    return text < wanted ? -1 : 1;
  };
}

function readText(attribute: AttributeDefinition, operator: ComparisonOperator, literal: FilterLiteral): string {
  const isText = attribute.type === 'string' || attribute.type === 'reference' || attribute.type === 'dateTime';
  if (!isText || typeof literal !== 'string') return refuse(attribute, operator, describeLiteral(literal));
  return literal;
}

function readLiteral(
  attribute: AttributeDefinition,
  operator: ComparisonOperator,
  literal: Exclude<FilterLiteral, null>,
  strict: boolean,
): Exclude<FilterLiteral, null> {
  const ordered = operator !== 'eq' && operator !== 'ne';
  switch (attribute.type) {
    case 'boolean': {
      const typed = typeof literal === 'string' && !strict ? readBooleanText(literal) : literal;
      return ordered || typeof typed !== 'boolean' ? refuse(attribute, operator, describeLiteral(literal)) : typed;
    }
    case 'integer':
    case 'decimal':
      return typeof literal === 'number' ? literal : refuse(attribute, operator, describeLiteral(literal));
    case 'dateTime':
      return typeof literal === 'string' && parseInstant(literal) !== undefined
        ? literal
        : refuse(attribute, operator, describeLiteral(literal));
    case 'binary':
      return ordered || typeof literal !== 'string' ? refuse(attribute, operator, describeLiteral(literal)) : literal;
    case 'string':
    case 'reference':
      return typeof literal === 'string' ? literal : refuse(attribute, operator, describeLiteral(literal));
    case 'complex':
      return refuse(attribute, operator, describeLiteral(literal));
  }
}

/** `true` and `false` in any letter case: Entra writes `"False"`. Anything else is no boolean. */
export function readBooleanText(text: string): boolean | undefined {
  const lower = text.length <= 5 ? text.toLowerCase() : '';
  if (lower === 'true') return true;
  return lower === 'false' ? false : undefined;
}

function describeLiteral(literal: FilterLiteral): string {
  return literal === null ? 'null' : `a ${typeof literal}`;
}

function refuse(attribute: AttributeDefinition, operator: ComparisonOperator, literal: string): never {
  throw new ProtocolError(
    'invalidFilter',
    `${attribute.name} is of type ${attribute.type} and cannot be compared by "${operator}" with ${literal}.`,
  );
}
