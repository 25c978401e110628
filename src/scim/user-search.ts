// Lists of users: filter, sort, page and projection together (RFC 7644 §3.4.2), by GET with a query or by POST to `.search` (§3.4.3).
// Inactive users are always among them; deleted ones never.

import type { User } from '#directory/user.ts';
import { queryUsers, type UserQuery } from '#storage/user-query.ts';
import { isShown, parseProjection, projectResource } from './protocol/projection.ts';
import type { ListOrder } from './list-page.ts';
import { createSearchOperations, type ResourceSearch, type SearchOptions } from './resource-search.ts';
import type { ScimContext, ScimRequest } from './scim-operation.ts';
import { readFilter, type SearchParameters } from './search-request.ts';
import { createUserView, parseUserFilter } from './user-filter.ts';
import { createUserRelations, type UserRelations } from './user-relations.ts';
import { toScimUser, toUserContent } from './user-representation.ts';
import { parseUserSort } from './user-sort.ts';

/** `GET /Users` and `POST /Users/.search`. */
export const { list: listUsers, search: searchUsers } = createSearchOperations(prepareUserSearch);

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
  const relations = createUserRelations(context, organizationId);
  const { query, ordering } = toUserQuery(context, request, parameters, relations, options);
  return {
    resourceType: 'User',
    ordering,
    async find(range) {
      const { total, users } = await queryUsers(context.storage.users, organizationId, { ...query, ...range });
      return { total, items: users };
    },
    async show(users) {
      if (isShown(projection, 'groups')) await relations.addGroups(users);
      await relations.addDepartments(users);
      return users.map((user) =>
        projectResource(toScimUser(user, schema, context.scimBase, relations.of(user)), schema, projection),
      );
    },
  };
}

/** `relations` are filled as far as filter or order ask about them. */
function toUserQuery(
  { scimBase }: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  relations: UserRelations,
  { amongAllTypes = false }: SearchOptions,
): {
  readonly query: Pick<UserQuery, 'narrowTo' | 'prepare' | 'matches' | 'compare'>;
  readonly ordering: ListOrder<User>;
} {
  const { settings } = request.client;
  const schema = request.schemas.user;
  const sort = parseUserSort(parameters, schema, { amongAllTypes });
  const filter =
    parameters.filter === undefined
      ? undefined
      : parseUserFilter(readFilter(parameters.filter), schema, { strict: settings.strict, amongAllTypes });
  const uses = (part: 'usesVersion' | 'usesGroups' | 'usesDepartments') =>
    sort?.[part] === true || filter?.[part] === true;
  const [usesVersion, usesGroups, usesDepartments] = [uses('usesVersion'), uses('usesGroups'), uses('usesDepartments')];
  const view = createUserView((user) => {
    const related = relations.of(user);
    if (usesVersion) return toScimUser(user, schema, scimBase, related);
    const content = toUserContent(user, schema, scimBase, usesDepartments ? related.departments : undefined);
    return related.groups.length === 0 ? content : { ...content, groups: related.groups };
  });
  const prepare = async (users: readonly User[]): Promise<void> => {
    if (usesGroups) await relations.addGroups(users);
    if (usesDepartments) await relations.addDepartments(users);
  };
  const query = {
    ...(filter?.narrowTo === undefined ? {} : { narrowTo: filter.narrowTo }),
    ...(usesGroups || usesDepartments ? { prepare } : {}),
    ...(filter === undefined ? {} : { matches: (user: User) => filter.matches(view(user)) }),
    ...(sort === undefined ? {} : { compare: (left: User, right: User) => sort.compare(view(left), view(right)) }),
  };
  return { query, ordering: { order: sort?.order, view } };
}
