// A user as a row: what is guarded, ordered or read by doors is a column, the rest is one JSON text. Nothing is stored twice.

import type { AccessState } from '#directory/access-decision.ts';
import type { Hold } from '#directory/hold.ts';
import { foldCase, type DepartmentId, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import type { Leaves } from '#directory/leave.ts';
import {
  displayNameOf,
  nextTransitionAt,
  statusOf,
  type SeatState,
  type User,
  type UserProfile,
} from '#directory/user.ts';
import type { PersonWithLeaves } from '../user-store.ts';
import type { SqlValue } from './sqlite-transaction.ts';

export interface AccessRow {
  readonly organization: OrganizationId;
  readonly id: UserId;
  readonly revision: number;
  readonly epoch: number;
  readonly active: number;
  readonly holds: string;
  readonly deleted_at: number | null;
}

export interface UserRow extends AccessRow {
  readonly seat: SeatState;
  readonly charge: DepartmentId | null;
  readonly waiting_since: number | null;
  readonly body: string;
}

/** Columns of `AccessRow`. */
export const accessColumns = 'organization, id, revision, epoch, active, holds, deleted_at';
/** Columns of `UserRow`. */
export const userColumns = `${accessColumns}, seat, charge, waiting_since, body`;

export function toAccessState(row: AccessRow): AccessState {
  return {
    organizationId: row.organization,
    id: row.id,
    revision: row.revision,
    epoch: row.epoch,
    active: row.active === 1,
    holds: JSON.parse(row.holds) as readonly Hold[],
    ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at }),
  };
}

export function toUser(row: UserRow): User {
  type Rest = Omit<User, keyof AccessState | 'seat' | 'charge' | 'waitingSince'>;
  return Object.assign(JSON.parse(row.body) as Rest, toAccessState(row), {
    seat: row.seat,
    ...(row.charge === null ? {} : { charge: row.charge }),
    ...(row.waiting_since === null ? {} : { waitingSince: row.waiting_since }),
  });
}

/**
 * A `PersonWithLeaves` as one JSON text, as the index `user_leaves_ahead` holds it, word for word: then it is not made out of the body again. The name
 * is the display name, or the profile that has none.
 */
export const personWithLeavesJson = `json_array(id, seat, json(holds), json_extract(body, '$.leaves'),
  coalesce(json_extract(body, '$.profile.displayName'), json_extract(body, '$.profile'))) || ''`;

type PersonParts = readonly [UserId, SeatState, readonly Hold[], Leaves | null, string | UserProfile];

/** Reads an array of `personWithLeavesJson`. */
export function toPeopleWithLeaves(json: string): readonly PersonWithLeaves[] {
  return (JSON.parse(json) as readonly PersonParts[]).map(([id, seat, holds, leaves, name]) => ({
    id,
    seat,
    holds,
    leaves: leaves ?? [],
    name: typeof name === 'string' ? name : displayNameOf(name),
  }));
}

/** The folded userName while it must be unique, null once the user is deleted. */
export function userNameKeyOf(user: User): string | null {
  return user.deletedAt === undefined ? foldCase(user.profile.userName) : null;
}

/** Values in the order of `writtenColumns`. */
export function toWrittenValues(user: User): readonly SqlValue[] {
  const { id: _id, organizationId: _organization, revision, epoch, active, holds, ...others } = user;
  const { seat, charge, waitingSince, deletedAt: _deletedAt, ...body } = others;
  return [
    revision,
    epoch,
    active ? 1 : 0,
    statusOf(user),
    seat,
    charge ?? null,
    JSON.stringify(holds),
    waitingSince ?? null,
    nextTransitionAt(user) ?? null,
    JSON.stringify(body),
  ];
}

/** What every commit writes, in the order of `toWrittenValues`. The key of the user name and `deleted_at` are written beside them when they change. */
export const writtenColumns = [
  'revision',
  'epoch',
  'active',
  'status',
  'seat',
  'charge',
  'holds',
  'waiting_since',
  'next_transition_at',
  'body',
] as const;
