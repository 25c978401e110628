// The names of deleted users, as keyed hashes that stay when the user is gone for good: just-in-time creation makes nobody anew who was deleted
// (gate.md 3.1). They are written before the deletion, so there is no moment without them; while their user is there they say nothing.

import { createHmac } from 'node:crypto';
import { foldCase, type ConnectionId, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface DeletedName {
  /** The keyed hash. */
  readonly name: string;
  readonly userId: UserId;
}

export const deletedNameRecords: RecordKind<DeletedName> = {
  name: 'deletedName',
  keysOf: ({ name }) => [`name=${name}`],
};

/** What somebody would be called who is about to be made. */
export interface NewNames {
  readonly userName: string;
  readonly externalId?: string | undefined;
  readonly connection: ConnectionId;
}

/** One who was deleted several times under a name: more are not looked at, and count as deleted. */
const mostBearers = 100;

/** Before a user is deleted. Idempotent. */
export async function rememberNames(context: ProvisioningContext, user: User): Promise<void> {
  const { organizationId, id: userId, profile, provisionedBy } = user;
  const names = [hashName(context, organizationId, 'userName', '', foldCase(profile.userName))];
  if (profile.externalId !== undefined) {
    // An external id means something only to the connection that gave it.
    const givers = provisionedBy.length === 0 ? [''] : provisionedBy;
    for (const giver of givers) names.push(hashName(context, organizationId, 'externalId', giver, profile.externalId));
  }
  for (const name of names) {
    const record = { id: `${userId}/${name}`, organizationId, value: { name, userId } };
    await context.storage.records(deletedNameRecords).insertOnce(record);
  }
}

/** Whether a user was deleted who had this name in the organisation, or this external id at this connection or by hand. */
export async function wasDeleted(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  { userName, externalId, connection }: NewNames,
): Promise<boolean> {
  const names = [hashName(context, organizationId, 'userName', '', foldCase(userName))];
  if (externalId !== undefined) {
    for (const giver of ['', connection])
      names.push(hashName(context, organizationId, 'externalId', giver, externalId));
  }
  for (const name of names) {
    const page = { key: `name=${name}`, limit: mostBearers };
    const bearers = await context.storage.records(deletedNameRecords).list(organizationId, page, context.now());
    if (bearers.length === mostBearers) return true;
    for (const { value } of bearers) {
      const user = await context.storage.users.get(organizationId, value.userId);
      if (user === null || user.deletedAt !== undefined) return true;
    }
  }
  return false;
}

function hashName(
  { nameKey }: ProvisioningContext,
  organizationId: OrganizationId,
  kind: string,
  giver: string,
  value: string,
): string {
  return createHmac('sha256', nameKey)
    .update(JSON.stringify([organizationId, kind, giver, value]))
    .digest('hex');
}
