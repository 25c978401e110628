// Finding users for an administrator: by an exact key through its index, else by a walk in order of creation that is bounded in time.
// A walk that runs out of time answers what it found and where it stopped, so that no list keeps the server to itself (surface.md, "Admin API").

import { foldCase, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import { displayNameOf, statusOf, type User, type UserKey, type UserStatus } from '#directory/user.ts';
import type { UserCounts } from '#storage/user-store.ts';
import type * as contract from './admin-contract.ts';
import type { AdminContext } from './admin-operation.ts';

type UserQuery = ReturnType<typeof contract.userQuery.parse>;

export interface UserFindings {
  /** At most `limit`; fewer also when the time was up. */
  readonly users: readonly User[];
  /** The id to go on after; null: there are no more. */
  readonly next: UserId | null;
}

const piece = 200;
const walkMs = 2_000;

/** Matching users after an id, in order of creation. Throws `StorageError`. */
export async function findUsers(
  context: Pick<AdminContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  query: UserQuery,
  after: UserId | undefined,
  limit: number,
): Promise<UserFindings> {
  const { users } = context.storage;
  const matches = matcherOf(query);
  const key = keyOf(query);
  if (key !== null) {
    const found = await users.findByKey(organizationId, key);
    const rest = found.filter((user) => matches(user) && (after === undefined || user.id > after));
    return toFindings(rest, limit);
  }
  if (query.status !== undefined && isNone(query.status, await users.counts(organizationId)))
    return { users: [], next: null };
  const until = context.now() + walkMs;
  const found: User[] = [];
  for (let place = after; ; ) {
    const read = await users.list(organizationId, { ...(place === undefined ? {} : { after: place }), limit: piece });
    for (const user of read) if (found.length <= limit && matches(user)) found.push(user);
    place = read.at(-1)?.id ?? place;
    if (read.length < piece || found.length > limit) return toFindings(found, limit);
    if (context.now() >= until) return { users: found, next: place ?? null };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** One more than the limit says that there is a next page. */
function toFindings(found: readonly User[], limit: number): UserFindings {
  const shown = found.slice(0, limit);
  return { users: shown, next: found.length > limit ? (shown.at(-1)?.id ?? null) : null };
}

/** Counts are kept by the store: nobody is read to learn that nobody waits. */
function isNone(status: UserStatus, counts: UserCounts): boolean {
  return status in counts && counts[status as keyof UserCounts] === 0;
}

function keyOf(query: UserQuery): UserKey | null {
  if (query.userName !== undefined) return { kind: 'userName', value: foldCase(query.userName) };
  if (query.externalId !== undefined) return { kind: 'externalId', value: query.externalId };
  if (query.email !== undefined) return { kind: 'email', value: foldCase(query.email) };
  if (query.displayName !== undefined) return { kind: 'displayName', value: foldCase(query.displayName) };
  return null;
}

/** Every condition that was given must hold, also those beside the key. */
function matcherOf(query: UserQuery): (user: User) => boolean {
  const same = (value: string | undefined, wanted: string | undefined) =>
    wanted === undefined || (value !== undefined && foldCase(value) === foldCase(wanted));
  return (user) => {
    const { userName, externalId, displayName, emails } = user.profile;
    if (query.status !== undefined && statusOf(user) !== query.status) return false;
    if (!same(userName, query.userName) || !same(displayName, query.displayName)) return false;
    if (query.externalId !== undefined && externalId !== query.externalId) return false;
    if (
      query.email !== undefined &&
      !(emails ?? []).some((email) => typeof email['value'] === 'string' && same(email['value'], query.email))
    )
      return false;
    return (
      query.q === undefined ||
      [userName, displayNameOf(user.profile)].some((name) => foldCase(name).includes(foldCase(query.q ?? '')))
    );
  };
}
