// A query over an organisation's users: narrowed by an indexed key where there is one, re-checked by the caller's own predicate, sorted, paged.
// The same code serves both stores, so a filter means the same on each. A walk yields to the event loop between pieces.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User, UserKey } from '#directory/user.ts';
import type { UserStore } from './user-store.ts';

export interface UserQuery {
  /** A superset of the answer that can be read by an index: one key, or one id. */
  readonly narrowTo?: { readonly key: UserKey } | { readonly id: UserId };
  /** Left out: everybody. */
  readonly matches?: (user: User) => boolean;
  /** Negative, zero or positive as for `Array.sort`; ties and default: order of creation. */
  readonly compare?: (a: User, b: User) => number;
  /** Rows to pass over, and how many to answer (0 answers only the total). */
  readonly offset: number;
  readonly limit: number;
}

export interface UserQueryResult {
  readonly total: number;
  readonly users: readonly User[];
}

const piece = 200;
/** How many `findByKey` gives at most. */
const keyLookupLimit = 1_000;

/** Answers one page and the true total. Throws `StorageError`. */
export async function queryUsers(
  store: UserStore,
  organizationId: OrganizationId,
  query: UserQuery,
): Promise<UserQueryResult> {
  if (query.narrowTo === undefined && query.matches === undefined && query.compare === undefined) {
    const total = await store.count(organizationId);
    if (query.limit === 0 || query.offset >= total) return { total, users: [] };
    return { total, users: await store.list(organizationId, { offset: query.offset, limit: query.limit }) };
  }
  const found =
    query.narrowTo === undefined
      ? await walk(store, organizationId, query)
      : ((await lookUp(store, organizationId, query)) ?? (await walk(store, organizationId, query)));
  const sorted = query.compare === undefined ? found : found.toSorted(query.compare);
  return { total: found.length, users: sorted.slice(query.offset, query.offset + query.limit) };
}

/** Null when the key is so common that the store did not give all who have it. */
async function lookUp(
  store: UserStore,
  organizationId: OrganizationId,
  query: UserQuery,
): Promise<readonly User[] | null> {
  const { narrowTo, matches } = query;
  let candidates: readonly User[] = [];
  if (narrowTo !== undefined && 'key' in narrowTo) candidates = await store.findByKey(organizationId, narrowTo.key);
  if (narrowTo !== undefined && 'id' in narrowTo) {
    const user = await store.get(organizationId, narrowTo.id);
    candidates = user === null || user.deletedAt !== undefined ? [] : [user];
  }
  if (candidates.length >= keyLookupLimit) return null;
  return matches === undefined ? candidates : candidates.filter(matches);
}

async function walk(store: UserStore, organizationId: OrganizationId, query: UserQuery): Promise<readonly User[]> {
  const found: User[] = [];
  let after: UserId | undefined;
  for (;;) {
    const users = await store.list(organizationId, { ...(after === undefined ? {} : { after }), limit: piece });
    for (const user of users) if (query.matches === undefined || query.matches(user)) found.push(user);
    if (users.length < piece) return found;
    after = users.at(-1)?.id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
