// Groups and their members. One guarded write of the group's document commits a change with all who come and go; who is in a group is read in
// mongo-group-reader.ts.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { randomUUID } from 'node:crypto';
import type { GroupCommit, GroupStore } from '../group-store.ts';
import { operators } from './mongo-connection.ts';
import { effectFields, withEffects } from './mongo-effects.ts';
import { guard, isDuplicateKey } from './mongo-errors.ts';
import {
  fromGroupDocument,
  type GroupDocument,
  groupParts,
  type GroupModel,
  type MemberModel,
  toGroupFields,
  toStoredGroupKey,
} from './mongo-group-document.ts';
import { createGroupMembersCarrier } from './mongo-group-members.ts';
import { createGroupReader } from './mongo-group-reader.ts';

/** `known`: which of these users are undeleted. */
export function createGroupStore(
  groups: GroupModel,
  members: MemberModel,
  known: (organizationId: OrganizationId, ids: readonly string[]) => Promise<readonly UserId[]>,
  reportTrouble: (message: string, error: unknown) => void,
): GroupStore {
  const carrier = createGroupMembersCarrier(groups, members, reportTrouble);
  const reader = createGroupReader(groups, members, carrier, known);

  async function commit({
    group,
    expectedRevision,
    add,
    remove,
    effects,
  }: GroupCommit): Promise<'committed' | 'conflict'> {
    const id = randomUUID();
    const isDeleted = group.deletedAt !== undefined;
    const moves = add.length + remove.length > 0 || isDeleted;
    const change = { rev: group.revision, add, remove, ...(isDeleted ? { empties: true as const } : {}) };
    const now = Date.now();
    if (expectedRevision === null) {
      const pending = { pending: moves ? { [id]: change } : {}, pendingCount: moves ? 1 : 0, pendingSince: now };
      try {
        await groups.insertOne({ _id: group.id, ...toGroupFields(group), ...pending, ...effectFields(effects) });
      } catch (error) {
        if (isDuplicateKey(error)) return 'conflict';
        throw error;
      }
    } else {
      const { organizationId: _never, ...fields } = toGroupFields(group);
      const set = moves ? { ...fields, [`pending.${id}`]: change, pendingSince: now } : fields;
      const { matchedCount } = await groups.updateOne(
        { _id: group.id, organizationId: group.organizationId, revision: expectedRevision, deleted: false },
        withEffects(set, effects, moves ? { pendingCount: 1 } : {}),
      );
      if (matchedCount === 0) return 'conflict';
    }
    // Committed from here on; what is left can be carried out by anybody.
    try {
      if (moves)
        await carrier.settle({ _id: group.id, organizationId: group.organizationId, pending: { [id]: change } });
    } catch (error) {
      reportTrouble('members of a group are left to whoever reads it next', error);
    }
    return 'committed';
  }

  return {
    commit: (change) => guard(() => commit(change)),
    get: (organizationId, id) =>
      guard(async () => {
        const found = await groups
          .findOne({ _id: id, organizationId, deleted: false }, groupParts)
          .lean<GroupDocument>();
        return found === null ? null : fromGroupDocument(found);
      }),
    getMany: (organizationId, ids) =>
      guard(async () => (await reader.many(organizationId, ids)).map(fromGroupDocument)),
    findByKey: (organizationId, key) =>
      guard(async () => {
        const asked = { organizationId, keys: toStoredGroupKey(key), deleted: false };
        const found = await groups.find(asked, groupParts).sort({ _id: 1 }).limit(1_000).lean<GroupDocument[]>();
        return found.map(fromGroupDocument);
      }),
    list: (organizationId, { after, offset = 0, limit }) =>
      guard(async () => {
        if (limit <= 0) return [];
        const later = after === undefined ? {} : { _id: operators({ $gt: after }) };
        const asked = { organizationId, deleted: false, ...later };
        const found = await groups
          .find(asked, groupParts)
          .sort({ _id: 1 })
          .skip(offset)
          .limit(limit)
          .lean<GroupDocument[]>();
        return found.map(fromGroupDocument);
      }),
    count: (organizationId) => guard(() => groups.countDocuments({ organizationId, deleted: false })),
    members: (organizationId, id, page) => guard(() => reader.members(organizationId, id, page)),
    membersOf: (organizationId, ids, limit) => guard(() => reader.membersOf(organizationId, ids, limit)),
    membersAmong: (organizationId, id, ids) => guard(() => reader.membersAmong(organizationId, id, ids)),
    groupsOf: (organizationId, memberIds) => guard(() => reader.groupsOf(organizationId, memberIds)),
    settle: (olderThan) => guard(() => carrier.settleAll(olderThan)),
  };
}
