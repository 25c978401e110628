// What of a request may be kept in the provisioning log: no password, no secret of ours, and no more than so many characters.

import { isJsonArray, isJsonObject, type JsonDraft, type JsonValue } from './protocol/json-value.ts';

/** Of one body, or of one set of changes. */
export const mostKeptCharacters = 16_384;
const mostPathCharacters = 1_024;
const mostStringCharacters = 2_048;

const sensitive = /password|passwd|passphrase|secret|token|credential|authorization|api[-_]?key|private[-_]?key/i;
/** In a sentence, where a name such as secretary is no secret. */
const sensitiveWord = /\b(?:password|passwd|passphrase|secret|token|credential|authorization)s?\b/i;
const ourSecret = /furl_[A-Za-z]+_[\w-]+/g;
const cut = '…';
const hidden = '[redacted]';

/** Lower-case names of attributes whose values are hidden beside those that sound secret. */
export type HiddenNames = ReadonlySet<string>;
const noNames: HiddenNames = new Set();

/** A body as text if it is short and plainly harmless; then nothing needs to be copied. Escaped characters could spell any word. */
export function keepAsSent(text: string, names: HiddenNames = noNames): string | undefined {
  const isPlain = text.length <= mostKeptCharacters && !text.includes('\\u') && !mentions(text, names);
  return isPlain && !sensitive.test(text) && !text.includes('furl_') ? text : undefined;
}

function mentions(text: string, names: HiddenNames): boolean {
  if (names.size === 0) return false;
  const lower = text.toLowerCase();
  return [...names].some((name) => lower.includes(name));
}

/** Whether a key or a path says to be about something secret: `password`, `urn:…:User:pin`, `cards[type eq "x"].pin`. */
function isHidden(key: string, names: HiddenNames): boolean {
  return sensitive.test(key) || (names.size > 0 && key.split(/[^\w$-]+/).some((part) => names.has(part.toLowerCase())));
}

/** The JSON text of what is likely to be short. */
export function toShortJson(value: JsonValue, names: HiddenNames = noNames): string {
  return keepAsSent(JSON.stringify(value), names) ?? toKeptJson(value, names);
}

/** JSON text of a bounded copy: what a name says to be secret is hidden, what is too long is cut and marked with `…`. */
export function toKeptJson(value: JsonValue, names: HiddenNames = noNames): string {
  return JSON.stringify(copyKept(value, { left: mostKeptCharacters, names }));
}

/** A sentence or path: our own secrets, and whatever is quoted after a word like password, are hidden. */
export function redactText(text: string): string {
  const plain = text.includes('furl_') ? text.replaceAll(ourSecret, `furl_${cut}`) : text;
  const word = sensitiveWord.exec(plain);
  if (word === null) return plain;
  const rest = plain.slice(word.index + word[0].length);
  return /["'=]/.test(rest) ? plain.slice(0, word.index) + word[0] + cut : plain;
}

/** The path with its query, decoded, as it is read by people. */
export function toKeptPath(path: string, query: URLSearchParams): string {
  const parts = [...query].map(([name, value]) => `${name}=${sensitive.test(name) ? hidden : redactText(value)}`);
  const shown = redactText(decode(path)) + (parts.length === 0 ? '' : `?${parts.join('&')}`);
  return shown.length > mostPathCharacters ? shown.slice(0, mostPathCharacters) + cut : shown;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** How many characters are left, and which names are hidden. */
interface Budget {
  left: number;
  readonly names: HiddenNames;
}

function copyKept(value: JsonValue, budget: Budget): JsonValue {
  if (typeof value === 'string') return copyString(value, budget);
  if (isJsonArray(value)) {
    const copy: JsonValue[] = [];
    for (const item of value) {
      if (budget.left <= 0) {
        copy.push(cut);
        break;
      }
      copy.push(copyKept(item, budget));
      budget.left -= 1;
    }
    return copy;
  }
  if (isJsonObject(value)) return copyObject(Object.entries(value), budget);
  budget.left -= 5;
  return value;
}

function copyObject(entries: readonly [string, JsonValue][], budget: Budget): JsonValue {
  // A PATCH operation names the attribute in its path (RFC 7644 §3.5.2).
  const isSecretPatch = entries.some(
    ([key, value]) => key.toLowerCase() === 'path' && typeof value === 'string' && isHidden(value, budget.names),
  );
  const copy: JsonDraft = {};
  for (const [key, value] of entries) {
    if (budget.left <= 0) {
      copy[cut] = cut;
      break;
    }
    const name = key.length > 200 ? key.slice(0, 200) + cut : key;
    budget.left -= name.length + 4;
    const hides = isHidden(key, budget.names) || (isSecretPatch && key.toLowerCase() === 'value');
    const kept = hides ? hidden : copyKept(value, budget);
    Object.defineProperty(copy, name, { value: kept, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function copyString(text: string, budget: Budget): string {
  const bound = Math.min(mostStringCharacters, Math.max(0, budget.left));
  const kept = redactText(text.length > bound ? text.slice(0, bound) + cut : text);
  // As JSON writes it: a control character takes six.
  budget.left -= JSON.stringify(kept).length + 1;
  return kept;
}
