// Where a department stands, read by a few indexed looks: the chain above it, and the heights that change along it when it comes or goes. No
// subtree is read, however large.

import { deepestLevel, type Department } from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { departmentKeys } from '#storage/department-records.ts';
import type { DepartmentReader } from '#storage/department-reader.ts';

/** The department `parent` and those above it, up to the top; empty without one. Throws `DirectoryError` `invalidValue` when it is not there. */
export async function readChain(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  parent: DepartmentId | undefined,
): Promise<readonly Department[]> {
  const chain: Department[] = [];
  for (let id = parent; id !== undefined && chain.length <= deepestLevel; ) {
    const found = await departments.get(organizationId, id);
    if (found === null)
      throw new DirectoryError('invalidValue', 'The parent names no department.', { field: 'parent' });
    chain.push(found);
    id = found.profile.parent;
  }
  return chain;
}

/** Those above whose height changes when a department leaves the end of one chain for the end of another; null: it is in no chain. */
export async function changedHeights(
  departments: DepartmentReader,
  { id, organizationId, height }: Department,
  from: readonly Department[] | null,
  to: readonly Department[] | null,
): Promise<readonly Department[]> {
  const heights = new Map<DepartmentId, Department>();
  let child = { id, was: height, is: -1 };
  for (const ancestor of from ?? []) {
    if (child.was + 1 < ancestor.height) break;
    const other = await tallestOther(departments, organizationId, ancestor, child.id);
    const is = Math.max(other, child.is) + 1;
    if (is === ancestor.height) break;
    heights.set(ancestor.id, { ...ancestor, height: is });
    child = { id: ancestor.id, was: ancestor.height, is };
  }
  let needed = height + 1;
  for (const ancestor of to ?? []) {
    const known = heights.get(ancestor.id) ?? ancestor;
    if (known.height >= needed) break;
    heights.set(ancestor.id, { ...known, height: needed });
    needed += 1;
  }
  const before = new Map([...(from ?? []), ...(to ?? [])].map((ancestor) => [ancestor.id, ancestor.height]));
  return [...heights.values()].filter((ancestor) => before.get(ancestor.id) !== ancestor.height);
}

/** The height of the tallest child but one; -1: there is none. */
async function tallestOther(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  { id, height }: Department,
  except: DepartmentId,
): Promise<number> {
  for (let asked = height - 1; asked >= 0; asked -= 1) {
    const found = await departments.list(organizationId, { key: departmentKeys.height(id, asked), limit: 2 });
    if (found.some((child) => child.id !== except)) return asked;
  }
  return -1;
}
