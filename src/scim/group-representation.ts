// Translates between a group of the directory and the SCIM resource (RFC 7643 §4.2). Decides nothing.

import type { Group, GroupMember, GroupProfile } from '#directory/group.ts';
import { assertBounded, splitProfile } from './custom-values.ts';
import { createEntityTag } from './protocol/entity-tag.ts';
import type { JsonObject, JsonValue } from './protocol/json-value.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import { GROUP_URN } from './group-schema.ts';

/** What a written resource says: the attributes, and the ids of the members if they were among what was written. */
export interface WrittenGroup {
  readonly profile: GroupProfile;
  readonly members: readonly string[];
}

/** The resource as answered. `members` undefined: they were not read, for nobody asked. */
export function toScimGroup(
  group: Group,
  schema: ResourceSchema,
  members: readonly GroupMember[] | undefined,
  scimBase: string,
): JsonObject {
  return {
    ...toGroupContent(group, schema, members ?? [], scimBase),
    meta: { ...metaOf(group, scimBase), version: createGroupVersion(group, schema) },
  };
}

/** The resource without `meta.version`. */
export function toGroupContent(
  group: Group,
  schema: ResourceSchema,
  members: readonly GroupMember[],
  scimBase: string,
): JsonObject {
  const { core, custom } = splitProfile(group.profile as unknown as JsonObject, schema);
  return {
    schemas: [GROUP_URN, ...Object.keys(custom)],
    id: group.id,
    ...core,
    ...custom,
    ...(members.length === 0 ? {} : { members: members.map((member) => toScimMember(member, scimBase)) }),
    meta: metaOf(group, scimBase),
  };
}

/**
 * The weak entity tag: the revision rises with content only, so that nobody has to read ten thousand members for it. What is shown by the
 * organisation's own schemas changes with these, too.
 */
export function createGroupVersion({ id, revision, profile }: Group, schema: ResourceSchema): string {
  const { custom } = splitProfile(profile as unknown as JsonObject, schema);
  const shown = Object.keys(custom);
  return createEntityTag({ id, revision, ...(shown.length === 0 ? {} : { shown }) });
}

export function groupLocation({ id }: Pick<Group, 'id'>, scimBase: string): string {
  return `${scimBase}/Groups/${encodeURIComponent(id)}`;
}

/**
 * A validated or patched resource as the directory keeps it; what is hidden of the group that is written stays.
 * @throws ProtocolError tooMany
 */
export function fromScimGroup(resource: JsonObject, schema: ResourceSchema, before: GroupProfile | null): WrittenGroup {
  const { schemas: _schemas, id: _id, meta: _meta, members, ...written } = resource;
  const { core, custom } = splitProfile(written, schema);
  assertBounded(core, custom);
  const hidden = before === null ? {} : splitProfile(before as unknown as JsonObject, schema).hidden;
  const profile = { ...core, ...custom, ...hidden };
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
