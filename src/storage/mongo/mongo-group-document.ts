// The group as a document, and its members as rows of a collection beside it. A change names in the group's own document who comes and goes
// (`pending`), so that one guarded write decides; the rows follow (mongo-group-members.ts).

import { groupKeysOf, type Group, type GroupKey, type GroupMember, type GroupProfile } from '#directory/group.ts';
import type { ConnectionId, GroupId, OrganizationId } from '#directory/identifiers.ts';
import { type Connection, type Model, Schema } from 'mongoose';
import { type EffectFields, effectSchema } from './mongo-effects.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';
import { fromStorable, toStorable } from './mongo-storable.ts';

/** Who comes and goes by one change; `rev` is the group's revision after it. */
export interface PendingMembers {
  readonly rev: number;
  readonly add: readonly GroupMember[];
  readonly remove: readonly string[];
  /** The group is deleted: its rows go. */
  readonly empties?: true;
}

export interface GroupFields {
  readonly organizationId: string;
  readonly revision: number;
  readonly profile: unknown;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly lastWrittenBy: string | null;
  readonly deletedAt: number | null;
  readonly deleted: boolean;
  readonly keys: readonly string[];
}

export interface GroupDocument extends GroupFields, EffectFields {
  readonly _id: string;
  /** By an id of the change. */
  readonly pending: Readonly<Record<string, PendingMembers>>;
  /** How many there are, so that groups with any can be found by an index; and since when. */
  readonly pendingCount: number;
  readonly pendingSince: number;
}

/** One who is or was in a group. `rev` is that of the change that wrote the row: an older one, come late, finds it and leaves it alone. */
export interface MemberDocument {
  readonly _id: string;
  readonly organizationId: string;
  readonly groupId: string;
  readonly memberId: string;
  readonly kind: GroupMember['kind'];
  /** False: left. The row stays, for a late writer must find out. */
  readonly in: boolean;
  readonly rev: number;
}

/** What a group is, without what waits in its document: that may be long. */
export const groupParts = { pending: 0, effects: 0 } as const;

export type GroupModel = Model<GroupDocument>;
export type MemberModel = Model<MemberDocument>;

export function defineGroups(connection: Connection): GroupModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      revision: Number,
      profile: Schema.Types.Mixed,
      createdAt: Number,
      modifiedAt: Number,
      lastWrittenBy: String,
      deletedAt: Number,
      deleted: Boolean,
      keys: [String],
      pending: Schema.Types.Mixed,
      pendingCount: Number,
      pendingSince: Number,
      ...effectSchema,
    },
    { versionKey: false, minimize: false, collection: 'groups' },
  );
  schema.index({ organizationId: 1, deleted: 1, _id: 1 }, { name: 'undeleted' });
  schema.index({ organizationId: 1, keys: 1 }, { name: 'keys' });
  schema.index({ pendingCount: 1, organizationId: 1 }, { name: 'pending' });
  schema.index({ effectsDue: 1 }, { name: 'effectsDue' });
  return defineModel<GroupDocument>(connection, 'groups', schema);
}

export function defineMembers(connection: Connection): MemberModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      groupId: String,
      memberId: String,
      kind: String,
      in: Boolean,
      rev: Number,
    },
    { versionKey: false, collection: 'groupMembers' },
  );
  schema.index({ organizationId: 1, groupId: 1, in: 1, memberId: 1 }, { name: 'ofGroup' });
  schema.index({ organizationId: 1, memberId: 1, in: 1 }, { name: 'ofMember' });
  return defineModel<MemberDocument>(connection, 'groupMembers', schema);
}

export function toGroupFields(group: Group): GroupFields {
  const { organizationId, revision, profile, createdAt, modifiedAt, lastWrittenBy, deletedAt } = group;
  return {
    organizationId,
    revision,
    profile: toStorable(profile),
    createdAt,
    modifiedAt,
    lastWrittenBy: lastWrittenBy ?? null,
    deletedAt: deletedAt ?? null,
    deleted: deletedAt !== undefined,
    keys: deletedAt === undefined ? groupKeysOf(profile).map(toStoredGroupKey) : [],
  };
}

export function fromGroupDocument(document: GroupDocument): Group {
  const { lastWrittenBy, deletedAt } = document;
  return {
    id: document._id as GroupId,
    organizationId: document.organizationId as OrganizationId,
    revision: document.revision,
    profile: fromStorable(document.profile) as GroupProfile,
    createdAt: document.createdAt,
    modifiedAt: document.modifiedAt,
    ...(lastWrittenBy === null ? {} : { lastWrittenBy: lastWrittenBy as ConnectionId }),
    ...(deletedAt === null ? {} : { deletedAt }),
  };
}

export function toStoredGroupKey({ kind, value }: GroupKey): string {
  return `${kind} ${value}`;
}

export function memberRowId(groupId: string, memberId: string): string {
  return `${groupId}/${memberId}`;
}
