// Owns reading the body of a PATCH as a list of operations (RFC 7644 §3.5.2). What the operations do belongs to
// patch-application.ts.

import { readMessageKey } from './body-attributes.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { ProtocolError, quoteInput } from './protocol-error.ts';

export const PATCH_OP_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/** IPSIE asks for 50 in one request. */
export const MAX_PATCH_OPERATIONS = 5000;

/** `value` absent and `value: null` differ: the second asks for the attribute to be unassigned. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path?: string;
  readonly value?: JsonValue;
}

export interface PatchRequestOptions {
  /** Follow the letter: `schemas` must name PatchOp, `op` is lower case. */
  readonly strict?: boolean;
}

/**
 * Reads a PATCH body.
 * @throws ProtocolError invalidSyntax for the form, tooMany beyond MAX_PATCH_OPERATIONS, invalidPath for a path that
 * is no string, invalidValue for add or replace without a value
 */
export function parsePatchRequest(body: JsonValue | undefined, options: PatchRequestOptions = {}): PatchOperation[] {
  if (!isJsonObject(body)) throw new ProtocolError('invalidSyntax', 'The request body must be a JSON object.');
  const strict = options.strict === true;
  if (strict) assertPatchSchema(body);
  const operations = readMessageKey(body, 'Operations');
  if (!isJsonArray(operations) || operations.length === 0) {
    throw new ProtocolError('invalidSyntax', '"Operations" is missing or empty.');
  }
  if (operations.length > MAX_PATCH_OPERATIONS) {
    throw new ProtocolError('tooMany', `A PATCH may have at most ${MAX_PATCH_OPERATIONS} operations.`);
  }
  return operations.map((operation) => readOperation(operation, strict));
}

function assertPatchSchema(body: JsonObject): void {
  const urns = readMessageKey(body, 'schemas');
  const named = isJsonArray(urns) && urns.some(isPatchOpUrn);
  if (!named) throw new ProtocolError('invalidSyntax', `"schemas" must list ${PATCH_OP_URN}.`);
}

function readOperation(operation: JsonValue, strict: boolean): PatchOperation {
  if (!isJsonObject(operation)) throw new ProtocolError('invalidSyntax', 'Every operation must be a JSON object.');
  const op = readOp(readMessageKey(operation, 'op'), strict);
  const path = readMessageKey(operation, 'path');
  const value = readMessageKey(operation, 'value');
  if (path !== undefined && path !== null && typeof path !== 'string') {
    throw new ProtocolError('invalidPath', 'The path of an operation must be a string.');
  }
  if (op !== 'remove' && value === undefined) {
    throw new ProtocolError('invalidValue', `The operation "${op}" needs a value.`);
  }
  return { op, ...(typeof path === 'string' ? { path } : {}), ...(value === undefined ? {} : { value }) };
}

function readOp(written: JsonValue | undefined, strict: boolean): PatchOperation['op'] {
  const op = typeof written === 'string' && !strict ? written.toLowerCase() : written;
  if (op === 'add' || op === 'remove' || op === 'replace') return op;
  const shown = typeof written === 'string' ? `, not ${quoteInput(written)}` : '';
  throw new ProtocolError('invalidSyntax', `"op" must be "add", "remove" or "replace"${shown}.`);
}

function isPatchOpUrn(urn: JsonValue): boolean {
  return typeof urn === 'string' && urn.toLowerCase() === PATCH_OP_URN.toLowerCase();
}
