// What this service can do, truthfully: ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644 §4, RFC 7643 §5 to §7, RFC 9865 §4).
// Readable without credentials, but what an organisation declared itself only with one of its own; a filter is refused with 403, paging and
// sorting are ignored.

import { mostBulkOperations } from './bulk-request.ts';
import { cursorTimeoutSeconds } from './protocol/cursor.ts';
import type { JsonDraft, JsonObject } from './protocol/json-value.ts';
import { createListResponse } from './protocol/list-response.ts';
import type { AttributeDefinition, ResourceTypeDefinition, SchemaDefinition } from './protocol/schema-definition.ts';
import { ScimError } from './scim-error.ts';
import { pageLimits, type ScimAnswer } from './scim-operation.ts';
import { departmentResourceType } from './department-schema.ts';
import type { OrganizationSchemas } from './organization-schemas.ts';

const CONFIG_URN = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RESOURCE_TYPE_URN = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const SCHEMA_URN = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** A discovery request: no client, for there may be no credential. `schemas` are then the standard ones. */
export interface DiscoveryRequest {
  readonly scimBase: string;
  /** The largest body that is taken, in bytes. */
  readonly bodyBytes: number;
  /** The variable segment of the path, decoded; empty where there is none. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly schemas: OrganizationSchemas;
}

function resourceTypesOf({ user, group }: OrganizationSchemas): readonly ResourceTypeDefinition[] {
  return [user.resourceType, group.resourceType, departmentResourceType];
}

export function readServiceProviderConfig({ scimBase, bodyBytes, query }: DiscoveryRequest): ScimAnswer {
  refuseFilter(query);
  const { defaultCount, maxCount } = pageLimits;
  const body: JsonObject = {
    schemas: [CONFIG_URN],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: mostBulkOperations, maxPayloadSize: bodyBytes },
    filter: { supported: true, maxResults: maxCount },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: defaultCount,
      maxPageSize: maxCount,
      cursorTimeout: cursorTimeoutSeconds,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer credential',
        description: 'A credential issued by an administrator, sent as an OAuth bearer token.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
      {
        type: 'oauth2',
        name: 'OAuth 2.0 client credentials',
        description:
          'A token from /scim/oauth/token for the id of a credential and its secret, or a client assertion of the issuer it trusts.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6749#section-4.4',
        primary: false,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${scimBase}/ServiceProviderConfig` },
  };
  return { status: 200, body };
}

export function listResourceTypes({ scimBase, query, schemas }: DiscoveryRequest): ScimAnswer {
  refuseFilter(query);
  return answerList(resourceTypesOf(schemas).map((type) => describeResourceType(type, scimBase)));
}

export function readResourceType({ scimBase, id, query, schemas }: DiscoveryRequest): ScimAnswer {
  refuseFilter(query);
  const found = resourceTypesOf(schemas).find((type) => type.name === id);
  if (found === undefined) throw new ScimError(404, 'There is no resource type with this name.');
  return { status: 200, body: describeResourceType(found, scimBase) };
}

export function listSchemas({ scimBase, query, schemas }: DiscoveryRequest): ScimAnswer {
  refuseFilter(query);
  return answerList(allSchemas(schemas).map((schema) => describeSchema(schema, scimBase)));
}

/** URNs are found in any letter case (RFC 8141 §3.1, RFC 7643 §2.1). */
export function readSchema({ scimBase, id, query, schemas }: DiscoveryRequest): ScimAnswer {
  refuseFilter(query);
  const found = allSchemas(schemas).find((schema) => schema.id.toLowerCase() === id.toLowerCase());
  if (found === undefined) throw new ScimError(404, 'There is no schema with this URN.');
  return { status: 200, body: describeSchema(found, scimBase) };
}

/** Once each: one schema may extend several types. */
function allSchemas(schemas: OrganizationSchemas): readonly SchemaDefinition[] {
  const all = resourceTypesOf(schemas).flatMap((type) => [type.schema, ...type.extensions.map(({ schema }) => schema)]);
  return [...new Set(all)];
}

function answerList(resources: readonly JsonObject[]): ScimAnswer {
  return { status: 200, body: createListResponse(resources, resources.length, 1) };
}

function refuseFilter(query: URLSearchParams): void {
  if (query.has('filter')) throw new ScimError(403, 'Discovery endpoints cannot be filtered.');
}

function describeResourceType(type: ResourceTypeDefinition, scimBase: string): JsonObject {
  return {
    schemas: [RESOURCE_TYPE_URN],
    id: type.name,
    name: type.name,
    description: type.description,
    endpoint: type.endpoint,
    schema: type.schema.id,
    schemaExtensions: type.extensions.map(({ schema, required }) => ({ schema: schema.id, required })),
    meta: { resourceType: 'ResourceType', location: `${scimBase}/ResourceTypes/${type.name}` },
  };
}

function describeSchema(schema: SchemaDefinition, scimBase: string): JsonObject {
  return {
    schemas: [SCHEMA_URN],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(describeAttribute),
    meta: { resourceType: 'Schema', location: `${scimBase}/Schemas/${schema.id}` },
  };
}

/** As in RFC 7643 §8.7: `caseExact` and `uniqueness` say nothing of a boolean or complex value. */
function describeAttribute(attribute: AttributeDefinition): JsonObject {
  const { name, type, multiValued, description, required, mutability, returned } = attribute;
  const described: JsonDraft = { name, type, multiValued, description, required };
  if (attribute.subAttributes !== undefined)
    described['subAttributes'] = attribute.subAttributes.map(describeAttribute);
  if (type !== 'complex' && type !== 'boolean') described['caseExact'] = attribute.caseExact;
  if (attribute.canonicalValues !== undefined) described['canonicalValues'] = attribute.canonicalValues;
  if (attribute.referenceTypes !== undefined) described['referenceTypes'] = attribute.referenceTypes;
  return { ...described, mutability, returned, uniqueness: attribute.uniqueness };
}
