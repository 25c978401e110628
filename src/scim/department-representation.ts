// Translates between a department of the directory and the SCIM resource. Decides nothing.

import type { Department, DepartmentProfile } from '#directory/department.ts';
import type { DepartmentId } from '#directory/identifiers.ts';
import { DEPARTMENT_URN } from './department-schema.ts';
import { createEntityTag } from './protocol/entity-tag.ts';
import type { JsonObject, JsonValue } from './protocol/json-value.ts';

/** Departments that others are shown with, by their ids. */
export type KnownDepartments = ReadonlyMap<DepartmentId, Department>;

/** The resource as answered. The name of the parent is no part of the version: it changes with the parent. */
export function toScimDepartment(department: Department, parents: KnownDepartments, scimBase: string): JsonObject {
  const content = toDepartmentContent(department, scimBase);
  const { parent } = department.profile;
  const shown =
    parent === undefined ? {} : { parent: { value: parent, ...describeReference(parents.get(parent), scimBase) } };
  return {
    ...content,
    ...shown,
    meta: { ...metaOf(department, scimBase), version: createDepartmentVersion(department) },
  };
}

/** The resource as it can be written, without what follows from other departments. */
export function toDepartmentContent(department: Department, scimBase: string): JsonObject {
  const { parent, ...own } = department.profile;
  return {
    schemas: [DEPARTMENT_URN],
    id: department.id,
    ...own,
    ...(parent === undefined ? {} : { parent: { value: parent } }),
    meta: metaOf(department, scimBase),
  };
}

/** The weak entity tag: from content only. */
export function createDepartmentVersion({ id, profile }: Department): string {
  return createEntityTag({ id, ...(profile as unknown as JsonObject) });
}

export function departmentLocation({ id }: Pick<Department, 'id'>, scimBase: string): string {
  return `${scimBase}/Departments/${encodeURIComponent(id)}`;
}

/** `$ref` and `display` of a reference to a department; nothing where it is not there. */
export function describeReference(department: Department | undefined, scimBase: string): JsonObject {
  if (department === undefined) return {};
  return { $ref: departmentLocation(department, scimBase), display: department.profile.name };
}

/** The id that a reference to a department names: its `value`, else the last part of its `$ref`. */
export function idOfReference({ value, $ref }: JsonObject): JsonValue | undefined {
  if (value !== undefined || typeof $ref !== 'string') return value;
  const last = $ref.slice($ref.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** A validated or patched resource as the directory keeps it. */
export function fromScimDepartment(resource: JsonObject): DepartmentProfile {
  const { schemas: _schemas, id: _id, meta: _meta, parent, ...own } = resource;
  const above = parent === undefined ? undefined : idOfReference(parent as JsonObject);
  return { ...own, ...(above === undefined ? {} : { parent: above }) } as unknown as DepartmentProfile;
}

function metaOf(department: Department, scimBase: string): JsonObject {
  return {
    resourceType: 'Department',
    created: new Date(department.createdAt).toISOString(),
    lastModified: new Date(department.modifiedAt).toISOString(),
    location: departmentLocation(department, scimBase),
  };
}
