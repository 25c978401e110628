// Who may use an app: everyone of the organisation, or the members of some groups, nested ones included. Read from storage each time: whoever is
// taken out of the group is out at once. What was asked and found is kept with a refusal (sessions/refuse-app-use.ts).

import type { App } from '#directory/app.ts';
import type { GroupId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Storage } from '#storage/storage.ts';

/** Groups within groups are followed so far; a circle ends by itself. */
const deepest = 32;
const piece = 1_000;

/** All groups a person is in, directly or through groups within them. Throws `StorageError`. */
export async function groupsOfPerson(
  storage: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  userId: UserId,
): Promise<ReadonlySet<GroupId>> {
  const found = new Set<GroupId>();
  let members: readonly string[] = [userId];
  for (let level = 0; members.length > 0 && level < deepest; level += 1) {
    const above: GroupId[] = [];
    for (let from = 0; from < members.length; from += piece) {
      const groups = await storage.groups.groupsOf(organizationId, members.slice(from, from + piece));
      for (const id of [...groups.values()].flat()) if (!found.has(id) && found.add(id)) above.push(id);
    }
    members = above;
  }
  return found;
}

/** Groups of which a person must be in one, and whether they are. */
export interface GroupDemand {
  readonly groups: readonly GroupId[];
  readonly isMember: boolean;
}

/** Asks each of these lists of groups about a person, as things are now; a list of none has no members. Throws `StorageError`. */
export async function askGroups(
  storage: Pick<Storage, 'groups'>,
  organizationId: OrganizationId,
  userId: UserId,
  lists: readonly (readonly GroupId[])[],
): Promise<readonly GroupDemand[]> {
  const theirs = lists.every((groups) => groups.length === 0)
    ? new Set<GroupId>()
    : await groupsOfPerson(storage, organizationId, userId);
  return lists.map((groups) => ({ groups, isMember: groups.some((id) => theirs.has(id)) }));
}

/** Whether a person is in one of each of the lists. */
export function areMet(demands: readonly GroupDemand[]): boolean {
  return demands.every(({ isMember }) => isMember);
}

/** What the app as a whole asks of its people; empty: everyone of the organisation may use it. */
export function groupsOfApp({ groups }: Pick<App, 'groups'>): readonly (readonly GroupId[])[] {
  return groups === undefined ? [] : [groups];
}
