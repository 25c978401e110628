// Owns the elements of one multi-valued attribute while a PATCH works on them: selecting by filter, recognising an
// element that is already there, merging, the single primary (RFC 7644 §3.5.2, RFC 7643 §2.4). An index by `value`
// keeps thousands of members linear; what cannot be indexed is paid from a budget, so no request stalls the server.

import type { SubValue } from './attribute-value.ts';
import { type BoundFilter, countTerms, matchesFilter } from './filter-evaluation.ts';
import { foldText } from './filter-comparison.ts';
import { collectEqualities } from './filter-narrowing.ts';
import {
  copyJsonObject,
  equalJson,
  isAssigned,
  isJsonObject,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
  readOwn,
  stableJson,
} from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';
import { type AttributeDefinition, findSubAttribute } from './schema-definition.ts';

/** What one PATCH may look at: comparisons of elements, over all of its operations. About 100 ms at worst. */
const ELEMENT_BUDGET = 500_000;

export class PatchBudget {
  #left = ELEMENT_BUDGET;

  /** @throws ProtocolError tooMany when the request needs more work than any client's real one */
  spend(comparisons: number): void {
    this.#left -= comparisons;
    if (this.#left < 0) {
      throw new ProtocolError('tooMany', 'The operations compare too many values; send them in several requests.');
    }
  }
}

/** Simple values (strings) are held as `{value}` while they are worked on. */
export class PatchElements {
  readonly attribute: AttributeDefinition;
  readonly #budget: PatchBudget;
  readonly #elements = new Set<JsonDraft>();
  readonly #valueAttribute: AttributeDefinition;
  #index: Map<string, Set<JsonDraft>> | undefined;

  constructor(attribute: AttributeDefinition, stored: readonly JsonValue[], budget: PatchBudget) {
    this.attribute = attribute;
    this.#budget = budget;
    this.#valueAttribute = findSubAttribute(attribute, 'value') ?? attribute;
    for (const value of stored) this.#elements.add(isJsonObject(value) ? copyJsonObject(value) : { value });
  }

  get size(): number {
    return this.#elements.size;
  }

  all(): JsonDraft[] {
    return [...this.#elements];
  }

  /** The elements that match a filter bound to this attribute. */
  select(filter: BoundFilter): JsonDraft[] {
    const term = collectEqualities(filter).find(
      ({ attributePath, value }) => attributePath[0] === 'value' && typeof value === 'string',
    );
    const candidates: Iterable<JsonDraft> & { size: number } =
      term === undefined ? this.#elements : this.#bucket(`v${foldText(this.#valueAttribute, String(term.value))}`);
    this.#budget.spend(candidates.size * countTerms(filter) + 1);
    return [...candidates].filter((element) => matchesFilter(filter, element));
  }

  /** The elements that are the same as `wanted`: equal `value`, and no other `type`; or equal throughout. */
  selectSame(wanted: JsonObject): JsonDraft[] {
    const bucket = this.#bucket(this.#key(wanted));
    this.#budget.spend(bucket.size + 1);
    if (!isAssigned(readOwn(wanted, 'value'))) return [...bucket];
    return [...bucket].filter((element) => sameType(element, wanted));
  }

  /** The elements that have everything `wanted` says; for removal by a value array. */
  selectLike(wanted: JsonObject): JsonDraft[] {
    if (isAssigned(readOwn(wanted, 'value'))) return this.selectSame(wanted);
    const keys = Object.keys(wanted);
    this.#budget.spend(this.#elements.size * keys.length + 1);
    return this.all().filter((element) => keys.every((key) => equalJson(readOwn(element, key), readOwn(wanted, key))));
  }

  append(element: JsonDraft): void {
    this.#elements.add(element);
    if (this.#index !== undefined) addToIndex(this.#index, this.#key(element), element);
  }

  remove(element: JsonDraft): void {
    this.#elements.delete(element);
    this.#index?.get(this.#key(element))?.delete(element);
  }

  clear(): void {
    this.#elements.clear();
    this.#index = undefined;
  }

  /**
   * Writes sub-attributes into an element. An immutable one that differs is refused, or (`keepImmutable`, for an add
   * that meets its own element) left as it is.
   * @throws ProtocolError mutability
   */
  merge(element: JsonDraft, parts: readonly SubValue[], keepImmutable: boolean): void {
    const key = this.#key(element);
    for (const { subAttribute, value } of parts) {
      const present = readOwn(element, subAttribute.name);
      if (equalJson(present, value)) continue;
      if (subAttribute.mutability === 'immutable' && present !== undefined) {
        if (keepImmutable) continue;
        throw new ProtocolError('mutability', `${this.attribute.name}.${subAttribute.name} cannot be changed.`);
      }
      if (value === undefined) delete element[subAttribute.name];
      else element[subAttribute.name] = value;
    }
    this.#reindex(element, key);
  }

  /**
   * Makes the one element that was written as primary the only primary one (RFC 7644 §3.5.2).
   * @throws ProtocolError invalidValue when several were written so
   */
  settlePrimary(written: Iterable<JsonDraft>): void {
    const primaries = new Set([...written].filter((element) => element['primary'] === true));
    if (primaries.size === 0) return;
    if (primaries.size > 1) {
      throw new ProtocolError('invalidValue', `Only one value of ${this.attribute.name} may be primary.`);
    }
    this.#budget.spend(this.#elements.size);
    for (const element of this.#elements) {
      if (element['primary'] !== true || primaries.has(element)) continue;
      const key = this.#key(element);
      element['primary'] = false;
      this.#reindex(element, key);
    }
  }

  /** The elements as they are stored. */
  toStored(): JsonValue[] {
    const all = this.all();
    return this.attribute.type === 'complex' ? all : all.map((element) => element['value'] ?? null);
  }

  #reindex(element: JsonDraft, formerKey: string): void {
    const key = this.#key(element);
    if (this.#index === undefined || key === formerKey) return;
    this.#index.get(formerKey)?.delete(element);
    addToIndex(this.#index, key, element);
  }

  #bucket(key: string): ReadonlySet<JsonDraft> {
    if (this.#index === undefined) {
      this.#budget.spend(this.#elements.size);
      this.#index = new Map();
      for (const element of this.#elements) addToIndex(this.#index, this.#key(element), element);
    }
    return this.#index.get(key) ?? NOTHING;
  }

  #key(element: JsonObject): string {
    const value = readOwn(element, 'value');
    return typeof value === 'string' && value !== ''
      ? `v${foldText(this.#valueAttribute, value)}`
      : `j${stableJson(element)}`;
  }
}

const NOTHING: ReadonlySet<JsonDraft> = new Set();

function addToIndex(index: Map<string, Set<JsonDraft>>, key: string, element: JsonDraft): void {
  const bucket = index.get(key);
  if (bucket === undefined) index.set(key, new Set([element]));
  else bucket.add(element);
}

/** One value may stand under two types; a client that names none means the value whatever its type. */
function sameType(element: JsonObject, wanted: JsonObject): boolean {
  const left = readOwn(element, 'type');
  const right = readOwn(wanted, 'type');
  if (typeof left !== 'string' || typeof right !== 'string') return true;
  return left.toLowerCase() === right.toLowerCase();
}
