// What the verbs on one resource have in common, whatever its type: what to show, which one is meant, under which condition, and the answer.

import { DirectoryError } from '#directory/directory-error.ts';
import { isNotModified, passesIfMatch } from './protocol/entity-tag.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { parseProjection, projectResource, type Projection } from './protocol/projection.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import type { ScimAnswer, ScimRequest } from './scim-operation.ts';

/** Read before anything is written: a broken parameter must not leave a change behind. */
export function readProjection({ query }: ScimRequest, schema: ResourceSchema): Projection {
  return parseProjection(
    { attributes: query.getAll('attributes'), excludedAttributes: query.getAll('excludedAttributes') },
    schema,
  );
}

/** The id in the path. No store is asked about what no id of ours can be: then `refuse` throws. */
export function readResourceId<Id extends string>({ id }: ScimRequest, refuse: () => never): Id {
  if (!/^[\w.-]{1,128}$/.test(id)) refuse();
  return id as Id;
}

/** `If-Match` as a condition that is asked on every retry (RFC 7644 §3.14). */
export function readCondition<Item>(
  { ifMatch }: ScimRequest,
  noun: string,
  versionOf: (item: Item) => string,
): { readonly precondition?: (item: Item) => void } {
  if (ifMatch === undefined) return {};
  return {
    precondition(item) {
      if (passesIfMatch(ifMatch, versionOf(item))) return;
      throw new DirectoryError('revisionMismatch', `The ${noun} has changed since the version named in If-Match.`);
    },
  };
}

/** 304 when the client has this version. */
export function answerUnmodified({ ifNoneMatch }: ScimRequest, version: string): ScimAnswer | undefined {
  return isNotModified(ifNoneMatch, version) ? { status: 304, headers: { ETag: version } } : undefined;
}

/** A resource with its version, and where it is when it was just made. */
export function answerResource(
  status: 200 | 201,
  resource: JsonObject,
  schema: ResourceSchema,
  projection: Projection,
): ScimAnswer {
  const { version, location } = resource['meta'] as { readonly version: string; readonly location: string };
  return {
    status,
    body: projectResource(resource, schema, projection),
    headers: { ETag: version, ...(status === 201 ? { Location: location } : {}) },
  };
}
