// Custom schemas: declare, list, show, change, remove. SCIM of the organisation reads and writes by them from the answer on.

import type { CustomSchema } from '#directory/custom-schema.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type AdminContext, type Operation, type OperationCall } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, toPage } from './paging.ts';
import { readSchemaInput } from './schema-input.ts';

const base = '/organizations/:org/schemas';

export const schemaOperations: readonly Operation[] = [
  defineOperation({
    id: 'schemas.declare',
    method: 'post',
    path: base,
    summary: 'Declare an extension schema of the organisation',
    body: contract.newSchema,
    answer: contract.schemaChanged,
    status: 201,
    run: async (context, call) => ({
      body: await context.provisioning.customSchemas.declare(call.organization.id, readSchemaInput(call.body), call.by),
    }),
  }),
  defineOperation({
    id: 'schemas.list',
    method: 'get',
    path: base,
    summary: 'Extension schemas of the organisation, by URN',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.schemaAnswer),
    run: async (context, call) => {
      const after = readCursor(call.query.cursor);
      const all = (await context.provisioning.customSchemas.list(call.organization.id)).toSorted((a, b) =>
        a.id < b.id ? -1 : 1,
      );
      const rest = after === undefined ? all : all.filter(({ id }) => id > after);
      return { body: toPage(rest, call.query.limit, ({ id }) => id) };
    },
  }),
  defineOperation({
    id: 'schemas.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One extension schema, by its URN',
    answer: contract.schemaAnswer,
    run: async (context, call) => ({ body: await readSchema(context, call) }),
  }),
  defineOperation({
    id: 'schemas.replace',
    method: 'put',
    path: `${base}/:id`,
    summary: 'Add to an extension schema, or relax it',
    body: contract.schemaWhole,
    answer: contract.schemaChanged,
    run: async (context, call) => {
      const urn = paramOf(call, 'id');
      const { id = urn, ...rest } = call.body;
      if (id.toLowerCase() !== urn.toLowerCase())
        throw new AdminError('invalidInput', 'The URN of a schema cannot be changed.', {
          errors: [{ pointer: '/id', detail: 'must be that of the path' }],
        });
      const present = await readSchema(context, call);
      const schema = readSchemaInput({ ...rest, id: present.id });
      return { body: await context.provisioning.customSchemas.replace(call.organization.id, schema, call.by) };
    },
  }),
  defineOperation({
    id: 'schemas.remove',
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Remove an extension schema; its values are hidden until it is declared again',
    answer: contract.schemaChanged,
    run: async (context, call) => ({
      body: await context.provisioning.customSchemas.remove(call.organization.id, paramOf(call, 'id'), call.by),
    }),
  }),
];

async function readSchema(context: AdminContext, call: OperationCall): Promise<CustomSchema> {
  const urn = paramOf(call, 'id').toLowerCase();
  const schemas = await context.provisioning.customSchemas.list(call.organization.id);
  const found = schemas.find(({ id }) => id.toLowerCase() === urn);
  if (found === undefined) throw new DirectoryError('schemaNotFound', 'There is no such schema.');
  return found;
}
