// Lists of departments for an administrator: the children of one in display order, by code or name through an index, or all in order of creation.

import type { Department } from '#directory/department.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { departmentKeys } from '#storage/department-records.ts';
import type { DepartmentReader } from '#storage/department-reader.ts';
import type { RecordPage } from '#storage/record-store.ts';
import { queryResources } from '#storage/resource-query.ts';
import type * as contract from './admin-contract.ts';
import { AdminError } from './admin-problem.ts';

type DepartmentQuery = ReturnType<typeof contract.departmentQuery.parse>;

/** One more than the limit, so that it is known whether there are more. `after` is what `placeOf` gave. Throws `invalidCursor`, `StorageError`. */
export async function findDepartments(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  query: DepartmentQuery,
  after: string | undefined,
): Promise<readonly Department[]> {
  const keys = keysOf(query);
  const [key = departmentKeys.all] = keys;
  const inOrder = query.parent !== undefined;
  const from = after === undefined ? undefined : readPlace(after);
  const isAfter = (one: Department): boolean => from !== undefined && compare(one, from) > 0;
  const { items } = await queryResources(
    {
      count: () => departments.count(organizationId),
      list: (page: RecordPage) => departments.list(organizationId, { ...page, key }),
      // The walk reads those that have the key.
      narrowed: keys.length === 0 ? undefined : () => Promise.resolve(null),
    },
    {
      ...(keys.length < 2 ? {} : { matches: (one) => keys.every((wanted) => hasKey(one, wanted)) }),
      ...(inOrder ? { compare } : {}),
      ...(from === undefined ? {} : { after: { id: from.id, isAfter: inOrder ? isAfter : ({ id }) => id > from.id } }),
      offset: 0,
      limit: query.limit + 1,
    },
  );
  return items;
}

/** Where a department stands in its list, for a cursor. */
export function placeOf({ id, profile }: Department): string {
  return `${profile.displayOrder ?? ''}:${id}`;
}

function readPlace(text: string): Pick<Department, 'profile' | 'id'> {
  const [, order, id] = /^(-?\d{0,16}):(.{1,200})$/.exec(text) ?? [];
  if (order === undefined || id === undefined || order === '-')
    throw new AdminError('invalidCursor', 'This cursor is none of ours; start again without one.');
  return { id: id as DepartmentId, profile: { name: '', ...(order === '' ? {} : { displayOrder: Number(order) }) } };
}

/** In display order, those without one last; ties in order of creation. */
function compare(left: Pick<Department, 'profile' | 'id'>, right: Pick<Department, 'profile' | 'id'>): number {
  const [a, b] = [left, right].map(({ profile }) => profile.displayOrder ?? Number.POSITIVE_INFINITY) as [
    number,
    number,
  ];
  if (a !== b) return a < b ? -1 : 1;
  return left.id === right.id ? 0 : left.id < right.id ? -1 : 1;
}

/** The narrowest first. */
function keysOf({ code, name, parent }: DepartmentQuery): readonly string[] {
  return [
    ...(code === undefined ? [] : [departmentKeys.code(code)]),
    ...(name === undefined ? [] : [departmentKeys.name(name)]),
    ...(parent === undefined ? [] : [departmentKeys.parent(parent === 'top' ? undefined : (parent as DepartmentId))]),
  ];
}

function hasKey({ profile }: Department, key: string): boolean {
  const { code, name, parent } = profile;
  const own = [departmentKeys.name(name), departmentKeys.parent(parent)];
  return [...own, ...(code === undefined ? [] : [departmentKeys.code(code)])].includes(key);
}
