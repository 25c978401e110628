// Owns the two extensions of User as data: Enterprise User (RFC 7643 §4.3, §8.7.1) and Furlough's own, which is
// readOnly and says why somebody is not active. The User schema itself stands in user-schema.ts.

import { defineAttribute, type SchemaDefinition } from './protocol/schema-definition.ts';

export const ENTERPRISE_USER_URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const FURLOUGH_USER_URN = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User';

export const enterpriseUserSchema: SchemaDefinition = {
  id: ENTERPRISE_USER_URN,
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    defineAttribute('employeeNumber', 'Identifier given to the person by the organization.'),
    defineAttribute('costCenter', 'The name of a cost center.'),
    defineAttribute('organization', 'The name of an organization.'),
    defineAttribute('division', 'The name of a division.'),
    defineAttribute('department', 'The name of a department.'),
    defineAttribute('manager', 'The manager of the user.', {
      type: 'complex',
      subAttributes: [
        defineAttribute('value', 'The id of the user who is the manager.', { caseExact: true }),
        defineAttribute('$ref', 'The URI of the user who is the manager.', {
          type: 'reference',
          referenceTypes: ['User'],
          caseExact: true,
        }),
        defineAttribute('displayName', 'The display name of the manager.', { mutability: 'readOnly' }),
      ],
    }),
  ],
};

const readOnly = { mutability: 'readOnly' } as const;

export const furloughUserSchema: SchemaDefinition = {
  id: FURLOUGH_USER_URN,
  name: 'FurloughUser',
  description: 'Why a user is or is not active. Read only; ignored when sent.',
  attributes: [
    defineAttribute('status', 'The status that Furlough shows.', {
      ...readOnly,
      caseExact: true,
      canonicalValues: ['active', 'scheduled', 'onLeave', 'inactive', 'waiting', 'starting'],
    }),
    defineAttribute('holds', 'The reasons why the user is not active; active means none.', {
      ...readOnly,
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('kind', 'The kind of the hold.', {
          ...readOnly,
          caseExact: true,
          canonicalValues: ['idp', 'admin', 'leave', 'hr', 'seat', 'start', 'dormant', 'security'],
        }),
        defineAttribute('source', 'The connection or place the hold comes from.', { ...readOnly, caseExact: true }),
        defineAttribute('since', 'When the hold was placed.', { ...readOnly, type: 'dateTime' }),
        defineAttribute('by', 'Who placed the hold.', { ...readOnly, caseExact: true }),
        defineAttribute('reason', 'A reason code.', { ...readOnly, caseExact: true }),
        defineAttribute('note', 'A note for people.', readOnly),
        defineAttribute('until', 'When the hold is expected to end.', { ...readOnly, type: 'dateTime' }),
      ],
    }),
    defineAttribute('leave', 'The leave under way, or the next one.', {
      ...readOnly,
      type: 'complex',
      subAttributes: [
        defineAttribute('id', 'The identifier of the leave.', { ...readOnly, caseExact: true }),
        defineAttribute('type', 'The type of the leave.', { ...readOnly, caseExact: true }),
        defineAttribute('from', 'The first day, a local date.', readOnly),
        defineAttribute('until', 'The day of the return, a local date.', readOnly),
      ],
    }),
    defineAttribute('seat', 'Whether the user holds a seat.', {
      ...readOnly,
      caseExact: true,
      canonicalValues: ['none', 'held'],
    }),
  ],
};
