// Reads a Bulk request and finds the `bulkId:` references in it (RFC 7644 §3.7). What the operations do is bulk-endpoint.ts.

import { readMessageKey } from './protocol/body-attributes.ts';
import { isJsonArray, isJsonObject, type JsonDraft, type JsonObject, type JsonValue } from './protocol/json-value.ts';
import { ProtocolError, quoteInput } from './protocol/protocol-error.ts';
import { ScimError } from './scim-error.ts';

export const BULK_REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** Operations of one request; `bulk.maxOperations` of ServiceProviderConfig. */
export const mostBulkOperations = 1_000;

export type BulkMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface BulkOperation {
  readonly method: BulkMethod;
  /** As sent, with a leading slash. */
  readonly path: string;
  readonly bulkId: string | undefined;
  /** As `If-Match`. */
  readonly version: string | undefined;
  readonly data: JsonValue | undefined;
  /** The bulkIds it speaks of. */
  readonly references: ReadonlySet<string>;
}

export interface BulkRequest {
  readonly operations: readonly BulkOperation[];
  /** After so many errors no further operation is begun; undefined: all are. */
  readonly failOnErrors: number | undefined;
}

/**
 * Reads a body. Throws `ProtocolError` invalidSyntax or invalidValue when the request as a whole cannot be understood, and `ScimError` 413 naming
 * the limit for too many operations (§3.7.4).
 */
export function parseBulkRequest(body: JsonValue, strict: boolean): BulkRequest {
  if (!isJsonObject(body)) throw new ProtocolError('invalidSyntax', 'The request body must be a JSON object.');
  const schemas = readMessageKey(body, 'schemas');
  if (strict && !(isJsonArray(schemas) && schemas.includes(BULK_REQUEST_URN)))
    throw new ProtocolError('invalidSyntax', `"schemas" must list ${BULK_REQUEST_URN}.`);
  const list = readMessageKey(body, 'Operations');
  if (!isJsonArray(list) || list.length === 0)
    throw new ProtocolError('invalidSyntax', '"Operations" must be a list with at least one operation.');
  if (list.length > mostBulkOperations)
    throw new ScimError(413, `A bulk request may have at most ${mostBulkOperations} operations (maxOperations).`);
  const operations = list.map(parseOperation);
  const known = operations.flatMap(({ bulkId }) => (bulkId === undefined ? [] : [bulkId]));
  if (new Set(known).size < known.length) throw new ProtocolError('invalidValue', 'A bulkId names two operations.');
  return { operations, failOnErrors: readFailOnErrors(readMessageKey(body, 'failOnErrors')) };
}

function parseOperation(operation: JsonValue): BulkOperation {
  if (!isJsonObject(operation)) throw new ProtocolError('invalidSyntax', 'An operation must be an object.');
  const sent = readMessageKey(operation, 'method');
  const method = typeof sent === 'string' ? sent.toUpperCase() : '';
  if (!isBulkMethod(method))
    throw new ProtocolError(
      'invalidSyntax',
      `An operation must be POST, PUT, PATCH or DELETE, not ${quoteInput(method)}.`,
    );
  const path = readMessageKey(operation, 'path');
  if (typeof path !== 'string' || path === '') throw new ProtocolError('invalidSyntax', 'An operation needs a path.');
  const bulkId = readMessageKey(operation, 'bulkId') ?? undefined;
  if (bulkId !== undefined && (typeof bulkId !== 'string' || bulkId === ''))
    throw new ProtocolError('invalidSyntax', 'A bulkId must be a string.');
  if (method === 'POST' && bulkId === undefined)
    throw new ProtocolError('invalidSyntax', 'A POST operation needs a bulkId (RFC 7644 §3.7).');
  const version = readMessageKey(operation, 'version') ?? undefined;
  if (version !== undefined && typeof version !== 'string')
    throw new ProtocolError('invalidSyntax', 'A version must be a string.');
  const data = readMessageKey(operation, 'data') ?? undefined;
  const references = new Set<string>([...referencesIn(path), ...(data === undefined ? [] : listReferences(data))]);
  return { method, path: path.startsWith('/') ? path : `/${path}`, bulkId, version, data, references };
}

function isBulkMethod(method: string): method is BulkMethod {
  return method === 'POST' || method === 'PUT' || method === 'PATCH' || method === 'DELETE';
}

function readFailOnErrors(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new ProtocolError('invalidValue', '"failOnErrors" must be a whole number.');
  return value === 0 ? undefined : value;
}

const wholeReference = /^bulkId:(.+)$/s;
const innerReference = /bulkId:([^"\s/\]]+)/g;

/** References within a longer text: a path, or a filter in a PATCH path. */
function referencesIn(text: string): readonly string[] {
  return [...text.matchAll(innerReference)].map(([, id]) => id ?? '');
}

function listReferences(value: JsonValue): readonly string[] {
  if (typeof value === 'string') {
    const whole = wholeReference.exec(value)?.[1];
    return whole === undefined ? referencesIn(value) : [whole];
  }
  if (isJsonArray(value)) return value.flatMap(listReferences);
  return isJsonObject(value) ? Object.values(value).flatMap(listReferences) : [];
}

/** How a reference is answered: by the id it now has; `undefined` leaves it out, with the element that holds nothing else. */
export type Resolution = (bulkId: string) => string | undefined;

/** The path with its references resolved. */
export function resolvePath(path: string, resolve: Resolution): string {
  return path.replaceAll(innerReference, (reference, id: string) => resolve(id) ?? reference);
}

/** The data with its references resolved; a list forgets elements whose reference is left out. */
export function resolveData(value: JsonValue, resolve: Resolution): JsonValue | undefined {
  if (typeof value === 'string') {
    const whole = wholeReference.exec(value)?.[1];
    if (whole !== undefined) return resolve(whole);
    return resolvePath(value, resolve);
  }
  if (isJsonArray(value)) {
    return value.flatMap((item) => {
      const resolved = resolveData(item, resolve);
      return resolved === undefined ? [] : [resolved];
    });
  }
  return isJsonObject(value) ? resolveObject(value, resolve) : value;
}

function resolveObject(object: JsonObject, resolve: Resolution): JsonObject | undefined {
  const resolved: JsonDraft = {};
  for (const [key, value] of Object.entries(object)) {
    const part = resolveData(value, resolve);
    if (part !== undefined) resolved[key] = part;
    else if (key.toLowerCase() === 'value') return undefined;
  }
  return resolved;
}
