// Who is in a group, and whose groups there are. Readers first see to it that nothing is pending, and start over when a group changed under them,
// so that they see all of a change or nothing. None of them guards: mongo-group-store.ts does.

import type { GroupMember } from '#directory/group.ts';
import type { GroupId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { GroupStore, MemberPage } from '../group-store.ts';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import {
  type GroupDocument,
  groupParts,
  type GroupModel,
  type MemberDocument,
  type MemberModel,
  memberRowId,
} from './mongo-group-document.ts';
import type { GroupMembersCarrier } from './mongo-group-members.ts';

/** Times a reader starts over while others keep changing the group. */
const mostRounds = 50;

export interface GroupReader extends Pick<GroupStore, 'members' | 'membersOf' | 'membersAmong' | 'groupsOf'> {
  /** Undeleted groups by id. */
  many(organizationId: OrganizationId, ids: readonly string[]): Promise<GroupDocument[]>;
}

/** `known`: which of these users are undeleted. */
export function createGroupReader(
  groups: GroupModel,
  members: MemberModel,
  carrier: Pick<GroupMembersCarrier, 'settle'>,
  known: (organizationId: OrganizationId, ids: readonly string[]) => Promise<readonly UserId[]>,
): GroupReader {
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

  /** Two looks at the groups, and the rows between them: a group that is the same at both, with nothing under way, is whole in the rows. */
  async function membersOf(
    organizationId: OrganizationId,
    ids: readonly GroupId[],
    limit: number,
  ): Promise<ReadonlyMap<GroupId, readonly GroupMember[]>> {
    const look = () =>
      groups
        .find(
          { organizationId, deleted: false, _id: operators({ $in: ids }) },
          { revision: 1, pending: 1, organizationId: 1 },
        )
        .lean<GroupDocument[]>();
    const before = await look();
    for (const group of before) if (Object.keys(group.pending).length > 0) await carrier.settle(group);
    const rows = await members
      .find({ organizationId, groupId: operators({ $in: ids }), in: true })
      .sort({ groupId: 1, memberId: 1 })
      .limit(limit + 1)
      .lean<MemberDocument[]>();
    const shown = await undeleted(
      organizationId,
      rows.map(({ kind, memberId }): GroupMember => ({ kind, id: memberId })),
    );
    const live = new Set(shown.map(({ id }) => id));
    const after = new Map((await look()).map((group) => [group._id, group]));
    const cutOff = rows.length > limit ? rows.at(-1)?.groupId : undefined;
    const found = new Map<GroupId, GroupMember[]>();
    for (const { _id: id, revision } of before) {
      const isStill = after.get(id)?.revision === revision && Object.keys(after.get(id)?.pending ?? {}).length === 0;
      if (isStill && (cutOff === undefined || id < cutOff)) found.set(id as GroupId, []);
    }
    for (const { kind, memberId, groupId } of rows) {
      if (live.has(memberId)) found.get(groupId as GroupId)?.push({ kind, id: memberId });
    }
    for (const id of ids) if (!before.some(({ _id }) => _id === id)) found.set(id, []);
    return found;
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
    for (const group of nested.length === 0 ? [] : await many(organizationId, nested)) live.add(group._id);
    return some.filter(({ id }) => live.has(id));
  }

  function many(organizationId: OrganizationId, ids: readonly string[]): Promise<GroupDocument[]> {
    return groups
      .find({ organizationId, deleted: false, _id: operators({ $in: ids }) }, groupParts)
      .lean<GroupDocument[]>();
  }

  return {
    many,
    membersOf,
    async members(organizationId, id, page) {
      if (page.limit <= 0) return [];
      return whileStill(organizationId, id, [], () => readMembers(organizationId, id, page));
    },
    membersAmong: (organizationId, id, ids) =>
      whileStill(organizationId, id, [], async () => {
        const rows = ids.map((member) => memberRowId(id, member));
        const asked = { _id: operators({ $in: rows }), organizationId, in: true };
        const found = await members.find(asked, { memberId: 1 }).lean<MemberDocument[]>();
        return found.map(({ memberId }) => memberId);
      }),
    async groupsOf(organizationId, memberIds) {
      const rows = await readRowsOf(organizationId, memberIds);
      const live = await many(organizationId, [...new Set(rows.map(({ groupId }) => groupId))]);
      const there = new Set(live.map(({ _id }) => _id));
      const found = new Map<string, GroupId[]>();
      for (const { memberId, groupId } of rows) {
        if (there.has(groupId)) found.set(memberId, [...(found.get(memberId) ?? []), groupId as GroupId]);
      }
      return found;
    },
  };
}

/** Whether a change that is under way in this group is about one of these members. */
function names({ pending }: GroupDocument, asked: ReadonlySet<string>): boolean {
  return Object.values(pending).some(
    ({ add, remove, empties }) =>
      empties === true || remove.some((id) => asked.has(id)) || add.some(({ id }) => asked.has(id)),
  );
}
