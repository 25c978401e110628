// The admin API's words for custom schemas: a schema definition of RFC 7643 §7, as SCIM publishes it, and what it extends. Part of admin-contract.ts.

import { z } from 'zod';
import { change, shortText } from './contract-words.ts';

const description = z.string().max(500, { error: 'must have at most 500 characters' }).default('');
const shared = {
  name: z.string().regex(/^(?:\$ref|[A-Za-z][A-Za-z0-9_-]{0,63})$/, {
    error: 'must be a letter, then letters, digits, "-" or "_", at most 64 characters (RFC 7643 §2.1)',
  }),
  description,
  multiValued: z.boolean().default(false),
  required: z.boolean().default(false),
  caseExact: z.boolean().optional().describe('Left out: true for reference and binary, else false.'),
  mutability: z.enum(['readOnly', 'readWrite', 'immutable', 'writeOnly']).default('readWrite'),
  returned: z.enum(['always', 'never', 'default', 'request']).default('default'),
  uniqueness: z
    .literal('none', { error: 'must be none: Furlough does not compare values of custom attributes among resources' })
    .default('none'),
  canonicalValues: z
    .array(z.string().min(1).max(200))
    .max(100)
    .optional()
    .describe('Published as suggestions; other values are accepted (RFC 7643 §7).'),
  referenceTypes: z.array(z.string().min(1).max(100)).max(20).optional(),
};
const simpleType = z.enum(['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary']);

const customSubAttribute = z.strictObject({ ...shared, type: simpleType.default('string') });
const customAttribute = z.strictObject({
  ...shared,
  type: z.enum([...simpleType.options, 'complex']).default('string'),
  subAttributes: z.array(customSubAttribute).min(1).max(30).optional(),
});
const definition = {
  name: shortText,
  description,
  attributes: z.array(customAttribute).min(1, { error: 'must name at least one attribute' }).max(100),
  resourceTypes: z
    .array(z.enum(['User', 'Group']))
    .min(1)
    .max(2)
    .default(['User'])
    .describe('What the schema extends.'),
  schemas: z.array(z.string().max(200)).max(5).optional().describe('As SCIM publishes it; not stored.'),
  meta: z.record(z.string(), z.unknown()).optional().describe('As SCIM publishes it; not stored.'),
};
const urn = z.string().max(200);

export const newSchema = z.strictObject({ id: urn.describe('The URN of the schema.'), ...definition });
export const schemaWhole = z.strictObject({ id: urn.optional().describe('As in the path.'), ...definition });
export type SchemaInput = z.output<typeof newSchema>;
export type AttributeInput = z.output<typeof customAttribute>;

const attributeAnswer = z.record(z.string(), z.unknown());
export const schemaAnswer = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  attributes: z.array(attributeAnswer),
  resourceTypes: z.array(z.enum(['User', 'Group'])),
});
export const schemaChanged = z.object({ schema: schemaAnswer, change });
