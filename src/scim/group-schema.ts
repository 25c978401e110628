// Owns the Group schema as data: RFC 7643 §8.7.1 with §4.2. What a group is belongs to directory/.

import {
  createResourceSchema,
  defineAttribute,
  type ResourceTypeDefinition,
  type SchemaDefinition,
} from './protocol/schema-definition.ts';

export const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';

const immutable = { mutability: 'immutable' } as const;

export const groupSchema: SchemaDefinition = {
  id: GROUP_URN,
  name: 'Group',
  description: 'Group',
  attributes: [
    defineAttribute('displayName', 'A human-readable name of the group.', { required: true }),
    defineAttribute('members', 'The users and groups in the group.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('value', 'The identifier of the member.', { ...immutable, caseExact: true }),
        defineAttribute('$ref', 'The URI of the member.', {
          ...immutable,
          type: 'reference',
          referenceTypes: ['User', 'Group'],
          caseExact: true,
        }),
        defineAttribute('type', 'Whether the member is a user or a group.', {
          ...immutable,
          canonicalValues: ['User', 'Group'],
        }),
        defineAttribute('display', 'The name of the member; not returned.', { mutability: 'readOnly' }),
      ],
    }),
  ],
};

export const groupResourceType: ResourceTypeDefinition = {
  name: 'Group',
  description: 'Group',
  endpoint: '/Groups',
  schema: groupSchema,
  extensions: [],
};

/** The Group resource type, indexed once for every filter, path and body. */
export const groupResourceSchema = createResourceSchema(groupResourceType);
