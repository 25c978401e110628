// A query over an organisation's users; what a query is stands in resource-query.ts.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User, UserKey } from '#directory/user.ts';
import { queryResources, type ResourceQuery } from './resource-query.ts';
import type { UserPage, UserStore } from './user-store.ts';

export interface UserQuery extends ResourceQuery<User> {
  /** A superset of the answer that can be read by an index: one key, or one id. */
  readonly narrowTo?: { readonly key: UserKey } | { readonly id: UserId };
}

export interface UserQueryResult {
  readonly total: number;
  readonly users: readonly User[];
}

/** How many `findByKey` gives at most. */
const keyLookupLimit = 1_000;

/** Answers one page and the true total. Throws `StorageError`. */
export async function queryUsers(
  store: UserStore,
  organizationId: OrganizationId,
  query: UserQuery,
): Promise<UserQueryResult> {
  const { narrowTo } = query;
  // A key that is too common to be read at once still keeps a walk to those who have it.
  const havingKey = narrowTo !== undefined && 'key' in narrowTo ? narrowTo : {};
  const { total, items } = await queryResources(
    {
      count: () => store.count(organizationId),
      list: (page) => store.list(organizationId, { ...(page as UserPage), ...havingKey }),
      narrowed: narrowTo === undefined ? undefined : () => lookUp(store, organizationId, narrowTo),
    },
    query,
  );
  return { total, users: items };
}

/** Null when the key is so common that the store did not give all who have it. */
async function lookUp(
  store: UserStore,
  organizationId: OrganizationId,
  narrowTo: NonNullable<UserQuery['narrowTo']>,
): Promise<readonly User[] | null> {
  if ('id' in narrowTo) {
    const user = await store.get(organizationId, narrowTo.id);
    return user === null || user.deletedAt !== undefined ? [] : [user];
  }
  const found = await store.findByKey(organizationId, narrowTo.key);
  return found.length >= keyLookupLimit ? null : found;
}
