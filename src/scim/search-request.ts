// The parameters of a list: from the query of a GET (RFC 7644 §3.4.2) or the body of a POST to `.search` (§3.4.3).

import { readMessageKey } from './protocol/body-attributes.ts';
import { isJsonArray, isJsonObject, type JsonObject } from './protocol/json-value.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import type { ScimRequest } from './scim-operation.ts';

export const SEARCH_REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

const parameterNames = [
  'filter',
  'sortBy',
  'sortOrder',
  'startIndex',
  'count',
  'cursor',
  'attributes',
  'excludedAttributes',
] as const;

export type SearchParameters = Partial<Readonly<Record<(typeof parameterNames)[number], unknown>>>;

/** Of a GET. Throws `ProtocolError` invalidFilter for a filter that is given twice. */
export function readListParameters(request: ScimRequest): SearchParameters {
  const parameters: Record<string, unknown> = {};
  for (const name of parameterNames) {
    const values = request.query.getAll(name);
    if (values.length > 1 && name === 'filter') {
      throw new ProtocolError('invalidFilter', 'The filter is given more than once.');
    }
    if (values[0] !== undefined) parameters[name] = values[0];
  }
  return parameters;
}

/** Of a POST to `.search`. Throws `ProtocolError` invalidSyntax. */
export async function readSearchParameters(request: ScimRequest): Promise<SearchParameters> {
  const body = await request.readBody();
  if (!isJsonObject(body)) throw new ProtocolError('invalidSyntax', 'The request body must be a JSON object.');
  if (request.client.settings.strict) assertSearchSchema(body);
  const parameters: Record<string, unknown> = {};
  for (const name of parameterNames) {
    const value = readMessageKey(body, name);
    if (value !== undefined && value !== null) parameters[name] = value;
  }
  return parameters;
}

/** An empty filter is broken syntax, never an unfiltered list. */
export function readFilter(filter: unknown): string {
  if (typeof filter === 'string') return filter;
  throw new ProtocolError('invalidFilter', 'The filter must be a string.');
}

function assertSearchSchema(body: JsonObject): void {
  const urns = readMessageKey(body, 'schemas');
  if (isJsonArray(urns) && urns.includes(SEARCH_REQUEST_URN)) return;
  throw new ProtocolError('invalidSyntax', `"schemas" must list ${SEARCH_REQUEST_URN}.`);
}
