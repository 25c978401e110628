// Removes a user: access and seat go as with any deactivation, the userName comes free, the record stays restorable for an administrator.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { ImportMark } from '#directory/user.ts';
import { changeUser, type ChangeOptions } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import { rememberNames } from './deleted-names.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** Throws `DirectoryError('userNotFound')` the second time. */
export function removeUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  by: ChangeContext,
  { importMark, ...options }: ChangeOptions & { readonly importMark?: ImportMark } = {},
): Promise<ChangeResult> {
  // Before the deletion, so that a crash between the two forgets no name; of the very user that is then deleted, or the commit fails.
  const prepare = (user: Parameters<typeof rememberNames>[1]) => rememberNames(context, user);
  const edit = () => ({ deletedAt: context.now(), ...(importMark === undefined ? {} : { importMark }) });
  return changeUser(context, organizationId, id, edit, by, { ...options, prepare });
}
