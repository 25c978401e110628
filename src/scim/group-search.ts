// Lists of groups: filter, sort, page and projection together (RFC 7644 §3.4.2). Members are read only if they are shown or asked about.

import type { Group, GroupMember } from '#directory/group.ts';
import { listMembersOf } from '#provisioning/group-members.ts';
import type { GroupPage } from '#storage/group-store.ts';
import { queryResources, type ResourceQuery } from '#storage/resource-query.ts';
import { parseGroupFilter, readAskedMembers, type GroupFilter } from './group-filter.ts';
import { toScimGroup } from './group-representation.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { isShown, parseProjection, projectResource } from './protocol/projection.ts';
import { compareBySortOrder, parseSortOrder, type SortOrder } from './protocol/sort-order.ts';
import type { ListOrder } from './list-page.ts';
import { createSearchOperations, type ResourceSearch, type SearchOptions } from './resource-search.ts';
import type { ScimContext, ScimRequest } from './scim-operation.ts';
import { readFilter, type SearchParameters } from './search-request.ts';

/** `GET /Groups` and `POST /Groups/.search`. */
export const { list: listGroups, search: searchGroups } = createSearchOperations(prepareGroupSearch);

/** Throws `ProtocolError` for parameters that mean nothing. */
export function prepareGroupSearch(
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  { amongAllTypes = false }: SearchOptions = {},
): ResourceSearch<Group> {
  const { storage, scimBase } = context;
  const { organizationId, settings } = request.client;
  const schema = request.schemas.group;
  const projection = parseProjection(parameters, schema);
  const filter =
    parameters.filter === undefined
      ? undefined
      : parseGroupFilter(readFilter(parameters.filter), schema, { strict: settings.strict, amongAllTypes });
  const narrowed = filter?.narrowed;
  const order = parseSortOrder(parameters, schema, { amongAllTypes });
  const { query, ordering } = toQuery(context, request, order, filter);
  const source = {
    count: () => storage.groups.count(organizationId),
    list: (page: GroupPage) => storage.groups.list(organizationId, page),
    narrowed: narrowed === undefined ? undefined : () => narrowed(storage, organizationId),
  };
  return {
    resourceType: 'Group',
    ordering,
    find: (range) => queryResources(source, { ...query, ...range }),
    async show(groups) {
      const ids = isShown(projection, 'members') ? groups.map(({ id }) => id) : [];
      const members = await listMembersOf(storage, organizationId, ids);
      return groups.map((group) =>
        projectResource(toScimGroup(group, schema, members.get(group.id), scimBase), schema, projection),
      );
    },
  };
}

function toQuery(
  { storage, scimBase }: ScimContext,
  request: ScimRequest,
  order: SortOrder | undefined,
  filter: GroupFilter | undefined,
): {
  readonly query: Pick<ResourceQuery<Group>, 'prepare' | 'matches' | 'compare'>;
  readonly ordering: ListOrder<Group>;
} {
  const asked = new WeakMap<Group, readonly GroupMember[]>();
  const view = (group: Group): JsonObject => toScimGroup(group, request.schemas.group, asked.get(group), scimBase);
  const { organizationId } = request.client;
  const query = {
    ...(filter === undefined
      ? {}
      : {
          matches: (group: Group) => filter.matches(view(group)),
          async prepare(groups: readonly Group[]) {
            const members = await readAskedMembers(storage, organizationId, groups, filter.asked);
            for (const group of groups) asked.set(group, members.get(group.id) ?? []);
          },
        }),
    ...(order === undefined
      ? {}
      : { compare: (left: Group, right: Group) => compareBySortOrder(order, view(left), view(right)) }),
  };
  return { query, ordering: { order, view } };
}
