// Translates between a user of the directory and the SCIM resource (RFC 7643 §3, §4.1, §4.3): URNs for our short names,
// `meta` with its version, our extension that says why somebody is not active, and the organisation's own. Decides nothing.

import { currentLeave, type Leave } from '#directory/leave.ts';
import type { Hold } from '#directory/hold.ts';
import type { Instant } from '#directory/identifiers.ts';
import { withoutOrigin, type Membership, type Person } from '#directory/person.ts';
import { statusOf, type User, type UserProfile } from '#directory/user.ts';
import { assertBounded, splitProfile } from './custom-values.ts';
import { describeReference, idOfReference, type KnownDepartments } from './department-representation.ts';
import { PERSON_URN } from './person-schema.ts';
import { createEntityTag } from './protocol/entity-tag.ts';
import type { JsonObject } from './protocol/json-value.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import { ENTERPRISE_USER_URN, FURLOUGH_USER_URN } from './user-schema-extensions.ts';
import { USER_URN } from './user-schema.ts';

/** What a written resource says: the whole profile, and `active` if it was among what was written. */
export interface WrittenUser {
  readonly profile: UserProfile;
  readonly active: boolean | undefined;
}

/** What a user is shown with that is stored elsewhere, and therefore no part of the version. */
export interface RelatedToUser {
  readonly groups: readonly JsonObject[];
  /** Those the user's memberships name; one that is missing is gone, and its membership is not shown. */
  readonly departments: KnownDepartments;
}

/** The whole resource as answered, `meta.version` included. */
export function toScimUser(
  user: User,
  schema: ResourceSchema,
  scimBase: string,
  { groups, departments }: RelatedToUser,
): JsonObject {
  const content = toUserContent(user, schema, scimBase, departments);
  const meta = content['meta'] as JsonObject;
  const isSame = user.profile.person?.departments === undefined;
  const version = createUserVersion(isSame ? content : toUserContent(user, schema, scimBase));
  return { ...content, ...(groups.length === 0 ? {} : { groups }), meta: { ...meta, version } };
}

/**
 * The resource without `meta.version`, which costs a hash: for filters and sorting over many users. Without `departments` memberships stand as
 * they can be written.
 */
export function toUserContent(
  user: User,
  schema: ResourceSchema,
  scimBase: string,
  departments?: KnownDepartments,
): JsonObject {
  const split = splitProfile(user.profile as unknown as JsonObject, schema);
  const { enterprise, person, ...core } = split.core;
  const shownPerson = person === undefined ? {} : toScimPerson(person as Person, scimBase, departments);
  const leave = currentLeave(user.leaves ?? []);
  const hasPerson = Object.keys(shownPerson).length > 0;
  const extensions = [
    ...(enterprise === undefined ? [] : [ENTERPRISE_USER_URN]),
    ...(hasPerson ? [PERSON_URN] : []),
    FURLOUGH_USER_URN,
  ];
  return {
    schemas: [USER_URN, ...extensions, ...Object.keys(split.custom)],
    id: user.id,
    ...core,
    active: user.active,
    ...(enterprise === undefined ? {} : { [ENTERPRISE_USER_URN]: enterprise }),
    ...(hasPerson ? { [PERSON_URN]: shownPerson } : {}),
    [FURLOUGH_USER_URN]: {
      status: statusOf(user),
      // On its way to the ledger it is no seat of this person any more.
      seat: user.seat === 'held' ? 'held' : 'none',
      ...(user.holds.length === 0 ? {} : { holds: user.holds.map(describeHold) }),
      ...(leave === undefined ? {} : { leave: describeLeave(leave) }),
    },
    ...split.custom,
    meta: {
      resourceType: 'User',
      created: toDateTime(user.createdAt),
      lastModified: toDateTime(user.modifiedAt),
      location: userLocation(user, scimBase),
    },
  };
}

function toScimPerson(person: Person, scimBase: string, known: KnownDepartments | undefined): JsonObject {
  const { departments, ...own } = person;
  const shown = withoutOrigin(departments ?? []).flatMap((membership): JsonObject[] => {
    const department = known?.get(membership.value);
    if (known === undefined) return [{ ...membership }];
    if (department === undefined) return [];
    const { code } = department.profile;
    return [{ ...membership, ...describeReference(department, scimBase), ...(code === undefined ? {} : { code }) }];
  });
  return { ...own, ...(shown.length === 0 ? {} : { departments: shown }) } as unknown as JsonObject;
}

/** Without what follows from the departments themselves. */
function fromScimPerson(person: JsonObject): Person {
  const { departments, ...own } = person;
  if (departments === undefined) return own as unknown as Person;
  const memberships = (departments as readonly JsonObject[]).map((written) => {
    const { $ref: _ref, display: _name, code: _code, ...membership } = written;
    return { ...membership, value: idOfReference(written) } as unknown as Membership;
  });
  return { ...own, departments: memberships } as unknown as Person;
}

/** The weak entity tag of a user: from content only. The seat is left out, for storage may still be handing it back. */
export function createUserVersion(content: JsonObject): string {
  const { seat: _seat, ...why } = content[FURLOUGH_USER_URN] as JsonObject;
  return createEntityTag({ ...content, [FURLOUGH_USER_URN]: why });
}

/** The URI of a user, as in `Location` and `meta.location`. */
export function userLocation(user: Pick<User, 'id'>, scimBase: string): string {
  return `${scimBase}/Users/${encodeURIComponent(user.id)}`;
}

/**
 * A validated or patched resource as the directory keeps it; readOnly parts are left behind, and what is hidden of the user who is written stays.
 * @throws ProtocolError tooMany
 */
export function fromScimUser(resource: JsonObject, schema: ResourceSchema, before: UserProfile | null): WrittenUser {
  const {
    schemas: _schemas,
    id: _id,
    meta: _meta,
    groups: _groups,
    password: _password,
    [FURLOUGH_USER_URN]: _why,
    [ENTERPRISE_USER_URN]: enterprise,
    [PERSON_URN]: person,
    active,
    ...written
  } = resource;
  const { core, custom } = splitProfile(written, schema);
  assertBounded(core, custom);
  const hidden = before === null ? {} : splitProfile(before as unknown as JsonObject, schema).hidden;
  const profile = {
    ...core,
    ...(enterprise === undefined ? {} : { enterprise }),
    ...(person === undefined ? {} : { person: fromScimPerson(person as JsonObject) }),
    ...custom,
    ...hidden,
  };
  return { profile: profile as unknown as UserProfile, active: typeof active === 'boolean' ? active : undefined };
}

function describeLeave({ id, type, from, until }: Leave): JsonObject {
  return { id, type, from, ...(until === undefined ? {} : { until }) };
}

function describeHold(hold: Hold): JsonObject {
  return {
    kind: hold.kind,
    ...(hold.source === '' ? {} : { source: hold.source }),
    since: toDateTime(hold.since),
    by: hold.by,
    ...(hold.reason === undefined ? {} : { reason: hold.reason }),
    ...(hold.note === undefined ? {} : { note: hold.note }),
    ...(hold.until === undefined ? {} : { until: toDateTime(hold.until) }),
  };
}

function toDateTime(instant: Instant): string {
  return new Date(instant).toISOString();
}
