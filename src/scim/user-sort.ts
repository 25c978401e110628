// From `sortBy` and `sortOrder` to an order of users (RFC 7644 §3.4.2.3). Without `sortBy` the order is that of creation,
// which is the store's own; it also breaks ties.

import type { JsonObject } from './protocol/json-value.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import { compareBySortOrder, parseSortOrder, type SortOrder, type SortParameters } from './protocol/sort-order.ts';
import { isOfDepartments } from './user-filter.ts';

export interface UserSort {
  readonly order: SortOrder;
  compare(left: JsonObject, right: JsonObject): number;
  /** Whether the order is by `meta.version`, which costs a hash per user. */
  readonly usesVersion: boolean;
  /** Whether the order is by `groups`, which are read apart. */
  readonly usesGroups: boolean;
  /** Whether the order is by departments, whose names and codes are read apart. */
  readonly usesDepartments: boolean;
}

/** Undefined without `sortBy`. Throws `ProtocolError` invalidValue. */
export function parseUserSort(
  parameters: SortParameters,
  schema: ResourceSchema,
  options: { readonly amongAllTypes: boolean },
): UserSort | undefined {
  const order = parseSortOrder(parameters, schema, options);
  if (order === undefined) return undefined;
  return {
    order,
    compare: (left, right) => compareBySortOrder(order, left, right),
    usesVersion: order.path[0] === 'meta' && order.path.at(-1) === 'version',
    usesGroups: order.path[0] === 'groups',
    usesDepartments: isOfDepartments(order.path),
  };
}
