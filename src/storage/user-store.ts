// Port: users, and the one atomic unit in which a user, the seat and the effects change together (model.md, "The commit").
// Adapters: storage/sqlite (one transaction), storage/mongo (guarded single-document steps around the ledger).

import type { AccessState } from '#directory/access-decision.ts';
import type { Effect } from '#directory/effect.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Charge, UsedUpBudget } from '#directory/seat-budget.ts';
import type { User, UserKey } from '#directory/user.ts';

/** What to write. `user` is the whole new state with `revision` = expected + 1; its `seat` and `charge` are still the ones read: storage moves them. */
export interface UserCommit {
  readonly user: User;
  /** The revision that was read; null inserts a new user (revision 1). */
  readonly expectedRevision: number | null;
  /** The user as read at that revision, exactly: a store that has to look things up before it writes is spared that. */
  readonly before?: User;
  /** `take`: from `none` to `held`, refused as `noSeat` when none is free. `giveBack`: from `held` to `none`, never refused or delayed by the ledger. Where the seat is so already, both are `keep`. */
  readonly seat: 'keep' | 'take' | 'giveBack';
  /**
   * With `take`: the budget the seat is charged to; left out where the organisation has none as far as is known. With `keep`: a seat that is held is
   * charged there from now on, whatever is left of that budget. With `giveBack` it means nothing.
   */
  readonly charge?: Charge;
  readonly effects: readonly Effect[];
}

export type CommitOutcome = {
  /**
   * A seat, of the organisation or of a budget, came free on the way, given back by this user or found to belong to nobody: whoever waits is promoted now.
   * Left out when none did, or when that is not known; then the sweep promotes.
   */
  readonly freedSeat?: true;
} & (
  | /** Written. The user as it is now stored; the revision may have risen by more than one. */
  { readonly kind: 'committed'; readonly user: User }
  /** Someone else wrote first, or an unfinished seat movement was settled: read again and start over. Nothing was written. */
  | { readonly kind: 'conflict' }
  /** No seat is free, or where one is, the budget is used up. Nothing was written. */
  | { readonly kind: 'noSeat'; readonly budget?: UsedUpBudget }
  /** The organisation has budgets, and the charge was not reckoned on the basis of now: reckon it and come again. Nothing was written. */
  | { readonly kind: 'staleCharge' }
  /** Another undeleted user of the organisation has this userName. Nothing was written, though the revision may have risen. */
  | { readonly kind: 'userNameTaken' }
);

export interface UserPage {
  /** Only those that have this key. */
  readonly key?: UserKey;
  /** Ids greater than this one. */
  readonly after?: UserId;
  /** Rows to pass over first, counted from `after`. */
  readonly offset?: number;
  /** 0 gives none. */
  readonly limit: number;
}

/** Undeleted users by what they are; `holders` is how many have `seat` other than `none`, deleted ones included. */
export interface UserCounts {
  readonly total: number;
  readonly active: number;
  readonly inactive: number;
  readonly onLeave: number;
  readonly waiting: number;
  readonly starting: number;
  readonly holders: number;
}

/** A user whose leaves ask for something to be done. */
export interface DueUser extends Pick<User, 'id' | 'organizationId'> {
  readonly dueAt: Instant;
}

/** A person as far as their leaves say something of the seats ahead. */
export interface PersonWithLeaves extends Pick<User, 'id' | 'holds' | 'leaves' | 'seat'> {
  /** As it is shown. */
  readonly name: string;
}

/** All methods throw `StorageError('unavailable')` when the store is away; none of them caches. */
export interface UserStore {
  /** The user, deleted ones too (with `deletedAt`); null when there never was one. Reads the primary. */
  get(organizationId: OrganizationId, id: UserId): Promise<User | null>;
  /** What a door needs, in one point read. Null for unknown ids. */
  accessState(organizationId: OrganizationId, id: UserId): Promise<AccessState | null>;
  /** Those of `ids` (at most 1,000) that name undeleted users. */
  known(organizationId: OrganizationId, ids: readonly string[]): Promise<readonly UserId[]>;
  /** Undeleted users that have this key, by id, at most 1,000. */
  findByKey(organizationId: OrganizationId, key: UserKey): Promise<readonly User[]>;
  /** How many undeleted users have this key. */
  countByKey(organizationId: OrganizationId, key: UserKey): Promise<number>;
  /** Undeleted users that have any of these keys (at most 1,000 values of one kind), at most 1,000, in no order. */
  findByKeys(
    organizationId: OrganizationId,
    kind: UserKey['kind'],
    values: readonly string[],
  ): Promise<readonly User[]>;
  /** Undeleted users in order of id, which is the order of creation. */
  list(organizationId: OrganizationId, page: UserPage): Promise<readonly User[]>;
  /** How many undeleted users there are. */
  count(organizationId: OrganizationId): Promise<number>;
  counts(organizationId: OrganizationId): Promise<UserCounts>;
  /** Commits one change; see `CommitOutcome`. After a `committed` answer every door is closed for a user who lost access. */
  commit(commit: UserCommit): Promise<CommitOutcome>;
  /**
   * The user who waits longest for a seat (`waitingSince`, then id), or null. Who has `waitingSince` waits: held by `seat` alone, or on leave and in
   * line for the seat of the return.
   */
  longestWaiting(organizationId: OrganizationId): Promise<User | null>;
  /** Those who wait for a seat, in their order, from the one after `after` on. */
  queue(
    organizationId: OrganizationId,
    page: { readonly after?: Pick<User, 'id' | 'waitingSince'>; readonly limit: number },
  ): Promise<readonly User[]>;
  /** How many wait before this user; 0 is the first. Without `waitingSince` a user would be the last. */
  waitingBefore(organizationId: OrganizationId, user: Pick<User, 'id' | 'waitingSince'>): Promise<number>;
  /** Undeleted users whose leaves ask for something to be done by `now`, of all organisations, the longest due first, of those due at one instant the active ones first, at most `limit`. */
  dueTransitions(now: Instant, limit: number): Promise<readonly DueUser[]>;
  /** Undeleted users whose leaves ask for something that is to be done yet, by id, after `after`, at most `limit`; read without the rest of them. */
  leavesAhead(
    organizationId: OrganizationId,
    page: { readonly after?: UserId; readonly limit: number },
  ): Promise<readonly PersonWithLeaves[]>;
  /** How many active, undeleted users have this role. */
  countActiveWithRole(organizationId: OrganizationId, role: string): Promise<number>;
  /** Active, undeleted users who have at least one of these roles, by id, after `after`, at most `limit`. */
  activeWithRoles(
    organizationId: OrganizationId,
    roles: readonly string[],
    page: { readonly after?: UserId; readonly limit: number },
  ): Promise<readonly User[]>;
}
