// Removes a department that has neither departments nor people in it. Who is placed in it at the very same moment is taken out again: either this
// sees them, or their own change sees that the department is gone (assign-departments.ts).

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { withoutDepartments } from './assign-departments.ts';
import { deleteEmptyDepartment, type DepartmentOptions, type DepartmentResult } from './change-department.ts';
import { changeUser } from './change-user.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** Throws `DirectoryError` `departmentNotFound` (also the second time), `departmentNotEmpty` while it has departments or people in it. */
export async function removeDepartment(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: DepartmentId,
  by: ChangeContext,
  options: DepartmentOptions = {},
): Promise<DepartmentResult> {
  const result = await deleteEmptyDepartment(context, organizationId, id, by, options);
  try {
    await takeOutLatecomers(context, organizationId, id, by);
  } catch (error) {
    // Nobody is shown in a department that is not there.
    context.reportTrouble('people of a deleted department could not be looked for', error);
  }
  return result;
}

async function takeOutLatecomers(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: DepartmentId,
  by: ChangeContext,
): Promise<void> {
  for (const user of await context.storage.users.findByKey(organizationId, { kind: 'department', value: id })) {
    try {
      const takeOut = ({ profile }: typeof user) => ({ profile: withoutDepartments(profile, [id]) });
      await changeUser(context, organizationId, user.id, takeOut, by);
    } catch (error) {
      if (!(error instanceof DirectoryError) || error.code !== 'userNotFound') throw error;
    }
  }
}
