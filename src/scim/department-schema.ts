// Owns the Department schema as data: ours, under the rules of RFC 7643 §7. What a department is belongs to directory/.

import {
  createResourceSchema,
  defineAttribute,
  type ResourceTypeDefinition,
  type SchemaDefinition,
} from './protocol/schema-definition.ts';

export const DEPARTMENT_URN = 'urn:ietf:params:scim:schemas:furlough:2.0:Department';

export const departmentSchema: SchemaDefinition = {
  id: DEPARTMENT_URN,
  name: 'Department',
  description: 'Department',
  attributes: [
    defineAttribute('name', 'The name of the department; need not be unique.', { required: true }),
    defineAttribute('code', 'The code of the department.', { uniqueness: 'server' }),
    defineAttribute('parent', 'The department above; a top department has none.', {
      type: 'complex',
      subAttributes: [
        defineAttribute('value', 'The identifier of the department above.', { caseExact: true }),
        defineAttribute('$ref', 'The URI of the department above; counts where there is no value.', {
          type: 'reference',
          referenceTypes: ['Department'],
          caseExact: true,
        }),
        defineAttribute('display', 'The name of the department above.', { mutability: 'readOnly' }),
      ],
    }),
    defineAttribute('displayOrder', 'The place among its siblings, ascending.', { type: 'integer' }),
  ],
};

export const departmentResourceType: ResourceTypeDefinition = {
  name: 'Department',
  description: 'Department',
  endpoint: '/Departments',
  schema: departmentSchema,
  extensions: [],
};

/** The Department resource type, indexed once for every filter, path and body. */
export const departmentResourceSchema = createResourceSchema(departmentResourceType);
