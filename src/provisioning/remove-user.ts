// Removes a user: access and seat go as with any deactivation, the userName comes free, the record stays restorable for an administrator.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { changeUser, type ChangeOptions } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** Throws `DirectoryError('userNotFound')` the second time. */
export function removeUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<ChangeResult> {
  return changeUser(context, organizationId, id, () => ({ deletedAt: context.now() }), by, options);
}
