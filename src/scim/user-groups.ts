// The `groups` of users (RFC 7643 §4.1.2): read only, those they are in directly, and those that hold these. One question per level of nesting
// for a whole page of users.

import type { Group } from '#directory/group.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import { groupLocation } from './group-representation.ts';
import type { JsonObject } from './protocol/json-value.ts';

/** Deeper nesting is not followed. */
const mostLevels = 20;
const piece = 1_000;

type Parents = ReadonlyMap<string, readonly GroupId[]>;

/** For each user the value of `groups`; left out where it is in none. */
export async function readUserGroups(
  storage: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  users: readonly Pick<User, 'id'>[],
  scimBase: string,
): Promise<ReadonlyMap<string, readonly JsonObject[]>> {
  const parents = await readParents(
    storage,
    organizationId,
    users.map(({ id }) => id),
  );
  if (parents.size === 0) return new Map();
  const groups = await readGroups(storage, organizationId, new Set([...parents.values()].flat()));
  const shown = new Map<string, readonly JsonObject[]>();
  for (const { id } of users) {
    const direct = new Set(parents.get(id) ?? []);
    const values = [...closure(id, parents)].flatMap((groupId) => {
      const group = groups.get(groupId);
      if (group === undefined) return [];
      const { displayName } = group.profile;
      const type = direct.has(groupId) ? 'direct' : 'indirect';
      return [{ value: groupId, $ref: groupLocation(group, scimBase), display: displayName, type }];
    });
    if (values.length > 0) shown.set(id, values);
  }
  return shown;
}

/** Who is in which groups, and these in which, upwards. */
async function readParents(
  { groups }: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  ids: readonly string[],
): Promise<Parents> {
  const parents = new Map<string, readonly GroupId[]>();
  let level: readonly string[] = ids;
  for (let depth = 0; depth < mostLevels && level.length > 0; depth += 1) {
    const found = new Set<string>();
    for (let from = 0; from < level.length; from += piece) {
      for (const [member, its] of await groups.groupsOf(organizationId, level.slice(from, from + piece))) {
        parents.set(member, its);
        for (const id of its) found.add(id);
      }
    }
    level = [...found].filter((id) => !parents.has(id));
  }
  return parents;
}

async function readGroups(
  { groups }: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  ids: ReadonlySet<GroupId>,
): Promise<ReadonlyMap<string, Group>> {
  const all = [...ids];
  const found = new Map<string, Group>();
  for (let from = 0; from < all.length; from += piece) {
    for (const group of await groups.getMany(organizationId, all.slice(from, from + piece))) found.set(group.id, group);
  }
  return found;
}

function closure(id: string, parents: Parents): ReadonlySet<GroupId> {
  const reached = new Set<GroupId>();
  const open: string[] = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const parent of parents.get(next) ?? []) {
      if (reached.has(parent)) continue;
      reached.add(parent);
      open.push(parent);
    }
  }
  return reached;
}
