// Departments: list, show, create, change, delete, and who is in one. Who is in which is written with the person (SCIM, imports).

import type { Department, DepartmentProfile } from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { DepartmentId, UserId } from '#directory/identifiers.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type AdminContext, type Call, type Operation } from './admin-operation.ts';
import { findDepartments, placeOf } from './department-list.ts';
import { createEntityTag, readPrecondition } from './entity-tag.ts';
import { readCursor, toPage } from './paging.ts';
import { toUserAnswer } from './user-view.ts';

const base = '/organizations/:org/departments';

export const departmentOperations: readonly Operation[] = [
  defineOperation({
    id: 'departments.list',
    method: 'get',
    path: base,
    summary: 'Departments, all or those below one, by code or name',
    query: contract.departmentQuery,
    answer: contract.pageOf(contract.departmentAnswer),
    run: async (context, call) => {
      const after = readCursor(call.query.cursor);
      const found = await findDepartments(readerOf(context), call.organization.id, call.query, after);
      const { items, next } = toPage(found, call.query.limit, placeOf);
      return { body: { items: items.map(toDepartmentAnswer), next } };
    },
  }),
  defineOperation({
    id: 'departments.create',
    method: 'post',
    path: base,
    summary: 'Create a department',
    body: contract.newDepartment,
    answer: contract.departmentChanged,
    status: 201,
    run: async (context, call) => {
      const profile = toProfile(call.body);
      const result = await context.provisioning.createDepartment(call.organization.id, { profile }, call.by);
      return answerChanged(result);
    },
  }),
  defineOperation({
    id: 'departments.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One department',
    answer: contract.departmentAnswer,
    run: async (context, call) => {
      const department = await readDepartment(context, call);
      return { body: toDepartmentAnswer(department), headers: { ETag: entityTagOf(department) } };
    },
  }),
  defineOperation({
    id: 'departments.change',
    method: 'put',
    path: `${base}/:id`,
    summary: 'Rename, move or reorder a department; what the body leaves out stays',
    body: contract.departmentChange,
    answer: contract.departmentChanged,
    run: async (context, call) => {
      const edit = ({ profile }: Department) => toProfile({ ...profile, ...call.body });
      const { provisioning } = context;
      return answerChanged(
        await provisioning.changeDepartment(call.organization.id, idOf(call), edit, call.by, conditionOf(call)),
      );
    },
  }),
  defineOperation({
    id: 'departments.delete',
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Delete a department; one with departments or people in it is kept (409)',
    answer: contract.departmentChanged,
    run: async (context, call) => {
      const { provisioning } = context;
      const { department, change } = await provisioning.removeDepartment(
        call.organization.id,
        idOf(call),
        call.by,
        conditionOf(call),
      );
      return { body: { department: toDepartmentAnswer(department), change } };
    },
  }),
  defineOperation({
    id: 'departments.users',
    method: 'get',
    path: `${base}/:id/users`,
    summary: 'The people in a department itself, inactive ones too, in order of creation',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.userAnswer),
    run: async (context, call) => {
      const { id } = await readDepartment(context, call);
      const { limit, cursor } = call.query;
      const after = readCursor(cursor) as UserId | undefined;
      const users = await context.storage.users.list(call.organization.id, {
        key: { kind: 'department', value: id },
        limit: limit + 1,
        ...(after === undefined ? {} : { after }),
      });
      const { items, next } = toPage(users, limit, (user) => user.id);
      return { body: { items: items.map(toUserAnswer), next } };
    },
  }),
];

function toDepartmentAnswer(department: Department) {
  const { id, profile, height, createdAt, modifiedAt } = department;
  return {
    id,
    name: profile.name,
    code: profile.code ?? null,
    parent: profile.parent ?? null,
    displayOrder: profile.displayOrder ?? null,
    externalId: profile.externalId ?? null,
    hasChildren: height > 0,
    createdAt: toIso(createdAt),
    modifiedAt: toIso(modifiedAt),
  };
}

/** Null and left out are the same state. */
function toProfile(parts: Readonly<Record<string, unknown>>): DepartmentProfile {
  const assigned = Object.entries(parts).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(assigned) as unknown as DepartmentProfile;
}

function answerChanged({ department, change }: { readonly department: Department; readonly change: string | null }) {
  return {
    body: { department: toDepartmentAnswer(department), change },
    headers: { ETag: entityTagOf(department) },
  };
}

function entityTagOf({ profile }: Department): string {
  return createEntityTag(profile);
}

function conditionOf(call: Pick<Call<unknown, unknown>, 'ifMatch'>) {
  return readPrecondition(call.ifMatch, 'department', entityTagOf);
}

function idOf(call: Pick<Call<unknown, unknown>, 'params'>): DepartmentId {
  return paramOf(call, 'id') as DepartmentId;
}

function readerOf({ storage, now }: AdminContext) {
  return createDepartmentReader(storage, now);
}

async function readDepartment(
  context: AdminContext,
  call: Pick<Call<unknown, unknown>, 'organization' | 'params'>,
): Promise<Department> {
  const department = await readerOf(context).get(call.organization.id, idOf(call));
  if (department === null) throw new DirectoryError('departmentNotFound', 'There is no such department.');
  return department;
}
