// Who is meant by the ids of members, and who of them is in a group, asked of the store in pieces.

import type { GroupMember } from '#directory/group.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import type { Storage } from '#storage/storage.ts';

const piece = 1_000;

/** The users and groups that `ids` name, once each, in their order; the rest name nobody here. */
export async function resolveMembers(
  storage: Pick<Storage, 'users' | 'groups'>,
  organizationId: OrganizationId,
  ids: readonly string[],
): Promise<{ readonly members: readonly GroupMember[]; readonly unknown: readonly string[] }> {
  const members: GroupMember[] = [];
  const unknown: string[] = [];
  for (const some of inPieces([...new Set(ids)])) {
    const users = new Set<string>(await storage.users.known(organizationId, some));
    const rest = some.filter((id) => !users.has(id)) as GroupId[];
    const found = rest.length === 0 ? [] : await storage.groups.getMany(organizationId, rest);
    const groups = new Set<string>(found.map((group) => group.id));
    for (const id of some) {
      if (users.has(id)) members.push({ kind: 'user', id });
      else if (groups.has(id)) members.push({ kind: 'group', id });
      else unknown.push(id);
    }
  }
  return { members, unknown };
}

/** Those of `ids` who are in the group. */
export async function membersAmong(
  { groups }: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  id: GroupId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  for (const some of inPieces(ids)) {
    for (const member of await groups.membersAmong(organizationId, id, some)) present.add(member);
  }
  return present;
}

/** Everybody in the group. `withDeleted`: those too who are deleted and shown nowhere. */
export async function listMembers(
  { groups }: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  id: GroupId,
  { withDeleted = false }: { readonly withDeleted?: boolean } = {},
): Promise<readonly GroupMember[]> {
  const members: GroupMember[] = [];
  for (;;) {
    const after = members.at(-1)?.id;
    const page = { limit: piece, withDeleted, ...(after === undefined ? {} : { after }) };
    const some = await groups.members(organizationId, id, page);
    members.push(...some);
    if (some.length < piece) return members;
  }
}

/** Everybody in each of these groups, small ones many at a time. Deleted people are left out. */
export async function listMembersOf(
  storage: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  ids: readonly GroupId[],
): Promise<ReadonlyMap<GroupId, readonly GroupMember[]>> {
  const members = new Map<GroupId, readonly GroupMember[]>();
  let left = ids.toSorted();
  while (left.length > 0) {
    const found = await storage.groups.membersOf(organizationId, left.slice(0, piece), piece);
    for (const [id, some] of found) members.set(id, some);
    const [first] = left;
    if (first !== undefined && !members.has(first))
      members.set(first, await listMembers(storage, organizationId, first));
    left = left.filter((id) => !members.has(id));
  }
  return members;
}

function inPieces<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / piece) }, (_, n) => items.slice(n * piece, (n + 1) * piece));
}
