// Departments: created, changed, moved, removed. Each is one change of the tree (department-tree.ts), checked on the tree as it is then.

import {
  assertDepartmentProfile,
  assertPlace,
  type Department,
  type DepartmentProfile,
} from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Difference } from '#directory/effect.ts';
import { differingAttributes, type ChangeContext } from '#directory/effects-between.ts';
import {
  createTimeOrderedId,
  type ChangeId,
  type ConnectionId,
  type DepartmentId,
  type OrganizationId,
} from '#directory/identifiers.ts';
import { createDepartmentReader, type DepartmentReader } from '#storage/department-reader.ts';
import { departmentKeys } from '#storage/department-records.ts';
import { chargeAfterMove } from './charge-people.ts';
import { changedHeights, readChain } from './department-place.ts';
import { changeTree } from './department-tree.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface DepartmentOptions {
  /** Throws when the department as read does not meet the caller's condition (`If-Match`). Asked again on every retry. */
  readonly precondition?: (department: Department) => void;
}

export interface DepartmentResult {
  readonly department: Department;
  /** Null: everything was as asked already; nothing was written. */
  readonly change: ChangeId | null;
  /** What was changed; left out where nothing was. */
  readonly difference?: Difference;
}

/** Throws `DirectoryError` `invalidValue`, `departmentCodeTaken`, `departmentTooDeep`. */
export async function createDepartment(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  request: { readonly profile: DepartmentProfile; readonly connection?: ConnectionId },
  by: ChangeContext,
): Promise<DepartmentResult> {
  const departments = createDepartmentReader(context.storage, context.now);
  const { profile, connection } = request;
  assertDepartmentProfile(profile);
  const now = context.now();
  const department: Department = {
    id: createTimeOrderedId(now, context.randomBytes) as DepartmentId,
    organizationId,
    profile,
    height: 0,
    change: 0,
    createdAt: now,
    modifiedAt: now,
    ...(connection === undefined ? {} : { lastWrittenBy: connection }),
  };
  const decide = async () => {
    const chain = await readChain(departments, organizationId, profile.parent);
    assertPlace(department, chain);
    await assertCodeIsFree(departments, department);
    return { before: null, after: department, beside: await changedHeights(departments, department, null, chain) };
  };
  const outcome = await changeTree(context, organizationId, decide, by);
  return outcome ?? { department, change: null };
}

/**
 * Changes a department, its place included. `edit` is pure and may run several times; its errors pass through with nothing stored. An edit that
 * changes nothing writes nothing. Throws `DirectoryError` `departmentNotFound`, `invalidValue`, `departmentCodeTaken`, `departmentCycle`,
 * `departmentTooDeep`, `tooManyConflicts`.
 */
export async function changeDepartment(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: DepartmentId,
  edit: (department: Department) => DepartmentProfile,
  by: ChangeContext,
  options: DepartmentOptions = {},
): Promise<DepartmentResult> {
  const departments = createDepartmentReader(context.storage, context.now);
  let present: Department | null = null;
  let moves = false;
  const decide = async () => {
    const before = await load(departments, organizationId, id, options);
    present = before;
    const profile = edit(before);
    assertDepartmentProfile(profile);
    if (differingAttributes({ ...before.profile }, { ...profile }) === null) return null;
    const writer = by.actor.kind === 'connection' ? { lastWrittenBy: by.actor.connection } : {};
    const after: Department = { ...before, ...writer, profile, modifiedAt: context.now() };
    await assertCodeIsFree(departments, after);
    const beside = await moveWithin(departments, before, after);
    moves = before.profile.parent !== profile.parent;
    return { before, after, beside };
  };
  const outcome = await changeTree(context, organizationId, decide, by);
  // Who is in it or below it may belong to another budget now.
  if (outcome !== null && moves) context.continueLater(() => chargeAfterMove(context, organizationId));
  if (outcome !== null) return outcome;
  await context.storage.settled();
  return { department: present ?? unknownDepartment(), change: null };
}

/**
 * Deletes a department that has neither children nor people in it. Throws `DirectoryError` `departmentNotFound` (also the second time),
 * `departmentNotEmpty`. What is to follow for people who come at the same moment is in remove-department.ts.
 */
export async function deleteEmptyDepartment(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: DepartmentId,
  by: ChangeContext,
  options: DepartmentOptions = {},
): Promise<DepartmentResult> {
  const departments = createDepartmentReader(context.storage, context.now);
  const decide = async () => {
    const before = await load(departments, organizationId, id, options);
    const [child] = await departments.list(organizationId, { key: departmentKeys.parent(id), limit: 1 });
    if (child !== undefined)
      throw new DirectoryError(
        'departmentNotEmpty',
        'The department has departments below it; move or delete them first.',
      );
    await assertNobodyIn(context, before);
    const now = context.now();
    const after: Department = { ...before, modifiedAt: now, deletedAt: now };
    const chain = await readChain(departments, organizationId, before.profile.parent);
    return { before, after, beside: await changedHeights(departments, before, chain, null) };
  };
  const outcome = (await changeTree(context, organizationId, decide, by)) ?? unknownDepartment();
  // Its budget goes with it.
  context.continueLater(() => chargeAfterMove(context, organizationId));
  return outcome;
}

/** Inactive people are in it, too; deleted ones are not. */
async function assertNobodyIn({ storage }: ProvisioningContext, { id, organizationId }: Department): Promise<void> {
  const [somebody] = await storage.users.list(organizationId, { key: { kind: 'department', value: id }, limit: 1 });
  if (somebody !== undefined)
    throw new DirectoryError('departmentNotEmpty', 'The department has people in it; move them first.');
}

async function load(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  id: DepartmentId,
  options: DepartmentOptions,
): Promise<Department> {
  const department = await departments.get(organizationId, id);
  if (department === null) return unknownDepartment();
  options.precondition?.(department);
  return department;
}

async function moveWithin(
  departments: DepartmentReader,
  before: Department,
  after: Department,
): Promise<readonly Department[]> {
  const [from, to] = [before.profile.parent, after.profile.parent];
  if (from === to) return [];
  const chain = await readChain(departments, before.organizationId, to);
  assertPlace(before, chain);
  return changedHeights(departments, before, await readChain(departments, before.organizationId, from), chain);
}

async function assertCodeIsFree(
  departments: DepartmentReader,
  { id, organizationId, profile }: Department,
): Promise<void> {
  if (profile.code === undefined) return;
  const holders = await departments.list(organizationId, { key: departmentKeys.code(profile.code), limit: 2 });
  if (holders.some((holder) => holder.id !== id))
    throw new DirectoryError('departmentCodeTaken', `Another department has the code "${profile.code}".`, {
      field: 'code',
    });
}

function unknownDepartment(): never {
  throw new DirectoryError('departmentNotFound', 'There is no department with this id.');
}
