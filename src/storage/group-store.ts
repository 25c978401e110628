// Port: groups and who is in them. A change of a group and its members is one atomic unit with its effects; a reader sees all of it or nothing.
// Adapters: storage/sqlite (one transaction), storage/mongo (one write of the group document that names who comes and goes, then the rows).

import type { Effect } from '#directory/effect.ts';
import type { Group, GroupKey, GroupMember } from '#directory/group.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';

/** `group` is the whole new state with `revision` = expected + 1; with `deletedAt` it is removed, and its members with it. */
export interface GroupCommit {
  readonly group: Group;
  /** The revision that was read; null inserts a new group (revision 1). */
  readonly expectedRevision: number | null;
  /** Who comes in, once each; whoever is in already stays. */
  readonly add: readonly GroupMember[];
  /** Ids of members who leave; none of them is in `add`. Whoever is not in is no error. */
  readonly remove: readonly string[];
  readonly effects: readonly Effect[];
}

/** `conflict`: someone else wrote first. Nothing was written. */
export type GroupCommitOutcome = 'committed' | 'conflict';

export interface MemberPage {
  /** Ids greater than this one. */
  readonly after?: string;
  readonly limit: number;
  /** Those too whose user or group is deleted. */
  readonly withDeleted?: boolean;
}

export interface GroupPage {
  /** Ids greater than this one. */
  readonly after?: string;
  /** Rows to pass over first, counted from `after`. */
  readonly offset?: number;
  /** 0 gives none. */
  readonly limit: number;
}

/** All methods throw `StorageError('unavailable')` when the store is away; none of them caches. Deleted groups are answered by none. */
export interface GroupStore {
  get(organizationId: OrganizationId, id: GroupId): Promise<Group | null>;
  /** By id, for many at once; unknown ones are left out. */
  getMany(organizationId: OrganizationId, ids: readonly GroupId[]): Promise<readonly Group[]>;
  /** Groups that have this key, by id, at most 1,000. */
  findByKey(organizationId: OrganizationId, key: GroupKey): Promise<readonly Group[]>;
  /** In order of id, which is the order of creation. */
  list(organizationId: OrganizationId, page: GroupPage): Promise<readonly Group[]>;
  count(organizationId: OrganizationId): Promise<number>;
  commit(commit: GroupCommit): Promise<GroupCommitOutcome>;
  /** Members in order of id; those whose user or group is deleted are left out unless asked for, and come back with it. */
  members(organizationId: OrganizationId, id: GroupId, page: MemberPage): Promise<readonly GroupMember[]>;
  /**
   * Of these groups (at most 1,000), taken in order of id, as many as have at most `limit` members together: all their members, in order of id,
   * deleted ones left out. Those that are left out are asked about again: they are large, or changed meanwhile.
   */
  membersOf(
    organizationId: OrganizationId,
    ids: readonly GroupId[],
    limit: number,
  ): Promise<ReadonlyMap<GroupId, readonly GroupMember[]>>;
  /** Those of `ids` who are members, deleted or not; at most 1,000 are asked at once. */
  membersAmong(organizationId: OrganizationId, id: GroupId, ids: readonly string[]): Promise<readonly string[]>;
  /** For each of `memberIds` (at most 1,000) the undeleted groups it is directly in; left out where it is in none. */
  groupsOf(
    organizationId: OrganizationId,
    memberIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly GroupId[]>>;
  /** Carries on what a crash left unfinished, begun before `olderThan` (milliseconds). Where a commit is one transaction there is nothing to do. */
  settle(olderThan: number): Promise<void>;
}
