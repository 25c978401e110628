// Departments as they are read: one, several, by key, counted. Deleted ones are answered by none.

import type { Department } from '#directory/department.ts';
import type { DepartmentId, Instant, OrganizationId } from '#directory/identifiers.ts';
import { departmentKeys, departmentRecords, departmentTreeRecords } from './department-records.ts';
import type { RecordPage } from './record-store.ts';
import type { Storage } from './storage.ts';

/** All methods throw `StorageError`; none of them caches. */
export interface DepartmentReader {
  get(organizationId: OrganizationId, id: DepartmentId): Promise<Department | null>;
  /** By id, in no order; unknown ones are left out. */
  getMany(organizationId: OrganizationId, ids: readonly DepartmentId[]): Promise<readonly Department[]>;
  /** In order of id, which is the order of creation; all without a key. */
  list(organizationId: OrganizationId, page: RecordPage): Promise<readonly Department[]>;
  count(organizationId: OrganizationId): Promise<number>;
}

const piece = 1_000;

export function createDepartmentReader(storage: Pick<Storage, 'records'>, now: () => Instant): DepartmentReader {
  const departments = () => storage.records(departmentRecords);
  const isOf = (organizationId: OrganizationId) => (department: Department) =>
    department.organizationId === organizationId && department.deletedAt === undefined;

  return {
    async get(organizationId, id) {
      const found = await departments().get(id, now());
      return found !== null && isOf(organizationId)(found.value) ? found.value : null;
    },
    async getMany(organizationId, ids) {
      const found: Department[] = [];
      const unique = [...new Set(ids)];
      for (let from = 0; from < unique.length; from += piece) {
        const some = await departments().getMany(unique.slice(from, from + piece), now());
        found.push(...some.map(({ value }) => value).filter(isOf(organizationId)));
      }
      return found;
    },
    async list(organizationId, page) {
      const found = await departments().list(organizationId, { key: departmentKeys.all, ...page }, now());
      return found.map(({ value }) => value);
    },
    async count(organizationId) {
      return (await storage.records(departmentTreeRecords).get(organizationId, now()))?.value.number ?? 0;
    },
  };
}
