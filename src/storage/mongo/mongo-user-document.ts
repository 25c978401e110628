// The user as a document: the parts by name, beside them what is only there to be indexed. Queries are mongo-user-store.ts,
// writes mongo-user-commit.ts.

import type { Hold } from '#directory/hold.ts';
import {
  type ConnectionId,
  type DepartmentId,
  foldCase,
  type OrganizationId,
  type UserId,
} from '#directory/identifiers.ts';
import type { Leaves } from '#directory/leave.ts';
import {
  type ImportMark,
  keysOf,
  nextTransitionAt,
  type Role,
  type SeatState,
  statusOf,
  type User,
  type UserKey,
  type UserProfile,
  type UserStatus,
} from '#directory/user.ts';
import { type Connection, type Model, Schema } from 'mongoose';
import { type EffectFields, effectFields, effectSchema } from './mongo-effects.ts';
import { fromStorable, toStorable } from './mongo-storable.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

/** What a write of the whole user sets; `seat` and what belongs to it move by steps of their own. */
interface UserFields {
  readonly organizationId: string;
  readonly revision: number;
  readonly epoch: number;
  readonly profile: unknown;
  readonly holds: readonly unknown[];
  /** Absent in documents written before there were leaves. */
  readonly leaves?: readonly unknown[];
  readonly active: boolean;
  readonly waitingSince: number | null;
  readonly roles: readonly string[];
  readonly createdAt: number;
  /** Absent in documents of users whom nothing has held. */
  readonly activeSince?: number;
  readonly seatUsedUntil?: number;
  readonly modifiedAt: number;
  readonly lastWrittenBy: string | null;
  readonly provisionedBy: readonly string[];
  /** Absent in documents of users whom no feed has named. */
  readonly feeds?: unknown;
  /** Absent in documents of users whom no import has named. */
  readonly importMark?: unknown;
  readonly deletedAt: number | null;
  /** To be indexed: the one state shown, every key the user is found by, the place in the queue. */
  readonly status: string;
  readonly keys: readonly string[];
  readonly queuedSince: number | null;
  /** When its leaves ask for something to be done next. */
  readonly nextTransitionAt: number | null;
  /** Unique in the organisation, never absent: the folded userName, or of a deleted user something nobody else has. */
  readonly liveName: string;
}

export interface UserDocument extends UserFields, EffectFields {
  readonly _id: string;
  readonly seat: SeatState;
  /** Absent in documents of before there were budgets. */
  readonly charge?: string | null;
  /** The last seat intent applied to this user (model.md, "Seats"). */
  readonly stamp: string | null;
  /** Since when the seat is `releasing`. */
  readonly releasingSince: number | null;
  /** Never a user: put here to settle the intent of one who was never inserted. */
  readonly tombstone: boolean;
}

export type UserModel = Model<UserDocument>;

/** Who counts as a holder: the ledger still has their seat among the used ones. */
export const seatHeld: SeatState[] = ['held', 'releasing'];

export function defineUsers(connection: Connection): UserModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      revision: Number,
      epoch: Number,
      profile: Schema.Types.Mixed,
      holds: [Schema.Types.Mixed],
      leaves: [Schema.Types.Mixed],
      active: Boolean,
      seat: String,
      charge: String,
      stamp: String,
      releasingSince: Number,
      waitingSince: Number,
      roles: [String],
      createdAt: Number,
      activeSince: Number,
      seatUsedUntil: Number,
      modifiedAt: Number,
      lastWrittenBy: String,
      provisionedBy: [String],
      feeds: Schema.Types.Mixed,
      importMark: Schema.Types.Mixed,
      deletedAt: Number,
      status: String,
      keys: [String],
      queuedSince: Number,
      nextTransitionAt: Number,
      liveName: String,
      tombstone: Boolean,
      ...effectSchema,
    },
    { versionKey: false, minimize: false, collection: 'users' },
  );
  schema.index({ organizationId: 1, liveName: 1 }, { name: 'liveName', unique: true });
  schema.index({ organizationId: 1, keys: 1, _id: 1 }, { name: 'keysById' });
  schema.index({ organizationId: 1, status: 1, _id: 1 }, { name: 'status' });
  schema.index({ organizationId: 1, queuedSince: 1, _id: 1 }, { name: 'queue' });
  schema.index({ nextTransitionAt: 1, _id: 1 }, { name: 'transition' });
  schema.index({ organizationId: 1, roles: 1 }, { name: 'roles' });
  schema.index({ organizationId: 1, seat: 1 }, { name: 'seat' });
  schema.index({ releasingSince: 1 }, { name: 'releasing' });
  schema.index({ effectsDue: 1 }, { name: 'effectsDue' });
  return defineModel<UserDocument>(connection, 'users', schema);
}

export function toUserFields(user: User): UserFields {
  const { organizationId, revision, epoch, active, createdAt, modifiedAt, roles, provisionedBy } = user;
  const status = statusOf(user);
  return {
    organizationId,
    revision,
    epoch,
    profile: toStorable(user.profile),
    holds: user.holds.map(toStorable),
    leaves: (user.leaves ?? []).map(toStorable),
    active,
    waitingSince: user.waitingSince ?? null,
    roles,
    createdAt,
    ...(user.activeSince === undefined ? {} : { activeSince: user.activeSince }),
    ...(user.seatUsedUntil === undefined ? {} : { seatUsedUntil: user.seatUsedUntil }),
    modifiedAt,
    lastWrittenBy: user.lastWrittenBy ?? null,
    provisionedBy,
    ...(user.feeds === undefined ? {} : { feeds: toStorable(user.feeds) }),
    ...(user.importMark === undefined ? {} : { importMark: toStorable(user.importMark) }),
    deletedAt: user.deletedAt ?? null,
    status,
    keys: keysOf(user).map(toStoredKey),
    queuedSince: queuedSinceOf(user, status),
    nextTransitionAt: nextTransitionAt(user) ?? null,
    liveName: user.deletedAt === undefined ? `name ${foldCase(user.profile.userName)}` : `deleted ${user.id}`,
  };
}

/** Only who is held by nothing else is in the queue: those who wait for a seat, and those on leave who are in line for one. */
function queuedSinceOf({ waitingSince, createdAt }: User, status: UserStatus): number | null {
  if (status === 'waiting') return waitingSince ?? createdAt;
  return status === 'onLeave' ? (waitingSince ?? null) : null;
}

/** A document that settles the intent of a user who was never inserted: the insert, should it still come, fails. */
export function toTombstone(organizationId: string, id: string): UserDocument {
  const fields = {
    organizationId,
    revision: 1,
    epoch: 0,
    profile: {},
    holds: [],
    active: false,
    waitingSince: null,
    roles: [],
    createdAt: 0,
    modifiedAt: 0,
    lastWrittenBy: null,
    provisionedBy: [],
    deletedAt: 0,
    status: 'tombstone',
    keys: [],
    queuedSince: null,
    nextTransitionAt: null,
    liveName: `tombstone ${id}`,
  };
  return {
    _id: id,
    ...fields,
    seat: 'none',
    charge: null,
    stamp: null,
    releasingSince: null,
    tombstone: true,
    ...effectFields([]),
  };
}

export function fromUserDocument(document: UserDocument): User {
  const { charge, waitingSince, lastWrittenBy, deletedAt, leaves = [], feeds, importMark } = document;
  return {
    id: document._id as UserId,
    organizationId: document.organizationId as OrganizationId,
    revision: document.revision,
    epoch: document.epoch,
    profile: fromStorable(document.profile) as UserProfile,
    holds: fromStorable(document.holds) as readonly Hold[],
    active: document.active,
    seat: document.seat,
    ...(charge === undefined || charge === null ? {} : { charge: charge as DepartmentId }),
    ...(waitingSince === null ? {} : { waitingSince }),
    ...(leaves.length === 0 ? {} : { leaves: fromStorable(leaves) as Leaves }),
    roles: document.roles as readonly Role[],
    createdAt: document.createdAt,
    ...(document.activeSince === undefined ? {} : { activeSince: document.activeSince }),
    ...(document.seatUsedUntil === undefined ? {} : { seatUsedUntil: document.seatUsedUntil }),
    modifiedAt: document.modifiedAt,
    ...(lastWrittenBy === null ? {} : { lastWrittenBy: lastWrittenBy as ConnectionId }),
    provisionedBy: document.provisionedBy as readonly ConnectionId[],
    ...(feeds === undefined ? {} : { feeds: fromStorable(feeds) as User['feeds'] & object }),
    ...(importMark === undefined ? {} : { importMark: fromStorable(importMark) as ImportMark }),
    ...(deletedAt === null ? {} : { deletedAt }),
  };
}

export function toStoredKey(key: UserKey): string {
  return `${key.kind} ${key.value}`;
}
