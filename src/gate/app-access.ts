// Who may use an app: everyone of the organisation, or the members of some groups, nested ones included. Read from storage each time: whoever is
// taken out of the group is out at once.

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

/** Whether a person may use the app. Throws `StorageError`. */
export async function mayUseApp(
  storage: Pick<Storage, 'groups'>,
  app: Pick<App, 'organizationId' | 'groups'>,
  userId: UserId,
): Promise<boolean> {
  if (app.groups === undefined) return true;
  if (app.groups.length === 0) return false;
  const groups = await groupsOfPerson(storage, app.organizationId, userId);
  return app.groups.some((id) => groups.has(id));
}
