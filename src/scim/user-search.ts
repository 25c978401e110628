// Lists of users: filter, sort, page and projection together (RFC 7644 §3.4.2), by GET with a query or by POST to `.search` (§3.4.3).
// Inactive users are always among them; deleted ones never.

import { queryUsers, type UserQuery } from '#storage/user-query.ts';
import { readMessageKey } from './protocol/body-attributes.ts';
import { isJsonArray, isJsonObject, type JsonObject } from './protocol/json-value.ts';
import { createListResponse, parsePageRequest } from './protocol/list-response.ts';
import { parseProjection, projectResource } from './protocol/projection.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { pageLimits, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';
import { createUserView, parseUserFilter } from './user-filter.ts';
import { toScimUser, toUserContent } from './user-representation.ts';
import { userResourceSchema } from './user-schema.ts';
import { parseUserSort } from './user-sort.ts';

export const SEARCH_REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

const parameterNames = [
  'filter',
  'sortBy',
  'sortOrder',
  'startIndex',
  'count',
  'attributes',
  'excludedAttributes',
] as const;

type SearchParameters = Partial<Readonly<Record<(typeof parameterNames)[number], unknown>>>;

/** `GET /Users`. */
export function listUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const parameters: Record<string, unknown> = {};
  for (const name of parameterNames) {
    const values = request.query.getAll(name);
    if (values.length > 1 && name === 'filter') {
      throw new ProtocolError('invalidFilter', 'The filter is given more than once.');
    }
    if (values[0] !== undefined) parameters[name] = values[0];
  }
  return search(context, request, parameters);
}

/** `POST /Users/.search`. */
export async function searchUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const body = await request.readBody();
  if (!isJsonObject(body)) throw new ProtocolError('invalidSyntax', 'The request body must be a JSON object.');
  if (request.client.settings.strict) assertSearchSchema(body);
  const parameters: Record<string, unknown> = {};
  for (const name of parameterNames) {
    const value = readMessageKey(body, name);
    if (value !== undefined && value !== null) parameters[name] = value;
  }
  return search(context, request, parameters);
}

async function search(context: ScimContext, request: ScimRequest, parameters: SearchParameters): Promise<ScimAnswer> {
  const { organizationId, settings } = request.client;
  const projection = parseProjection(parameters, userResourceSchema);
  const page = parsePageRequest(parameters, pageLimits);
  const query = toUserQuery(context, parameters, settings.strict);
  const { total, users } = await queryUsers(context.storage.users, organizationId, {
    ...query,
    offset: page.startIndex - 1,
    limit: page.count,
  });
  const resources = users.map((user) =>
    projectResource(toScimUser(user, context.scimBase), userResourceSchema, projection),
  );
  return { status: 200, body: createListResponse(resources, total, page.startIndex) };
}

function toUserQuery(
  { scimBase }: ScimContext,
  parameters: SearchParameters,
  strict: boolean,
): Pick<UserQuery, 'narrowTo' | 'matches' | 'compare'> {
  const sort = parseUserSort(parameters);
  const filter = parameters.filter === undefined ? undefined : parseUserFilter(readFilter(parameters.filter), strict);
  const usesVersion = sort?.usesVersion === true || filter?.usesVersion === true;
  const view = createUserView((user) => (usesVersion ? toScimUser : toUserContent)(user, scimBase));
  return {
    ...(filter?.narrowTo === undefined ? {} : { narrowTo: filter.narrowTo }),
    ...(filter === undefined ? {} : { matches: (user) => filter.matches(view(user)) }),
    ...(sort === undefined ? {} : { compare: (left, right) => sort.compare(view(left), view(right)) }),
  };
}

/** An empty filter is broken syntax, never an unfiltered list. */
function readFilter(filter: unknown): string {
  if (typeof filter === 'string') return filter;
  throw new ProtocolError('invalidFilter', 'The filter must be a string.');
}

function assertSearchSchema(body: JsonObject): void {
  const urns = readMessageKey(body, 'schemas');
  if (isJsonArray(urns) && urns.includes(SEARCH_REQUEST_URN)) return;
  throw new ProtocolError('invalidSyntax', `"schemas" must list ${SEARCH_REQUEST_URN}.`);
}
