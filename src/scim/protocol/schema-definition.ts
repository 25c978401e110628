// Owns the description of attributes, schemas and resource types as data, and an index over them that answers by
// name in any letter case (RFC 7643 §2.1, §2.2, §6, §7). The schemas themselves stand with their resource
// (scim/user-schema.ts); reading `urn:…:name.sub` belongs to attribute-notation.ts.

export type AttributeType =
  | 'string'
  | 'boolean'
  | 'decimal'
  | 'integer'
  | 'dateTime'
  | 'reference'
  | 'complex'
  | 'binary';
export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
export type Returned = 'always' | 'never' | 'default' | 'request';
export type Uniqueness = 'none' | 'server' | 'global';

/** One attribute with all its characteristics (RFC 7643 §7). */
export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly description: string;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness: Uniqueness;
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly AttributeDefinition[];
  /** Ours, not published: `false` means PATCH may change the value but never unassign it (`active`). */
  readonly clearable?: false;
}

export interface SchemaDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
  /** Ours, not published: `false` means that a body names the attributes of this extension under its URN only. */
  readonly bareInBodies?: false;
}

export interface ResourceExtension {
  readonly schema: SchemaDefinition;
  readonly required: boolean;
  /** Ours, not published: declared by the organisation itself. */
  readonly custom?: boolean;
}

/** RFC 7643 §6. `endpoint` is relative to the SCIM base, with a leading slash. */
export interface ResourceTypeDefinition {
  readonly name: string;
  readonly description: string;
  readonly endpoint: string;
  readonly schema: SchemaDefinition;
  readonly extensions: readonly ResourceExtension[];
}

export type AttributeIndex = ReadonlyMap<string, AttributeDefinition>;

export interface IndexedSchema {
  readonly urn: string;
  readonly definition: SchemaDefinition;
  /** Attributes by lower-case name. */
  readonly attributes: AttributeIndex;
}

/** A resource type, ready for look-ups: the core schema with the common attributes, then the extensions in order. */
export interface ResourceSchema {
  readonly resourceType: ResourceTypeDefinition;
  readonly core: IndexedSchema;
  readonly extensions: readonly IndexedSchema[];
  /** Those of the extensions that the organisation declared itself. */
  readonly custom: readonly IndexedSchema[];
  /** Every schema, the longest URN first: the order in which a qualified name is split. */
  readonly byUrnLength: readonly IndexedSchema[];
}

/** Fills in the defaults of RFC 7643 §2.2: an optional, case-insensitive, readWrite, singular string. */
export function defineAttribute(
  name: string,
  description: string,
  characteristics: Partial<Omit<AttributeDefinition, 'name' | 'description'>> = {},
): AttributeDefinition {
  return {
    name,
    type: 'string',
    description,
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...characteristics,
  };
}

const readOnly = { mutability: 'readOnly' } as const;

/** Attributes every resource has (RFC 7643 §3, §3.1); they belong to no schema and are listed in none. */
export const COMMON_ATTRIBUTES: readonly AttributeDefinition[] = [
  defineAttribute('schemas', 'The URNs of the schemas that are present.', {
    type: 'reference',
    referenceTypes: ['uri'],
    multiValued: true,
    required: true,
    caseExact: true,
    returned: 'always',
  }),
  defineAttribute('id', 'Unique identifier, made by the service provider.', {
    ...readOnly,
    caseExact: true,
    returned: 'always',
    uniqueness: 'server',
  }),
  defineAttribute('externalId', 'Identifier given by the provisioning client.', { caseExact: true }),
  defineAttribute('meta', 'Metadata of the resource.', {
    ...readOnly,
    type: 'complex',
    subAttributes: [
      defineAttribute('resourceType', 'Name of the resource type.', { ...readOnly, caseExact: true }),
      defineAttribute('created', 'When the resource was created.', { ...readOnly, type: 'dateTime' }),
      defineAttribute('lastModified', 'When the resource last changed.', { ...readOnly, type: 'dateTime' }),
      defineAttribute('location', 'URI of the resource.', {
        ...readOnly,
        type: 'reference',
        referenceTypes: ['uri'],
        caseExact: true,
      }),
      defineAttribute('version', 'Entity tag of the resource.', { ...readOnly, caseExact: true }),
    ],
  }),
];

/** Indexes a resource type. Do it once, at start, and hand the result around. */
export function createResourceSchema(resourceType: ResourceTypeDefinition): ResourceSchema {
  const core = indexSchema(resourceType.schema, COMMON_ATTRIBUTES);
  const extensions = resourceType.extensions.map(({ schema }) => indexSchema(schema, []));
  const byUrnLength = [core, ...extensions].sort((left, right) => right.urn.length - left.urn.length);
  const custom = extensions.filter((_extension, at) => resourceType.extensions[at]?.custom === true);
  return { resourceType, core, extensions, custom, byUrnLength };
}

const subAttributeIndexes = new WeakMap<AttributeDefinition, AttributeIndex>();

/** Finds a sub-attribute by its name in any letter case. */
export function findSubAttribute(attribute: AttributeDefinition, name: string): AttributeDefinition | undefined {
  if (attribute.subAttributes === undefined) return undefined;
  let index = subAttributeIndexes.get(attribute);
  if (index === undefined) {
    index = indexAttributes(attribute.subAttributes);
    subAttributeIndexes.set(attribute, index);
  }
  return index.get(name.toLowerCase());
}

/** Finds the schema of this URN in any letter case. */
export function findSchema(schema: ResourceSchema, urn: string): IndexedSchema | undefined {
  const wanted = urn.toLowerCase();
  return schema.byUrnLength.find((candidate) => candidate.urn.toLowerCase() === wanted);
}

function indexSchema(definition: SchemaDefinition, common: readonly AttributeDefinition[]): IndexedSchema {
  return { urn: definition.id, definition, attributes: indexAttributes([...common, ...definition.attributes]) };
}

function indexAttributes(attributes: readonly AttributeDefinition[]): AttributeIndex {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
}
