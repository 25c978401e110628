// Owns the Person extension of User as data: what SCIM's own schemas have no place for. Flat, because a complex attribute has no complex
// parts (RFC 7643 §2.3.8): a job title is `jobTitle` and `jobTitleCode`. Dates are texts, because SCIM has only instants.

import { defineAttribute, type SchemaDefinition } from './protocol/schema-definition.ts';

export const PERSON_URN = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:Person';

const readOnly = { mutability: 'readOnly' } as const;

export const personSchema: SchemaDefinition = {
  id: PERSON_URN,
  name: 'Person',
  description: 'A person: how the name is read, departments with job titles, dates.',
  bareInBodies: false,
  attributes: [
    defineAttribute('phoneticName', 'How the name is read (よみがな).', {
      type: 'complex',
      subAttributes: [
        defineAttribute('familyName', 'How the family name is read.'),
        defineAttribute('givenName', 'How the given name is read.'),
      ],
    }),
    defineAttribute('localizedName', 'The name in another language or script.', {
      type: 'complex',
      subAttributes: [
        defineAttribute('formatted', 'The whole name.'),
        defineAttribute('familyName', 'The family name.'),
        defineAttribute('givenName', 'The given name.'),
        defineAttribute('locale', 'The language, such as "en" or "ja-Kana" (RFC 5646).'),
      ],
    }),
    defineAttribute('extensionNumber', 'The telephone extension within the organization.'),
    defineAttribute('aboutMe', 'What the person says about themselves.'),
    defineAttribute('hireDate', 'The day the person was hired, such as 2026-04-01.', { caseExact: true }),
    defineAttribute('birthday', 'The day the person was born, such as 1990-04-01.', { caseExact: true }),
    defineAttribute('displayOrder', 'The place among people in lists, ascending.', { type: 'integer' }),
    defineAttribute('departments', 'The departments the person is in.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('value', 'The identifier of the department.', { caseExact: true }),
        defineAttribute('$ref', 'The URI of the department; counts where there is no value.', {
          type: 'reference',
          referenceTypes: ['Department'],
          caseExact: true,
        }),
        defineAttribute('display', 'The name of the department.', readOnly),
        defineAttribute('code', 'The code of the department.', readOnly),
        defineAttribute('jobTitle', 'The title of the person in this department.'),
        defineAttribute('jobTitleCode', 'The code of that title.'),
        defineAttribute('primary', 'Whether this is the department the person belongs to first; at most one is true.', {
          type: 'boolean',
        }),
      ],
    }),
  ],
};
