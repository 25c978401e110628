// Lists of users: filter, sort, page and projection together (RFC 7644 §3.4.2), by GET with a query or by POST to `.search` (§3.4.3).
// Inactive users are always among them; deleted ones never.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { queryUsers, type UserQuery } from '#storage/user-query.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { isShown, parseProjection, projectResource } from './protocol/projection.ts';
import type { ListOrder } from './list-page.ts';
import { answerSearch, type ResourceSearch, type SearchOptions } from './resource-search.ts';
import type { ScimAnswer, ScimContext, ScimRequest } from './scim-operation.ts';
import { readFilter, readListParameters, readSearchParameters, type SearchParameters } from './search-request.ts';
import { createUserView, parseUserFilter } from './user-filter.ts';
import { readUserGroups } from './user-groups.ts';
import { toScimUser, toUserContent } from './user-representation.ts';
import { parseUserSort } from './user-sort.ts';

/** `GET /Users`. */
export async function listUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const parameters = readListParameters(request);
  return answerSearch(context, request, parameters, prepareUserSearch(context, request, parameters));
}

/** `POST /Users/.search`. */
export async function searchUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const parameters = await readSearchParameters(request);
  return answerSearch(context, request, parameters, prepareUserSearch(context, request, parameters));
}

/** Throws `ProtocolError` for parameters that mean nothing. */
export function prepareUserSearch(
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  options: SearchOptions = {},
): ResourceSearch<User> {
  const { organizationId } = request.client;
  const schema = request.schemas.user;
  const projection = parseProjection(parameters, schema);
  const groups = new Map<string, readonly JsonObject[]>();
  const { query, ordering } = toUserQuery(context, request, parameters, groups, options);
  return {
    resourceType: 'User',
    ordering,
    async find(range) {
      const { total, users } = await queryUsers(context.storage.users, organizationId, { ...query, ...range });
      return { total, items: users };
    },
    async show(users) {
      if (isShown(projection, 'groups')) await addGroups(context, organizationId, users, groups);
      return users.map((user) =>
        projectResource(toScimUser(user, schema, context.scimBase, groups.get(user.id)), schema, projection),
      );
    },
  };
}

/** `groups` is filled as far as filter or order ask about groups. */
function toUserQuery(
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  groups: Map<string, readonly JsonObject[]>,
  { amongAllTypes = false }: SearchOptions,
): {
  readonly query: Pick<UserQuery, 'narrowTo' | 'prepare' | 'matches' | 'compare'>;
  readonly ordering: ListOrder<User>;
} {
  const { scimBase } = context;
  const { organizationId, settings } = request.client;
  const schema = request.schemas.user;
  const sort = parseUserSort(parameters, schema, { amongAllTypes });
  const filter =
    parameters.filter === undefined
      ? undefined
      : parseUserFilter(readFilter(parameters.filter), schema, { strict: settings.strict, amongAllTypes });
  const usesVersion = sort?.usesVersion === true || filter?.usesVersion === true;
  const usesGroups = sort?.usesGroups === true || filter?.usesGroups === true;
  const view = createUserView((user) => {
    if (usesVersion) return toScimUser(user, schema, scimBase, groups.get(user.id));
    const own = groups.get(user.id);
    const content = toUserContent(user, schema, scimBase);
    return own === undefined ? content : { ...content, groups: own };
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
