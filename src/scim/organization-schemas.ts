// Which schemas one organisation's resources have: the standard's and ours, and after them those the organisation declared itself. Indexed once for
// each state of its declarations; whoever has none shares the same.

import {
  liveSchemas,
  type CustomAttribute,
  type CustomSchema,
  type CustomSchemas,
  type ExtensibleType,
} from '#directory/custom-schema.ts';
import { groupResourceSchema } from './group-schema.ts';
import { createResourceSchema, type ResourceSchema } from './protocol/schema-definition.ts';
import { userResourceSchema } from './user-schema.ts';

export interface OrganizationSchemas {
  readonly user: ResourceSchema;
  readonly group: ResourceSchema;
  /** Lower-case names of custom attributes that are never returned: what is kept of a request does not tell their values either. */
  readonly unreturned: ReadonlySet<string>;
}

export const standardSchemas: OrganizationSchemas = {
  user: userResourceSchema,
  group: groupResourceSchema,
  unreturned: new Set(),
};

const indexed = new WeakMap<CustomSchemas, OrganizationSchemas>();

export function schemasWith(custom: CustomSchemas): OrganizationSchemas {
  const live = liveSchemas(custom);
  if (live.length === 0) return standardSchemas;
  let schemas = indexed.get(custom);
  if (schemas === undefined) {
    schemas = {
      user: extend(standardSchemas.user, 'User', live),
      group: extend(standardSchemas.group, 'Group', live),
      unreturned: new Set(live.flatMap(({ attributes }) => listUnreturned(attributes))),
    };
    indexed.set(custom, schemas);
  }
  return schemas;
}

function listUnreturned(attributes: readonly CustomAttribute[]): readonly string[] {
  return attributes.flatMap(({ name, returned, subAttributes = [] }) => [
    ...(returned === 'never' ? [name.toLowerCase()] : []),
    ...listUnreturned(subAttributes),
  ]);
}

/** Standard extensions stay in front: a bare name means theirs before it means a custom one. */
function extend(standard: ResourceSchema, type: ExtensibleType, live: readonly CustomSchema[]): ResourceSchema {
  const own = live.filter(({ resourceTypes }) => resourceTypes.includes(type));
  if (own.length === 0) return standard;
  const { resourceType } = standard;
  return createResourceSchema({
    ...resourceType,
    extensions: [...resourceType.extensions, ...own.map((schema) => ({ schema, required: false, custom: true }))],
  });
}
