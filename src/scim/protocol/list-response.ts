// Owns index paging and the shape of a list answer (RFC 7644 §3.4.2, §3.4.2.4). Cursors (RFC 9865) and which
// resources are on the page belong elsewhere.

import type { JsonObject, JsonValue } from './json-value.ts';
import { ProtocolError } from './protocol-error.ts';

export const LIST_RESPONSE_URN = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** `startIndex` counts from 1; `count` may be 0: totals only. */
export interface PageRequest {
  readonly startIndex: number;
  readonly count: number;
}

export interface PageLimits {
  readonly defaultCount: number;
  readonly maxCount: number;
}

export interface PageParameters {
  readonly startIndex?: unknown;
  readonly count?: unknown;
}

const INTEGER = /^[+-]?\d{1,400}$/;

/**
 * Reads `startIndex` and `count` from query values or a search request. Below 1 means 1, a negative count means 0, a
 * count above the maximum means the maximum.
 * @throws ProtocolError invalidValue for what is no integer
 */
export function parsePageRequest(parameters: PageParameters, limits: PageLimits): PageRequest {
  const startIndex = readInteger(parameters.startIndex, 'startIndex') ?? 1;
  const count = readInteger(parameters.count, 'count') ?? limits.defaultCount;
  return {
    startIndex: clamp(startIndex, 1, Number.MAX_SAFE_INTEGER),
    count: clamp(count, 0, limits.maxCount),
  };
}

/** The answer to a list or search; `totalResults` counts all matches, `startIndex` is echoed as it was understood. */
export function createListResponse(
  resources: readonly JsonObject[],
  totalResults: number,
  startIndex: number,
): JsonObject {
  return {
    schemas: [LIST_RESPONSE_URN],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources satisfies readonly JsonValue[],
  };
}

function readInteger(parameter: unknown, name: string): number | undefined {
  if (parameter === undefined || parameter === null || parameter === '') return undefined;
  const number = typeof parameter === 'string' && INTEGER.test(parameter.trim()) ? Number(parameter) : parameter;
  const isInteger = typeof number === 'number' && (Number.isInteger(number) || Math.abs(number) === Infinity);
  if (!isInteger) throw new ProtocolError('invalidValue', `"${name}" must be an integer.`);
  return number;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
