// Owns the way from a raw request text to a JSON value: nesting and the number of values are bounded by one linear scan before
// JSON.parse sees the text, and keys that could reach a prototype are gone from what comes out (RFC 7644 §3.12 invalidSyntax).
// Size limits and media types belong to http/.

import { isReservedKey, type JsonValue } from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';

export interface JsonDocumentLimits {
  /** Deepest nesting of objects and arrays that is still read. SCIM itself needs 5, a Bulk request 8. */
  readonly maxDepth: number;
  /** Most values, an object or array counting as one more. Each costs us microseconds, and a mebibyte has room for hundreds of thousands. */
  readonly maxValues: number;
}

/** 10,000 is a user with a thousand elements in several attributes, or two thousand PATCH operations. */
export const DEFAULT_JSON_LIMITS: JsonDocumentLimits = { maxDepth: 32, maxValues: 10_000 };

const MENTIONS_RESERVED_KEY = /__proto__|constructor|prototype|\\u/i;

/**
 * Parses a request body. Of a key that occurs twice the last one wins.
 * @throws ProtocolError invalidSyntax when the text is no JSON or nested too deeply, tooMany when it has too many values
 */
export function parseJsonDocument(text: string, limits: Partial<JsonDocumentLimits> = {}): JsonValue {
  assertShape(text, { ...DEFAULT_JSON_LIMITS, ...limits });
  let value: JsonValue;
  try {
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as JsonValue;
  } catch (cause) {
    throw new ProtocolError('invalidSyntax', 'The request body is not valid JSON.', { cause });
  }
  if (MENTIONS_RESERVED_KEY.test(text)) dropReservedKeys(value);
  return value;
}

function assertShape(text: string, { maxDepth, maxValues }: JsonDocumentLimits): void {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) {
      inString = true;
    } else if (code === 0x2c) {
      values += 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > maxDepth) {
        throw new ProtocolError('invalidSyntax', `The request body is nested more than ${maxDepth} levels deep.`);
      }
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  if (values > maxValues) {
    throw new ProtocolError(
      'tooMany',
      `The request body has more than ${maxValues} values; send them in several requests.`,
    );
  }
}

function dropReservedKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    if (!Array.isArray(value) && isReservedKey(key)) Reflect.deleteProperty(value, key);
    else dropReservedKeys(Reflect.get(value, key));
  }
}
