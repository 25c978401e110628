// Owns the way from a raw request text to a JSON value: nesting is bounded by one linear scan before JSON.parse
// sees the text, and keys that could reach a prototype are gone from what comes out (RFC 7644 §3.12 invalidSyntax).
// Size limits and media types belong to http/.

import { isReservedKey, type JsonValue } from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';

export interface JsonDocumentLimits {
  /** Deepest nesting of objects and arrays that is still read. SCIM itself needs 5, a Bulk request 8. */
  readonly maxDepth: number;
}

export const DEFAULT_JSON_LIMITS: JsonDocumentLimits = { maxDepth: 32 };

const MENTIONS_RESERVED_KEY = /__proto__|constructor|prototype|\\u/i;

/**
 * Parses a request body. Of a key that occurs twice the last one wins.
 * @throws ProtocolError invalidSyntax when the text is no JSON or nested too deeply
 */
export function parseJsonDocument(text: string, limits: JsonDocumentLimits = DEFAULT_JSON_LIMITS): JsonValue {
  assertNesting(text, limits.maxDepth);
  let value: JsonValue;
  try {
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as JsonValue;
  } catch (cause) {
    throw new ProtocolError('invalidSyntax', 'The request body is not valid JSON.', { cause });
  }
  if (MENTIONS_RESERVED_KEY.test(text)) dropReservedKeys(value);
  return value;
}

function assertNesting(text: string, maxDepth: number): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) {
      inString = true;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > maxDepth) {
        throw new ProtocolError('invalidSyntax', `The request body is nested more than ${maxDepth} levels deep.`);
      }
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
}

function dropReservedKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    if (!Array.isArray(value) && isReservedKey(key)) Reflect.deleteProperty(value, key);
    else dropReservedKeys(Reflect.get(value, key));
  }
}
