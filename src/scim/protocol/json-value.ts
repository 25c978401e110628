// Owns plain JSON as a value: types, copying, comparing, a stable text. Everything here reads own keys only and
// never writes a key that could reach a prototype. Nothing here knows SCIM.

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
/** A JSON object under construction; only ever a copy of our own. */
export interface JsonDraft {
  [key: string]: JsonValue;
}

/** What stands between quotes as it is. */
const PLAIN_KEY = /^[\w:.$ -]*$/;

const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** True for the keys through which a careless merge reaches a prototype; no SCIM attribute may have such a name. */
export function isReservedKey(key: string): boolean {
  return RESERVED_KEYS.has(key.toLowerCase());
}

/** True for a JSON object: no array, no null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `Array.isArray` that keeps the element type of a readonly array. */
export function isJsonArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Reads an own property; never a method or accessor of a prototype. */
export function readOwn(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Deep copy, without reserved keys. */
export function copyJson(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(copyJson);
  return isJsonObject(value) ? copyJsonObject(value) : value;
}

/** Deep copy of an object, without reserved keys; the caller may change the copy. */
export function copyJsonObject(value: JsonObject): JsonDraft {
  const copy: JsonDraft = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined && !isReservedKey(key)) copy[key] = copyJson(member);
  }
  return copy;
}

/** Deep equality; the order of keys does not matter, the order of elements does. */
export function equalJson(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (isJsonArray(left)) {
    return (
      isJsonArray(right) && left.length === right.length && left.every((item, index) => equalJson(item, right[index]))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key], right[key]))
  );
}

/** JSON text with sorted keys: equal values give equal text. */
export function stableJson(value: JsonValue): string {
  if (isJsonArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const name = PLAIN_KEY.test(key) ? `"${key}"` : JSON.stringify(key);
    text += `${text === '' ? '{' : ','}${name}:${stableJson(value[key] ?? null)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** Whether a value counts as assigned: `null`, `""`, `[]` and objects of nothing else do not (RFC 7643 §2.5, `pr`). */
export function isAssigned(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (isJsonArray(value)) return value.some(isAssigned);
  return isJsonObject(value) ? Object.keys(value).some((key) => isAssigned(value[key])) : true;
}
