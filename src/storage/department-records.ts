// Departments as plain records, and one record per organisation for the tree: through it every change goes, one after the other, so that two
// changes that are right alone and wrong together never both happen (provisioning/department-tree.ts).

import { departmentLabel, type Department } from '#directory/department.ts';
import type { DepartmentId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

/** Deleted ones are found by their id only. */
export const departmentRecords: RecordKind<Department> = {
  name: 'department',
  keysOf({ profile, height, deletedAt }) {
    if (deletedAt !== undefined) return [];
    return [
      departmentKeys.all,
      departmentKeys.parent(profile.parent),
      departmentKeys.height(profile.parent, height),
      departmentKeys.name(profile.name),
      ...(profile.code === undefined ? [] : [departmentKeys.code(profile.code)]),
      ...(profile.externalId === undefined ? [] : [departmentKeys.externalId(profile.externalId)]),
    ];
  },
};

/** The keys departments are listed by. */
export const departmentKeys = {
  all: 'all',
  /** Children; undefined: top departments. */
  parent: (parent: DepartmentId | undefined) => `parent=${parent ?? ''}`,
  /** Children with so many levels below them. */
  height: (parent: DepartmentId | undefined, height: number) => `height=${height} parent=${parent ?? ''}`,
  name: (name: string) => `name=${departmentLabel(name)}`,
  code: (code: string) => `code=${departmentLabel(code)}`,
  externalId: (externalId: string) => `externalId=${externalId}`,
} as const;

/** The state of an organisation's tree; the record's id is the organisation's. */
export interface DepartmentTree {
  /** Rises by one with every change. */
  readonly change: number;
  /** How many departments there are, with `pending` carried out. */
  readonly number: number;
  /** The number of the last change that moved or deleted a department; absent: none ever did. */
  readonly moved?: number;
  /** Departments as the last change left them, while that is not known to be carried out on their own records. */
  readonly pending?: readonly Department[];
}

export const departmentTreeRecords: RecordKind<DepartmentTree> = {
  name: 'departmentTree',
  carriesEffects: true,
  keysOf: () => [],
};
