// Creates a user, or restores an inactive one whom a client posts again (scim.md 5.4). The seat is part of the same commit.

import { DirectoryError } from '#directory/directory-error.ts';
import { describeActor } from '#directory/actor.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import {
  createTimeOrderedId,
  foldCase,
  type ConnectionId,
  type OrganizationId,
  type UserId,
} from '#directory/identifiers.ts';
import { writeStatus, type UserEdit } from '#directory/user-change.ts';
import { isActive, type ImportMark, type User, type UserProfile } from '#directory/user.ts';
import { createPlacement, type DepartmentTextRule } from './assign-departments.ts';
import { changeUser, leaveDeleted, orWithdraw, seatPolicyOf, type ChangeOptions } from './change-user.ts';
import { commitUserChange, type ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface NewUser {
  readonly profile: UserProfile;
  /** What the profile becomes of somebody who is restored; without it, `profile`. */
  readonly profileOf?: (known: User) => UserProfile;
  /** False: created with this connection's `idp` hold (`admin` without a connection). */
  readonly active: boolean;
  readonly connection?: ConnectionId;
  /** Whether a known inactive user is restored instead of refused as taken. */
  readonly restore: boolean;
  /** Whether the connection's `active` ends a leave of somebody who is restored. */
  readonly endsLeaves?: boolean;
  /** What the text `department` of the profile may do. */
  readonly departmentText?: DepartmentTextRule;
  /** The row of an import that makes them. */
  readonly importMark?: ImportMark;
}

export interface ProvisionResult extends ChangeResult {
  readonly restored: boolean;
}

/** Throws `DirectoryError` `userNameTaken` (nothing changed) or `noFreeSeat` (nothing stored). */
export async function provisionUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  request: NewUser,
  by: ChangeContext,
): Promise<ProvisionResult> {
  for (let round = 0; round < 20; round += 1) {
    const known = await findRestorable(context, organizationId, request);
    if (known !== null) {
      const result = await restoreUser(context, known, request, by);
      if (result !== null) return result;
      continue;
    }
    const created = await createUser(context, organizationId, request, by);
    if (created !== null) return { ...created, restored: false };
  }
  throw new DirectoryError('tooManyConflicts', 'This user is being changed too often; try again.');
}

/** The user whom this request means: by userName, else by the externalId this connection wrote. Throws `userNameTaken` for one who may not be restored. */
async function findRestorable(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  request: NewUser,
): Promise<User | null> {
  const { users } = context.storage;
  const { userName, externalId } = request.profile;
  const [named] = await users.findByKey(organizationId, { kind: 'userName', value: foldCase(userName) });
  if (named !== undefined) {
    const known = named.profile.externalId;
    if (named.active || !request.restore) throw taken(userName, named);
    if (known !== undefined && externalId !== undefined && known !== externalId) {
      throw new DirectoryError(
        'userNameTaken',
        `Another person had the userName "${userName}" and is inactive. Link them, or rename the old one.`,
        nameOf(named),
      );
    }
    return named;
  }
  if (!request.restore || externalId === undefined || request.connection === undefined) return null;
  const known = await users.findByKey(organizationId, { kind: 'externalId', value: externalId });
  const [same, ...others] = known.filter((user) => user.lastWrittenBy === request.connection);
  if (same === undefined || others.length > 0 || same.active) return null;
  return same;
}

async function restoreUser(
  context: ProvisioningContext,
  known: User,
  request: NewUser,
  by: ChangeContext,
): Promise<ProvisionResult | null> {
  try {
    const result = await changeUser(
      context,
      known.organizationId,
      known.id,
      (user) => {
        if (user.active) throw taken(request.profile.userName, user);
        return {
          profile: request.profileOf?.(user) ?? request.profile,
          ...(request.connection === undefined ? {} : statusOf(context, user, request, request.connection, by)),
          ...provenance(user, request.connection),
        };
      },
      by,
      textOption(request),
    );
    return { ...result, restored: true };
  } catch (error) {
    // Deleted between our look and our write: then the name is free, and this is a plain creation.
    if (error instanceof DirectoryError && error.code === 'userNotFound') return null;
    throw error;
  }
}

function statusOf(
  context: ProvisioningContext,
  user: User,
  { active, endsLeaves = false }: NewUser,
  connection: ConnectionId,
  by: ChangeContext,
): Pick<UserEdit, 'holds' | 'leaves'> {
  return writeStatus(user, active, { connection, now: context.now(), by: describeActor(by.actor), endsLeaves });
}

async function createUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  request: NewUser,
  by: ChangeContext,
): Promise<ChangeResult | null> {
  const now = context.now();
  const placement = createPlacement(context, organizationId, by, request.departmentText);
  const profile = await placement.place(null, request.profile);
  const hold = {
    kind: request.connection === undefined ? 'admin' : 'idp',
    source: request.connection ?? '',
    since: now,
    by: describeActor(by.actor),
  } as const;
  const holds = request.active ? [] : [hold];
  const user: User = {
    id: createTimeOrderedId(now, context.randomBytes) as UserId,
    organizationId,
    revision: 0,
    epoch: 1,
    profile,
    holds,
    active: isActive({ holds }),
    seat: 'none',
    roles: [],
    createdAt: now,
    modifiedAt: now,
    provisionedBy: [],
    ...provenance(null, request.connection),
    ...(request.importMark === undefined ? {} : { importMark: request.importMark }),
  };
  const ifNoSeat = await seatPolicyOf(context, organizationId);
  const need = request.active ? 'activate' : 'none';
  const change = { before: null, after: user, need, endsSessions: false, ifNoSeat } as const;
  const created = await orWithdraw(placement, () => commitUserChange(context, change, by));
  if (created !== null) return leaveDeleted(context, placement, created, by);
  await placement.withdraw();
  return null;
}

function textOption({ departmentText }: NewUser): ChangeOptions {
  return departmentText === undefined ? {} : { departmentText };
}

/** Which connection wrote last, and all that ever did. */
export function provenance(
  user: User | null,
  connection: ConnectionId | undefined,
): Partial<Pick<User, 'lastWrittenBy' | 'provisionedBy'>> {
  if (connection === undefined) return {};
  const known = user?.provisionedBy ?? [];
  return { lastWrittenBy: connection, provisionedBy: known.includes(connection) ? known : [...known, connection] };
}

function taken(userName: string, by: User): DirectoryError {
  return new DirectoryError('userNameTaken', `The userName "${userName}" belongs to another user.`, nameOf(by));
}

/** Who has the name. */
function nameOf({ id, profile }: User): { readonly userId: UserId; readonly userName: string } {
  return { userId: id, userName: profile.userName };
}
