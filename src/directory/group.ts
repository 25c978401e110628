// The group: access, not hierarchy (RFC 7643 §4.2). Who is in it is kept beside it, so that a group of ten thousand is changed without
// being read. Pure; the write side is provisioning/change-group.ts.

import { foldCase, type ConnectionId, type GroupId, type Instant, type OrganizationId } from './identifiers.ts';

/** readWrite attributes by canonical SCIM name, without `members`. Absent means unassigned. */
export interface GroupProfile {
  readonly displayName: string;
  readonly externalId?: string;
  readonly [attribute: string]: unknown;
}

export interface Group {
  readonly id: GroupId;
  readonly organizationId: OrganizationId;
  /** Rises with every change, of members too; every write is guarded by it. */
  readonly revision: number;
  readonly profile: GroupProfile;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly lastWrittenBy?: ConnectionId;
  /** Gone for every reader; kept for what still follows from it. */
  readonly deletedAt?: Instant;
}

/** A user, or a group within the group. Deactivated people stay members; deleted ones are shown nowhere. */
export interface GroupMember {
  readonly kind: 'user' | 'group';
  readonly id: string;
}

export interface GroupKey {
  readonly kind: 'displayName' | 'externalId';
  readonly value: string;
}

/** The keys by which a store finds groups: the name folded, `externalId` exact. */
export function groupKeysOf(profile: GroupProfile): readonly GroupKey[] {
  const keys: GroupKey[] = [{ kind: 'displayName', value: foldCase(profile.displayName) }];
  if (profile.externalId !== undefined) keys.push({ kind: 'externalId', value: profile.externalId });
  return keys;
}

/** How many members may come and go in one change. */
export const mostMembersAtOnce = 50_000;
