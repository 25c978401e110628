// Removes a user: access and seat go as with any deactivation, the userName comes free, the record stays restorable for an administrator.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { ImportMark } from '#directory/user.ts';
import { changeUser, type ChangeOptions } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import { rememberNames } from './deleted-names.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** Throws `DirectoryError('userNotFound')` the second time. */
export async function removeUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  by: ChangeContext,
  { importMark, ...options }: ChangeOptions & { readonly importMark?: ImportMark } = {},
): Promise<ChangeResult> {
  const known = await context.storage.users.get(organizationId, id);
  if (known !== null && known.deletedAt === undefined) {
    options.precondition?.(known);
    await rememberNames(context, known);
  }
  const edit = () => ({ deletedAt: context.now(), ...(importMark === undefined ? {} : { importMark }) });
  const result = await changeUser(context, organizationId, id, edit, by, options);
  const { userName, externalId } = result.user.profile;
  // Renamed between our look and our write.
  if (known?.profile.userName !== userName || known.profile.externalId !== externalId)
    await rememberNames(context, result.user);
  return result;
}
