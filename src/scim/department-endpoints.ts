// The verbs on one department (RFC 7644 §3.3 to §3.6). Each write is one call of the write side, whose edit runs again on fresh state when
// somebody else changed the tree first.

import type { Department, DepartmentProfile } from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { DepartmentId } from '#directory/identifiers.ts';
import type { DepartmentOptions, DepartmentResult } from '#provisioning/change-department.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import {
  createDepartmentVersion,
  fromScimDepartment,
  toDepartmentContent,
  toScimDepartment,
} from './department-representation.ts';
import { departmentResourceSchema } from './department-schema.ts';
import { readParents } from './department-search.ts';
import { applyPatch } from './protocol/patch-application.ts';
import { parsePatchRequest } from './protocol/patch-request.ts';
import type { Projection } from './protocol/projection.ts';
import { validateResource } from './protocol/schema-validation.ts';
import { answerResource, answerUnmodified, readCondition, readProjection, readResourceId } from './resource-request.ts';
import { toChangeContext, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';

/** `GET /Departments/{id}`. */
export async function readDepartment(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const projection = readProjection(request, departmentResourceSchema);
  const departments = createDepartmentReader(context.storage, context.now);
  const department = await departments.get(request.client.organizationId, idOf(request));
  if (department === null) return refuseUnknown();
  return (
    answerUnmodified(request, createDepartmentVersion(department)) ??
    showDepartment(context, department, 200, projection)
  );
}

/** `POST /Departments`. */
export async function createDepartment(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { organizationId, connection, settings } = request.client;
  const projection = readProjection(request, departmentResourceSchema);
  const body = await request.readBody();
  const written = validateResource(body, departmentResourceSchema, { strict: settings.strict });
  const result = await context.provisioning.createDepartment(
    organizationId,
    { profile: fromScimDepartment(written), connection },
    toChangeContext(request, 'scimPost'),
  );
  noteResult(request, result);
  return showDepartment(context, result.department, 201, projection);
}

/** `PUT /Departments/{id}`: what is left out is cleared, so that a department without `parent` becomes a top one. */
export async function replaceDepartment(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { strict } = request.client.settings;
  const body = await request.readBody();
  return writeDepartment(context, request, 'scimPut', (department) => {
    const current = toDepartmentContent(department, context.scimBase);
    return fromScimDepartment(validateResource(body, departmentResourceSchema, { strict, current }));
  });
}

/** `PATCH /Departments/{id}`: all operations or none; answers the whole department. */
export async function patchDepartment(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { strict } = request.client.settings;
  const operations = parsePatchRequest(await request.readBody(), { strict });
  return writeDepartment(context, request, 'scimPatch', (department) => {
    const current = toDepartmentContent(department, context.scimBase);
    return fromScimDepartment(applyPatch(current, operations, departmentResourceSchema, { strict }));
  });
}

/** `DELETE /Departments/{id}`: 204, and 404 from then on; 409 while departments or people are in it. */
export async function deleteDepartment(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const by = toChangeContext(request, 'scimDelete');
  const { organizationId } = request.client;
  noteResult(
    request,
    await context.provisioning.removeDepartment(organizationId, idOf(request), by, conditionOf(request)),
  );
  return { status: 204 };
}

async function writeDepartment(
  context: ScimContext,
  request: ScimRequest,
  mouth: 'scimPut' | 'scimPatch',
  edit: (department: Department) => DepartmentProfile,
): Promise<ScimAnswer> {
  const projection = readProjection(request, departmentResourceSchema);
  const result = await context.provisioning.changeDepartment(
    request.client.organizationId,
    idOf(request),
    edit,
    toChangeContext(request, mouth),
    conditionOf(request),
  );
  noteResult(request, result);
  return showDepartment(context, result.department, 200, projection);
}

async function showDepartment(
  context: ScimContext,
  department: Department,
  status: 200 | 201,
  projection: Projection,
): Promise<ScimAnswer> {
  const parents = await readParents(context, department.organizationId, [department]);
  const resource = toScimDepartment(department, parents, context.scimBase);
  return answerResource(status, resource, departmentResourceSchema, projection);
}

function noteDepartment({ notes }: ScimRequest, { id, profile }: Department): void {
  notes.resource = { type: 'Department', id, name: profile.name };
}

function noteResult(request: ScimRequest, { department, change, difference }: DepartmentResult): void {
  noteDepartment(request, department);
  request.notes.changed = change !== null;
  if (difference !== undefined) request.notes.difference = difference;
}

function conditionOf(request: ScimRequest): DepartmentOptions {
  const { precondition } = readCondition(request, 'department', createDepartmentVersion);
  return {
    precondition(department) {
      noteDepartment(request, department);
      precondition?.(department);
    },
  };
}

function idOf(request: ScimRequest): DepartmentId {
  return readResourceId(request, refuseUnknown);
}

function refuseUnknown(): never {
  throw new DirectoryError('departmentNotFound', 'There is no department with this id.');
}
