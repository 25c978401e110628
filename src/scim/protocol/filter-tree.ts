// Owns the grammar of filters and of the value paths in PATCH: text to tree (RFC 7644 §3.4.2.2 Figure 1, §3.5.2
// Figure 7). It knows no schema: whether a name exists and may be compared so is filter-evaluation.ts's question.

import { isAttributeName, MAX_NOTATION_LENGTH } from './attribute-notation.ts';
import { type FilterToken, tokenizeFilter } from './filter-token.ts';
import { ProtocolError, quoteInput, type ScimType } from './protocol-error.ts';

export type ComparisonOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';
export type FilterLiteral = string | number | boolean | null;

/** `element` is a value path: its filter must hold within one element of the attribute. Names are as written. */
export type FilterTree =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly FilterTree[] }
  | { readonly kind: 'not'; readonly term: FilterTree }
  | { readonly kind: 'presence'; readonly attribute: string }
  | {
      readonly kind: 'comparison';
      readonly attribute: string;
      readonly operator: ComparisonOperator;
      readonly value: FilterLiteral;
    }
  | { readonly kind: 'element'; readonly attribute: string; readonly filter: FilterTree };

/** A PATCH path as written: `attribute`, `attribute[filter]` or `attribute[filter].subAttribute`. */
export interface PathTree {
  readonly attribute: string;
  readonly filter: FilterTree | undefined;
  readonly subAttribute: string | undefined;
}

export interface FilterSyntaxOptions {
  /** Follow the letter: `true`, `false` and `null` in lower case only. */
  readonly strict?: boolean;
}

/** Longest filter or path in characters, deepest nesting, most attribute expressions. */
export const FILTER_LIMITS = { length: 4096, depth: 16, terms: 50 } as const;

/**
 * Parses a filter.
 * @throws ProtocolError invalidFilter when it is malformed or beyond FILTER_LIMITS
 */
export function parseFilter(text: string, options: FilterSyntaxOptions = {}): FilterTree {
  const parser = new FilterParser(text, 'invalidFilter', options.strict === true);
  const tree = parser.readDisjunction(0, true);
  parser.expectEnd();
  return tree;
}

/**
 * Parses a PATCH path.
 * @throws ProtocolError invalidPath when it is malformed or beyond FILTER_LIMITS
 */
export function parsePath(text: string, options: FilterSyntaxOptions = {}): PathTree {
  const parser = new FilterParser(text, 'invalidPath', options.strict === true);
  const path = parser.readPath();
  parser.expectEnd();
  return path;
}

const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function isComparison(word: string): word is ComparisonOperator {
  return COMPARISONS.has(word);
}

/** Recursive descent; the depth limit bounds the recursion, every list of terms is a loop. */
class FilterParser {
  readonly #text: string;
  readonly #scimType: ScimType;
  readonly #strict: boolean;
  readonly #tokens: readonly FilterToken[];
  #next = 0;
  #terms = 0;

  constructor(text: string, scimType: ScimType, strict: boolean) {
    this.#text = text;
    this.#scimType = scimType;
    this.#strict = strict;
    if (text.length > FILTER_LIMITS.length) this.#refuse(`is longer than ${FILTER_LIMITS.length} characters`);
    this.#tokens = tokenizeFilter(text, (problem) => this.#refuse(problem));
    if (this.#tokens.length === 0) this.#refuse('is empty');
  }

  /** `inResource` is false inside `[ ]`, where value paths do not nest. */
  readDisjunction(depth: number, inResource: boolean): FilterTree {
    if (depth > FILTER_LIMITS.depth) this.#refuse(`is nested more than ${FILTER_LIMITS.depth} levels deep`);
    const terms = [this.#readConjunction(depth, inResource)];
    while (this.#takeWord('or')) terms.push(this.#readConjunction(depth, inResource));
    return joinTerms('or', terms);
  }

  readPath(): PathTree {
    const attribute = this.#readName();
    if (!this.#take('[')) return { attribute, filter: undefined, subAttribute: undefined };
    const filter = this.readDisjunction(1, false);
    this.#expect(']');
    return { attribute, filter, subAttribute: this.#readTrailingName() };
  }

  expectEnd(): void {
    const token = this.#tokens[this.#next];
    if (token !== undefined) this.#refuse(`has something unexpected at position ${token.start + 1}`);
  }

  #readConjunction(depth: number, inResource: boolean): FilterTree {
    const terms = [this.#readTerm(depth, inResource)];
    while (this.#takeWord('and')) terms.push(this.#readTerm(depth, inResource));
    return joinTerms('and', terms);
  }

  #readTerm(depth: number, inResource: boolean): FilterTree {
    if (this.#take('(')) return this.#readGroup(depth, inResource);
    if (this.#tokens[this.#next + 1]?.kind === '(' && this.#takeWord('not')) {
      this.#take('(');
      return { kind: 'not', term: this.#readGroup(depth, inResource) };
    }
    return this.#readExpression(depth, inResource);
  }

  #readGroup(depth: number, inResource: boolean): FilterTree {
    const inner = this.readDisjunction(depth + 1, inResource);
    this.#expect(')');
    return inner;
  }

  #readExpression(depth: number, inResource: boolean): FilterTree {
    const attribute = this.#readName();
    if (!inResource || !this.#take('[')) return this.#readComparison(attribute);
    const filter = this.readDisjunction(depth + 1, false);
    this.#expect(']');
    const trailing = this.#readTrailingName();
    if (trailing === undefined) return { kind: 'element', attribute, filter };
    // Entra's look-up `emails[type eq "work"].value eq "x"`: the comparison belongs to the same element.
    return { kind: 'element', attribute, filter: joinTerms('and', [filter, this.#readComparison(trailing)]) };
  }

  #readComparison(attribute: string): FilterTree {
    this.#terms += 1;
    if (this.#terms > FILTER_LIMITS.terms) this.#refuse(`has more than ${FILTER_LIMITS.terms} terms`);
    const word = this.#takeAnyWord();
    const operator = word?.toLowerCase();
    if (operator === 'pr') return { kind: 'presence', attribute };
    if (operator === undefined || !isComparison(operator)) {
      const found = word === undefined ? '' : `, found ${quoteInput(word)}`;
      return this.#refuse(`needs an operator after ${quoteInput(attribute)}${found}`);
    }
    return { kind: 'comparison', attribute, operator, value: this.#readLiteral() };
  }

  #readLiteral(): FilterLiteral {
    const token = this.#tokens[this.#next];
    this.#next += 1;
    if (token?.kind === 'string') return token.text;
    if (token?.kind !== 'word') return this.#refuse('needs a value after the operator');
    const word = this.#strict ? token.text : token.text.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    const number = JSON_NUMBER.test(token.text) ? Number(token.text) : Number.NaN;
    return Number.isFinite(number) ? number : this.#refuse(`cannot read the value ${quoteInput(token.text)}`);
  }

  #readName(): string {
    const name = this.#takeAnyWord();
    if (name === undefined || name.length > MAX_NOTATION_LENGTH) return this.#refuse('needs an attribute name');
    return name;
  }

  #readTrailingName(): string | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'word' || !token.text.startsWith('.') || token.spaceBefore) return undefined;
    const name = token.text.slice(1);
    this.#next += 1;
    return isAttributeName(name) ? name : this.#refuse(`cannot read the sub-attribute ${quoteInput(name)}`);
  }

  #take(kind: FilterToken['kind']): boolean {
    if (this.#tokens[this.#next]?.kind !== kind) return false;
    this.#next += 1;
    return true;
  }

  #takeAnyWord(): string | undefined {
    const token = this.#tokens[this.#next];
    return token !== undefined && this.#take('word') ? token.text : undefined;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#next];
    return token?.kind === 'word' && token.text.toLowerCase() === word && this.#take('word');
  }

  #expect(kind: ')' | ']'): void {
    if (!this.#take(kind)) this.#refuse(`lacks a "${kind}"`);
  }

  #refuse(problem: string): never {
    const noun = this.#scimType === 'invalidPath' ? 'path' : 'filter';
    throw new ProtocolError(this.#scimType, `The ${noun} ${quoteInput(this.#text)} ${problem}.`);
  }
}

function joinTerms(kind: 'and' | 'or', terms: readonly FilterTree[]): FilterTree {
  const [first] = terms;
  return terms.length === 1 && first !== undefined ? first : { kind, terms };
}
