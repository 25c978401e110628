// The user: profile, holds, seat, epoch, revision, and what follows from them. Pure; the write side is provisioning/.
// A profile is the readWrite part of the SCIM resource (RFC 7643 4.1, 4.3) under short names: `enterprise` and `person` instead of the URNs.

import {
  foldCase,
  type ConnectionId,
  type DepartmentId,
  type Instant,
  type OrganizationId,
  type UserId,
} from './identifiers.ts';
import type { Hold } from './hold.ts';
import { isOpen, isReserving, nextTransitionOf, type Leaves } from './leave.ts';
import type { Person } from './person.ts';

/** An element of a multi-valued attribute: `value`, `type`, `primary`, `display`, or an address's parts. */
export type ProfileElement = Readonly<Record<string, unknown>>;

/** readWrite attributes by canonical SCIM name. Absent means unassigned: never null, never an empty array. */
export interface UserProfile {
  readonly userName: string;
  readonly externalId?: string;
  readonly displayName?: string;
  readonly name?: Readonly<Record<string, string>>;
  readonly emails?: readonly ProfileElement[];
  readonly enterprise?: Readonly<Record<string, unknown>>;
  readonly person?: Person;
  readonly [attribute: string]: unknown;
}

/** `releasing`: access is gone, the ledger has not heard yet. Only storage writes it. */
export type SeatState = 'none' | 'held' | 'releasing';

export const roles = ['owner', 'administrator', 'departmentAdministrator', 'auditor', 'billing', 'helpDesk'] as const;
export type Role = (typeof roles)[number];

export interface User {
  readonly id: UserId;
  readonly organizationId: OrganizationId;
  /** Rises with every write, fences included; every write is guarded by it. */
  readonly revision: number;
  /** Rises when access is lost; sessions, codes, grants and tokens made with a lower one are dead. */
  readonly epoch: number;
  readonly profile: UserProfile;
  readonly holds: readonly Hold[];
  /** Derived from `holds` and `deletedAt`, stored so that it can be indexed. */
  readonly active: boolean;
  readonly seat: SeatState;
  /** The department to whose budget the seat is charged; absent: to none. Only storage writes it. */
  readonly charge?: DepartmentId;
  /** Set while a `seat` hold, or the seat of a return, waits its turn: the instant that decides the order, ties by id. */
  readonly waitingSince?: Instant;
  /** Planned, running and past ones; absent: there never was one. */
  readonly leaves?: Leaves;
  readonly roles: readonly Role[];
  readonly createdAt: Instant;
  /** When the last hold went; absent: nothing has held them since they were created, or not since this is kept. No content. */
  readonly activeSince?: Instant;
  /** When they last ceased to use a seat; absent: they never did, or not since this is kept. No content. */
  readonly seatUsedUntil?: Instant;
  /** When the content last changed; fences and effects leave it alone. */
  readonly modifiedAt: Instant;
  /** The connection that last wrote the profile (restore rule), and all that ever provisioned this user. */
  readonly lastWrittenBy?: ConnectionId;
  readonly provisionedBy: readonly ConnectionId[];
  /** What each feed of an HR system said last; absent: none ever did. No content. */
  readonly feeds?: Readonly<Record<ConnectionId, FeedMark>>;
  /** The row of an import that was carried out last. No content. */
  readonly importMark?: ImportMark;
  readonly deletedAt?: Instant;
}

/** By which a row that was carried out is told from one that was not, whatever crashed in between. */
export interface ImportMark {
  readonly import: string;
  readonly line: number;
}

/** By which a report that comes late is told from a new one. */
export interface FeedMark {
  readonly sequence?: number;
  /** The latest report that has come into force. */
  readonly status?: string;
  readonly at?: Instant;
}

/** Whether nothing holds this user. The only definition of "active". */
export function isActive(user: Pick<User, 'holds' | 'deletedAt'>): boolean {
  return user.holds.length === 0 && user.deletedAt === undefined;
}

export type UserStatus = 'active' | 'scheduled' | 'onLeave' | 'inactive' | 'waiting' | 'starting' | 'deleted';

const inactiveKinds = new Set(['admin', 'idp', 'hr', 'security', 'dormant']);

/** The one state shown: the first of deleted, inactive, on leave, starting, waiting (console.md 1), because a return date must not promise what another hold prevents. */
export function statusOf(user: Pick<User, 'holds' | 'deletedAt' | 'leaves'>): UserStatus {
  if (user.deletedAt !== undefined) return 'deleted';
  const kinds = new Set<string>(user.holds.map((h) => h.kind));
  if (user.holds.some((h) => inactiveKinds.has(h.kind))) return 'inactive';
  if (kinds.has('leave')) return 'onLeave';
  if (kinds.has('start')) return 'starting';
  if (kinds.has('seat')) return 'waiting';
  return user.leaves?.some(({ state }) => state === 'planned') === true ? 'scheduled' : 'active';
}

/** A folded key by which a store finds users without reading them all. */
export type UserKeyKind =
  | 'userName'
  | 'externalId'
  | 'employeeNumber'
  | 'displayName'
  | 'email'
  | 'department'
  | 'leave'
  | 'differs';
export interface UserKey {
  readonly kind: UserKeyKind;
  readonly value: string;
}

/** What finds those who have a leave ahead or are on one; each open leave is also found by its id. */
export const openLeaveKey: UserKey = { kind: 'leave', value: 'open' };

/** What finds those on leave for whose return a seat is kept. */
export const reservedSeatKey: UserKey = { kind: 'leave', value: 'reserved' };

/** When the user's leaves ask for something to be done next; undefined also for the deleted, whose plans rest. */
export function nextTransitionAt({ leaves = [], deletedAt }: Pick<User, 'leaves' | 'deletedAt'>): Instant | undefined {
  return deletedAt === undefined ? nextTransitionOf(leaves) : undefined;
}

/** The connections that provision this user and take them for active, while something else holds them. */
export function connectionsThatDiffer({
  holds,
  provisionedBy,
}: Pick<User, 'holds' | 'provisionedBy'>): readonly ConnectionId[] {
  if (holds.length === 0) return [];
  const saidInactive = new Set(holds.filter(({ kind }) => kind === 'idp').map(({ source }) => source));
  return provisionedBy.filter((connection) => !saidInactive.has(connection));
}

/**
 * All keys: names folded where SCIM ignores case, `externalId` and `employeeNumber` exact, e-mails bare and as `type|value`, departments and open
 * leaves by id, connections that take an inactive person for active.
 */
export function keysOf(
  user: Pick<User, 'profile' | 'leaves' | 'holds' | 'waitingSince' | 'provisionedBy'>,
): readonly UserKey[] {
  const { profile, holds, leaves = [], waitingSince } = user;
  const keys: UserKey[] = [{ kind: 'userName', value: foldCase(profile.userName) }];
  if (profile.externalId !== undefined) keys.push({ kind: 'externalId', value: profile.externalId });
  const employeeNumber = profile.enterprise?.['employeeNumber'];
  if (typeof employeeNumber === 'string') keys.push({ kind: 'employeeNumber', value: employeeNumber });
  if (profile.displayName !== undefined) keys.push({ kind: 'displayName', value: foldCase(profile.displayName) });
  const emails = new Set<string>();
  for (const email of profile.emails ?? []) {
    if (typeof email['value'] !== 'string') continue;
    emails.add(foldCase(email['value']));
    if (typeof email['type'] === 'string') emails.add(foldCase(`${email['type']}|${email['value']}`));
  }
  for (const value of emails) keys.push({ kind: 'email', value });
  for (const { value } of profile.person?.departments ?? []) keys.push({ kind: 'department', value });
  const open = leaves.filter(isOpen);
  if (open.length > 0) keys.push(openLeaveKey);
  if (waitingSince === undefined && isReserving({ holds, leaves })) keys.push(reservedSeatKey);
  for (const { id } of open) keys.push({ kind: 'leave', value: id });
  for (const value of connectionsThatDiffer(user)) keys.push({ kind: 'differs', value });
  return keys;
}

/** The name to show a person: display name, formatted name, given and family name, login name. */
export function displayNameOf(profile: Pick<UserProfile, 'displayName' | 'name' | 'userName'>): string {
  const name = profile.name ?? {};
  const composed = [name['givenName'], name['familyName']].filter((part) => part !== undefined).join(' ');
  return profile.displayName ?? name['formatted'] ?? (composed === '' ? profile.userName : composed);
}
