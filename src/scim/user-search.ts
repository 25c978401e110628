// Lists of users: filter, sort, page and projection together (RFC 7644 §3.4.2), by GET with a query or by POST to `.search` (§3.4.3).
// Inactive users are always among them; deleted ones never.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { queryUsers, type UserQuery } from '#storage/user-query.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { isShown, parseProjection, projectResource } from './protocol/projection.ts';
import { readListPage, type ListOrder } from './list-page.ts';
import type { ScimAnswer, ScimContext, ScimRequest } from './scim-operation.ts';
import { readFilter, readListParameters, readSearchParameters, type SearchParameters } from './search-request.ts';
import { createUserView, parseUserFilter } from './user-filter.ts';
import { readUserGroups } from './user-groups.ts';
import { toScimUser, toUserContent } from './user-representation.ts';
import { userResourceSchema } from './user-schema.ts';
import { parseUserSort } from './user-sort.ts';

/** `GET /Users`. */
export async function listUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  return search(context, request, readListParameters(request));
}

/** `POST /Users/.search`. */
export async function searchUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  return search(context, request, await readSearchParameters(request));
}

async function search(context: ScimContext, request: ScimRequest, parameters: SearchParameters): Promise<ScimAnswer> {
  const { organizationId } = request.client;
  const projection = parseProjection(parameters, userResourceSchema);
  const groups = new Map<string, readonly JsonObject[]>();
  const { query, ordering } = toUserQuery(context, request, parameters, groups);
  const page = readListPage(context, request, 'User', parameters, ordering);
  const found = await queryUsers(context.storage.users, organizationId, { ...query, ...page.range });
  const users = page.shown(found.users);
  if (isShown(projection, 'groups')) await addGroups(context, organizationId, users, groups);
  const resources = users.map((user) =>
    projectResource(toScimUser(user, context.scimBase, groups.get(user.id)), userResourceSchema, projection),
  );
  return { status: 200, body: page.toAnswer(found.users, resources, found.total) };
}

/** `groups` is filled as far as filter or order ask about groups. */
function toUserQuery(
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  groups: Map<string, readonly JsonObject[]>,
): {
  readonly query: Pick<UserQuery, 'narrowTo' | 'prepare' | 'matches' | 'compare'>;
  readonly ordering: ListOrder<User>;
} {
  const { scimBase } = context;
  const { organizationId, settings } = request.client;
  const sort = parseUserSort(parameters);
  const filter =
    parameters.filter === undefined ? undefined : parseUserFilter(readFilter(parameters.filter), settings.strict);
  const usesVersion = sort?.usesVersion === true || filter?.usesVersion === true;
  const usesGroups = sort?.usesGroups === true || filter?.usesGroups === true;
  const view = createUserView((user) => {
    if (usesVersion) return toScimUser(user, scimBase, groups.get(user.id));
    const own = groups.get(user.id);
    return own === undefined ? toUserContent(user, scimBase) : { ...toUserContent(user, scimBase), groups: own };
  });
  const query = {
    ...(filter?.narrowTo === undefined ? {} : { narrowTo: filter.narrowTo }),
    ...(usesGroups ? { prepare: (users: readonly User[]) => addGroups(context, organizationId, users, groups) } : {}),
    ...(filter === undefined ? {} : { matches: (user: User) => filter.matches(view(user)) }),
    ...(sort === undefined ? {} : { compare: (left: User, right: User) => sort.compare(view(left), view(right)) }),
  };
  return { query, ordering: { order: sort?.order, view } };
}

async function addGroups(
  { storage, scimBase }: ScimContext,
  organizationId: OrganizationId,
  users: readonly User[],
  groups: Map<string, readonly JsonObject[]>,
): Promise<void> {
  const missing = users.filter(({ id }) => !groups.has(id));
  for (const [id, own] of await readUserGroups(storage, organizationId, missing, scimBase)) groups.set(id, own);
}
