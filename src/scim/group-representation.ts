// Translates between a group of the directory and the SCIM resource (RFC 7643 §4.2). Decides nothing.

import type { Group, GroupMember, GroupProfile } from '#directory/group.ts';
import { createEntityTag } from './protocol/entity-tag.ts';
import type { JsonObject, JsonValue } from './protocol/json-value.ts';
import { GROUP_URN } from './group-schema.ts';

/** What a written resource says: the attributes, and the ids of the members if they were among what was written. */
export interface WrittenGroup {
  readonly profile: GroupProfile;
  readonly members: readonly string[];
}

/** The resource as answered. `members` undefined: they were not read, for nobody asked. */
export function toScimGroup(group: Group, members: readonly GroupMember[] | undefined, scimBase: string): JsonObject {
  return {
    ...toGroupContent(group, members ?? [], scimBase),
    meta: { ...metaOf(group, scimBase), version: createGroupVersion(group) },
  };
}

/** The resource without `meta.version`. */
export function toGroupContent(group: Group, members: readonly GroupMember[], scimBase: string): JsonObject {
  return {
    schemas: [GROUP_URN],
    id: group.id,
    ...(group.profile as unknown as JsonObject),
    ...(members.length === 0 ? {} : { members: members.map((member) => toScimMember(member, scimBase)) }),
    meta: metaOf(group, scimBase),
  };
}

/** The weak entity tag: the revision rises with content only, so that nobody has to read ten thousand members for it. */
export function createGroupVersion({ id, revision }: Pick<Group, 'id' | 'revision'>): string {
  return createEntityTag({ id, revision });
}

export function groupLocation({ id }: Pick<Group, 'id'>, scimBase: string): string {
  return `${scimBase}/Groups/${encodeURIComponent(id)}`;
}

/** A validated or patched resource as the directory keeps it. */
export function fromScimGroup(resource: JsonObject): WrittenGroup {
  const { schemas: _schemas, id: _id, meta: _meta, members, ...profile } = resource;
  return { profile: profile as unknown as GroupProfile, members: memberIdsOf(members) };
}

/** The ids of a `members` attribute. */
export function memberIdsOf(members: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(members)) return [];
  return [...new Set((members as readonly { readonly value: string }[]).map((member) => member.value))];
}

function metaOf(group: Group, scimBase: string): JsonObject {
  return {
    resourceType: 'Group',
    created: new Date(group.createdAt).toISOString(),
    lastModified: new Date(group.modifiedAt).toISOString(),
    location: groupLocation(group, scimBase),
  };
}

function toScimMember({ kind, id }: GroupMember, scimBase: string): JsonObject {
  const [type, path] = kind === 'user' ? ['User', 'Users'] : ['Group', 'Groups'];
  return { value: id, $ref: `${scimBase}/${path}/${encodeURIComponent(id)}`, type };
}
