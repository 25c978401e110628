// Groups and their members. One guarded write of the group's document commits a change with all who come and go; readers first see to it that
// nothing is pending, and start over when the group changed under them, so that they see all of a change or nothing.

import type { GroupMember } from '#directory/group.ts';
import type { GroupId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { randomUUID } from 'node:crypto';
import type { GroupCommit, GroupStore, MemberPage } from '../group-store.ts';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import { effectFields, withEffects } from './mongo-effects.ts';
import { guard, isDuplicateKey } from './mongo-errors.ts';
import {
  fromGroupDocument,
  type GroupDocument,
  groupParts,
  type GroupModel,
  type MemberDocument,
  type MemberModel,
  memberRowId,
  toGroupFields,
  toStoredGroupKey,
} from './mongo-group-document.ts';
import { createGroupMembersCarrier } from './mongo-group-members.ts';

/** Times a reader starts over while others keep changing the group. */
const mostRounds = 50;

/** `known`: which of these users are undeleted. */
export function createGroupStore(
  groups: GroupModel,
  members: MemberModel,
  known: (organizationId: OrganizationId, ids: readonly string[]) => Promise<readonly UserId[]>,
  reportTrouble: (message: string, error: unknown) => void,
): GroupStore {
  const carrier = createGroupMembersCarrier(groups, members, reportTrouble);

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

  /** Answers what `read` finds while nothing is pending and nothing changes; `none` for a group that is not there. */
  async function whileStill<Value>(
    organizationId: OrganizationId,
    id: GroupId,
    none: Value,
    read: () => Promise<Value>,
  ): Promise<Value> {
    const look = () =>
      groups
        .findOne({ _id: id, organizationId, deleted: false }, { revision: 1, pending: 1, organizationId: 1 })
        .lean<GroupDocument>();
    let before = await look();
    for (let round = 0; round < mostRounds; round += 1) {
      if (before === null) return none;
      if (Object.keys(before.pending).length > 0) {
        await carrier.settle(before);
        before = await look();
        continue;
      }
      const value = await read();
      const after = await look();
      if (after?.revision === before.revision) return value;
      before = after;
    }
    throw new StorageError('unavailable', 'The group changes too fast to be read.');
  }

  /** Full pages, though rows of deleted users and groups are passed over. */
  async function readMembers(
    organizationId: OrganizationId,
    groupId: GroupId,
    page: MemberPage,
  ): Promise<readonly GroupMember[]> {
    const found: GroupMember[] = [];
    let { after } = page;
    while (found.length < page.limit) {
      const later = after === undefined ? {} : { memberId: operators({ $gt: after }) };
      const rows = await members
        .find({ organizationId, groupId, in: true, ...later })
        .sort({ memberId: 1 })
        .limit(page.limit)
        .lean<MemberDocument[]>();
      const some = rows.map(({ kind, memberId }): GroupMember => ({ kind, id: memberId }));
      found.push(...(page.withDeleted === true ? some : await undeleted(organizationId, some)));
      if (rows.length < page.limit) break;
      after = rows.at(-1)?.memberId;
    }
    return found.slice(0, page.limit);
  }

  /**
   * The rows of these members in any group. What is read twice alike, while no change that names them is under way in between, is all of every
   * change: one that was half written at the first look is still under way, or is whole at the second.
   */
  async function readRowsOf(
    organizationId: OrganizationId,
    memberIds: readonly string[],
  ): Promise<readonly MemberDocument[]> {
    const asked = new Set(memberIds);
    const look = () =>
      members
        .find({ organizationId, memberId: operators({ $in: memberIds }), in: true }, { memberId: 1, groupId: 1 })
        .sort({ _id: 1 })
        .lean<MemberDocument[]>();
    const underWay = { organizationId, pendingCount: operators({ $gt: 0 }) };
    for (let round = 0; round < mostRounds; round += 1) {
      const first = await look();
      const pending = await groups.find(underWay, { pending: 1, organizationId: 1 }).lean<GroupDocument[]>();
      const mine = pending.filter((group) => names(group, asked));
      for (const group of mine) await carrier.settle(group);
      if (mine.length > 0) continue;
      const second = await look();
      const isSame = first.length === second.length && first.every(({ _id }, at) => _id === second[at]?._id);
      if (isSame) return second;
    }
    throw new StorageError('unavailable', 'Groups change too fast to be read.');
  }

  async function undeleted(
    organizationId: OrganizationId,
    some: readonly GroupMember[],
  ): Promise<readonly GroupMember[]> {
    const idsOf = (kind: GroupMember['kind']): string[] =>
      some.flatMap((member) => (member.kind === kind ? [member.id] : []));
    const [users, nested] = [idsOf('user'), idsOf('group')];
    const live = new Set<string>(users.length === 0 ? [] : await known(organizationId, users));
    for (const group of nested.length === 0 ? [] : await readMany(organizationId, nested)) live.add(group._id);
    return some.filter(({ id }) => live.has(id));
  }

  function readMany(organizationId: OrganizationId, ids: readonly string[]): Promise<GroupDocument[]> {
    return groups
      .find({ organizationId, deleted: false, _id: operators({ $in: ids }) }, groupParts)
      .lean<GroupDocument[]>();
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
    getMany: (organizationId, ids) => guard(async () => (await readMany(organizationId, ids)).map(fromGroupDocument)),
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
    members: (organizationId, id, page) =>
      guard(async () =>
        page.limit <= 0 ? [] : whileStill(organizationId, id, [], () => readMembers(organizationId, id, page)),
      ),
    membersAmong: (organizationId, id, ids) =>
      guard(() =>
        whileStill(organizationId, id, [], async () => {
          const rows = ids.map((member) => memberRowId(id, member));
          const asked = { _id: operators({ $in: rows }), organizationId, in: true };
          const found = await members.find(asked, { memberId: 1 }).lean<MemberDocument[]>();
          return found.map(({ memberId }) => memberId);
        }),
      ),
    groupsOf: (organizationId, memberIds) =>
      guard(async () => {
        const rows = await readRowsOf(organizationId, memberIds);
        const live = await readMany(organizationId, [...new Set(rows.map(({ groupId }) => groupId))]);
        const there = new Set(live.map(({ _id }) => _id));
        const found = new Map<string, GroupId[]>();
        for (const { memberId, groupId } of rows) {
          if (there.has(groupId)) found.set(memberId, [...(found.get(memberId) ?? []), groupId as GroupId]);
        }
        return found;
      }),
    settle: (olderThan) => guard(() => carrier.settleAll(olderThan)),
  };
}

/** Whether a change that is under way in this group is about one of these members. */
function names({ pending }: GroupDocument, asked: ReadonlySet<string>): boolean {
  return Object.values(pending).some(
    ({ add, remove, empties }) =>
      empties === true || remove.some((id) => asked.has(id)) || add.some(({ id }) => asked.has(id)),
  );
}
