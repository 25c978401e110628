// Users as they are read. Every query names the organisation first and can be answered by an index of mongo-user-document.ts;
// commits are mongo-user-commit.ts.

import type { AccessState } from '#directory/access-decision.ts';
import type { Hold } from '#directory/hold.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Leaves } from '#directory/leave.ts';
import { displayNameOf, openLeaveKey, type User, type UserProfile } from '#directory/user.ts';
import type { CommitOutcome, PersonWithLeaves, UserCommit, UserCounts, UserStore } from '../user-store.ts';
import { operators } from './mongo-connection.ts';
import { guard } from './mongo-errors.ts';
import { fromStorable } from './mongo-storable.ts';
import { fromUserDocument, seatHeld, toStoredKey, type UserDocument, type UserModel } from './mongo-user-document.ts';

const shownStates = ['active', 'scheduled', 'onLeave', 'inactive', 'waiting', 'starting'];
const everything = Number.MIN_SAFE_INTEGER;

export function createUserStore(users: UserModel, commit: (commit: UserCommit) => Promise<CommitOutcome>): UserStore {
  return {
    commit,

    get: (organizationId, id) =>
      guard(async () => {
        const document = await users.findOne({ _id: id, organizationId, tombstone: false }).lean<UserDocument>();
        return document === null ? null : fromUserDocument(document);
      }),

    accessState: (organizationId, id) =>
      guard(async () => {
        const parts = { active: 1, epoch: 1, holds: 1, deletedAt: 1, revision: 1 };
        const found = await users.findOne({ _id: id, organizationId, tombstone: false }, parts).lean<UserDocument>();
        return found === null ? null : toAccessState(organizationId, id, found);
      }),

    known: (organizationId, ids) =>
      guard(async () => {
        const asked = { organizationId, _id: operators({ $in: ids }), status: operators({ $in: shownStates }) };
        const found = await users.find(asked, { _id: 1 }).lean<{ _id: UserId }[]>();
        return found.map(({ _id }) => _id);
      }),

    findByKey: (organizationId, key) =>
      guard(() => read({ organizationId, keys: toStoredKey(key), status: operators({ $in: shownStates }) }, 0, 1_000)),

    findByKeys: (organizationId, kind, values) =>
      guard(() => {
        const keys = operators({ $in: values.map((value) => toStoredKey({ kind, value })) });
        return read({ organizationId, keys, status: operators({ $in: shownStates }) }, 0, 1_000);
      }),

    list: (organizationId, { key, after, offset = 0, limit }) =>
      guard(() => {
        const later = after === undefined ? {} : { _id: operators({ $gt: after }) };
        const having = key === undefined ? {} : { keys: toStoredKey(key) };
        return read({ organizationId, status: operators({ $in: shownStates }), ...having, ...later }, offset, limit);
      }),

    countByKey: (organizationId, key) =>
      guard(() =>
        users.countDocuments({ organizationId, keys: toStoredKey(key), status: operators({ $in: shownStates }) }),
      ),

    count: (organizationId) =>
      guard(() => users.countDocuments({ organizationId, status: operators({ $in: shownStates }) })),
    counts: (organizationId) => guard(() => countByStatus(organizationId)),

    longestWaiting: (organizationId) =>
      guard(async () => {
        const waiting = { organizationId, queuedSince: operators({ $gte: everything }) };
        const first = await users.findOne(waiting).sort({ queuedSince: 1, _id: 1 }).lean<UserDocument>();
        return first === null ? null : fromUserDocument(first);
      }),

    queue: (organizationId, { after, limit }) =>
      guard(async () => {
        if (limit <= 0) return [];
        const since = after?.waitingSince ?? everything;
        const later = { queuedSince: operators({ $gt: since }) };
        const asLong = { queuedSince: since, _id: operators({ $gt: after?.id ?? '' }) };
        const found = await users
          .find({ organizationId, $or: [later, asLong] })
          .sort({ queuedSince: 1, _id: 1 })
          .limit(limit)
          .lean<UserDocument[]>();
        return found.map(fromUserDocument);
      }),

    waitingBefore: (organizationId, { id, waitingSince }) =>
      guard(() => {
        if (waitingSince === undefined) {
          return users.countDocuments({ organizationId, queuedSince: operators({ $gte: everything }) });
        }
        const longer = { queuedSince: operators({ $gte: everything, $lt: waitingSince }) };
        const asLong = { queuedSince: waitingSince, _id: operators({ $lt: id }) };
        return users.countDocuments({ organizationId, $or: [longer, asLong] });
      }),

    dueTransitions: (now, limit) =>
      guard(async () => {
        if (limit <= 0) return [];
        const due = { nextTransitionAt: operators({ $gte: everything, $lte: now }) };
        const order = { nextTransitionAt: 1, active: -1, _id: 1 } as const;
        const found = await users
          .find(due, { organizationId: 1, nextTransitionAt: 1 })
          .sort(order)
          .limit(limit)
          .lean<{ _id: UserId; organizationId: OrganizationId; nextTransitionAt: Instant }[]>();
        return found.map(({ _id: id, nextTransitionAt: dueAt, ...rest }) => ({ id, dueAt, ...rest }));
      }),

    leavesAhead: (organizationId, { after, limit }) =>
      guard(async () => {
        if (limit <= 0) return [];
        const later = after === undefined ? {} : { _id: operators({ $gt: after }) };
        const ahead = { keys: toStoredKey(openLeaveKey), nextTransitionAt: operators({ $gte: everything }) };
        const filter = { organizationId, status: operators({ $in: shownStates }), ...ahead };
        const found = await users
          .find({ ...filter, ...later }, personParts)
          .sort({ _id: 1 })
          .limit(limit)
          .lean<PersonDocument[]>();
        return found.map(toPersonWithLeaves);
      }),

    countActiveWithRole: (organizationId, role) =>
      guard(() => users.countDocuments({ organizationId, roles: role, active: true })),
    activeWithRoles: (organizationId, roles, { after, limit }) =>
      guard(() => {
        const beyond = after === undefined ? {} : { _id: operators({ $gt: after }) };
        return read({ organizationId, roles: operators({ $in: [...roles] }), active: true, ...beyond }, 0, limit);
      }),
  };

  async function read(filter: object, offset: number, limit: number): Promise<readonly User[]> {
    // The driver takes a limit of 0 for none.
    if (limit <= 0) return [];
    const found = await users.find(filter).sort({ _id: 1 }).skip(offset).limit(limit).lean<UserDocument[]>();
    return found.map(fromUserDocument);
  }

  async function countByStatus(organizationId: OrganizationId): Promise<UserCounts> {
    const [groups, holders] = await Promise.all([
      users.aggregate<{ _id: string; count: number }>([
        { $match: { organizationId } },
        { $group: { _id: '$status', count: { $sum: 1 } } },
      ]),
      users.countDocuments({ organizationId, seat: operators({ $in: seatHeld }) }),
    ]);
    const of = (status: string): number => groups.find((group) => group._id === status)?.count ?? 0;
    const [active, inactive, onLeave] = [of('active') + of('scheduled'), of('inactive'), of('onLeave')];
    const [waiting, starting] = [of('waiting'), of('starting')];
    const total = active + inactive + onLeave + waiting + starting;
    return { total, active, inactive, onLeave, waiting, starting, holders };
  }
}

type PersonDocument = Pick<UserDocument, '_id' | 'seat' | 'holds' | 'leaves' | 'profile'>;
const personParts = {
  seat: 1,
  holds: 1,
  leaves: 1,
  'profile.displayName': 1,
  'profile.name': 1,
  'profile.userName': 1,
};

function toPersonWithLeaves({ _id, seat, holds, leaves = [], profile }: PersonDocument): PersonWithLeaves {
  return {
    id: _id as UserId,
    seat,
    holds: fromStorable(holds) as readonly Hold[],
    leaves: fromStorable(leaves) as Leaves,
    name: displayNameOf(fromStorable(profile) as UserProfile),
  };
}

function toAccessState(organizationId: OrganizationId, id: UserId, found: UserDocument): AccessState {
  const { active, epoch, revision, deletedAt } = found;
  const holds = fromStorable(found.holds) as readonly Hold[];
  return { id, organizationId, active, epoch, revision, holds, ...(deletedAt === null ? {} : { deletedAt }) };
}
