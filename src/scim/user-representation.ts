// Translates between a user of the directory and the SCIM resource (RFC 7643 §3, §4.1, §4.3): URNs for our short names,
// `meta` with its version, and our extension that says why somebody is not active. Decides nothing but how
// many values an attribute of a user may have.

import type { Hold } from '#directory/hold.ts';
import type { Instant } from '#directory/identifiers.ts';
import { statusOf, type User, type UserProfile } from '#directory/user.ts';
import { createEntityTag } from './protocol/entity-tag.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { ENTERPRISE_USER_URN, FURLOUGH_USER_URN } from './user-schema-extensions.ts';
import { USER_URN } from './user-schema.ts';

/** What a written resource says: the whole profile, and `active` if it was among what was written. */
export interface WrittenUser {
  readonly profile: UserProfile;
  readonly active: boolean | undefined;
}

/** The whole resource as stored, `meta.version` included. `groups` are shown and no part of the version: they change with the groups. */
export function toScimUser(user: User, scimBase: string, groups: readonly JsonObject[] = []): JsonObject {
  const content = toUserContent(user, scimBase);
  const meta = content['meta'] as JsonObject;
  return {
    ...content,
    ...(groups.length === 0 ? {} : { groups }),
    meta: { ...meta, version: createUserVersion(content) },
  };
}

/** The resource without `meta.version`, which costs a hash: for filters and sorting over many users. */
export function toUserContent(user: User, scimBase: string): JsonObject {
  const { enterprise, ...core } = user.profile as unknown as JsonObject;
  const schemas = [USER_URN, ...(enterprise === undefined ? [] : [ENTERPRISE_USER_URN]), FURLOUGH_USER_URN];
  return {
    schemas,
    id: user.id,
    ...core,
    active: user.active,
    ...(enterprise === undefined ? {} : { [ENTERPRISE_USER_URN]: enterprise }),
    [FURLOUGH_USER_URN]: {
      status: statusOf(user),
      // On its way to the ledger it is no seat of this person any more.
      seat: user.seat === 'held' ? 'held' : 'none',
      ...(user.holds.length === 0 ? {} : { holds: user.holds.map(describeHold) }),
    },
    meta: {
      resourceType: 'User',
      created: toDateTime(user.createdAt),
      lastModified: toDateTime(user.modifiedAt),
      location: userLocation(user, scimBase),
    },
  };
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

/** Of one attribute of one user. Every reader of the user pays for them, long after the request that brought them. */
const mostElements = 1_000;

/**
 * A validated or patched resource as the directory keeps it; readOnly parts are left behind.
 * @throws ProtocolError tooMany
 */
export function fromScimUser(resource: JsonObject): WrittenUser {
  const {
    schemas: _schemas,
    id: _id,
    meta: _meta,
    groups: _groups,
    password: _password,
    [FURLOUGH_USER_URN]: _why,
    [ENTERPRISE_USER_URN]: enterprise,
    active,
    ...core
  } = resource;
  for (const [name, value] of Object.entries(core)) {
    if (Array.isArray(value) && value.length > mostElements)
      throw new ProtocolError('tooMany', `${name} may have at most ${mostElements} values.`);
  }
  const profile = { ...core, ...(enterprise === undefined ? {} : { enterprise }) } as unknown as UserProfile;
  return { profile, active: typeof active === 'boolean' ? active : undefined };
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
