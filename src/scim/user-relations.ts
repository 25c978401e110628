// What a user is shown with that is stored elsewhere: groups, and the departments of the Person extension by name and code. Read in one or two
// questions for a whole page, kept for as long as a request lasts.

import type { Department } from '#directory/department.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import type { JsonObject } from './protocol/json-value.ts';
import type { ScimContext } from './scim-operation.ts';
import { readUserGroups } from './user-groups.ts';
import type { RelatedToUser } from './user-representation.ts';

export interface UserRelations {
  addGroups(users: readonly User[]): Promise<void>;
  addDepartments(users: readonly User[]): Promise<void>;
  /** What is known by now. */
  of(user: Pick<User, 'id'>): RelatedToUser;
}

export function createUserRelations(
  { storage, scimBase, now }: ScimContext,
  organizationId: OrganizationId,
): UserRelations {
  const groups = new Map<string, readonly JsonObject[]>();
  const departments = new Map<DepartmentId, Department>();
  return {
    async addGroups(users) {
      const missing = users.filter(({ id }) => !groups.has(id));
      for (const [id, own] of await readUserGroups(storage, organizationId, missing, scimBase)) groups.set(id, own);
    },
    async addDepartments(users) {
      const named = users.flatMap(({ profile }) => (profile.person?.departments ?? []).map(({ value }) => value));
      const missing = named.filter((id) => !departments.has(id));
      if (missing.length === 0) return;
      const found = await createDepartmentReader(storage, now).getMany(organizationId, missing);
      for (const department of found) departments.set(department.id, department);
    },
    of: ({ id }) => ({ groups: groups.get(id) ?? [], departments }),
  };
}
