// Shared fixtures of the protocol tests: resource types with what User lacks (numbers, immutable and required parts,
// simple lists), a resource to work on, and a reader of refusals.

import { type JsonObject, type JsonValue } from '#scim/protocol/json-value.ts';
import { applyPatch } from '#scim/protocol/patch-application.ts';
import { parsePatchRequest } from '#scim/protocol/patch-request.ts';
import { ProtocolError } from '#scim/protocol/protocol-error.ts';
import { createResourceSchema, defineAttribute, type ResourceSchema } from '#scim/protocol/schema-definition.ts';
import { userResourceSchema } from '#scim/user-schema.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const FURLOUGH = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const GADGET = 'urn:example:2.0:Gadget';

export const userSchema = userResourceSchema;

const immutable = { mutability: 'immutable' } as const;

export const groupSchema: ResourceSchema = createResourceSchema({
  name: 'Group',
  description: 'Group',
  endpoint: '/Groups',
  extensions: [],
  schema: {
    id: GROUP,
    name: 'Group',
    description: 'Group',
    attributes: [
      defineAttribute('displayName', 'Name.', { required: true }),
      defineAttribute('members', 'Members.', {
        type: 'complex',
        multiValued: true,
        subAttributes: [
          defineAttribute('value', 'Id.', { ...immutable, caseExact: true }),
          defineAttribute('$ref', 'URI.', { ...immutable, type: 'reference', caseExact: true }),
          defineAttribute('type', 'Type.', immutable),
          defineAttribute('display', 'Name.', { mutability: 'readOnly' }),
        ],
      }),
    ],
  },
});

export const gadgetSchema: ResourceSchema = createResourceSchema({
  name: 'Gadget',
  description: 'Gadget',
  endpoint: '/Gadgets',
  extensions: [],
  schema: {
    id: GADGET,
    name: 'Gadget',
    description: 'Gadget',
    attributes: [
      defineAttribute('serial', 'Serial.', { mutability: 'immutable', caseExact: true }),
      defineAttribute('size', 'Size.', { type: 'integer' }),
      defineAttribute('weight', 'Weight.', { type: 'decimal' }),
      defineAttribute('madeAt', 'When.', { type: 'dateTime' }),
      defineAttribute('labels', 'Labels.', { multiValued: true, caseExact: true }),
      defineAttribute('secretNote', 'Only on request.', { returned: 'request' }),
      defineAttribute('stamp', 'Stamps.', { mutability: 'immutable', multiValued: true }),
      defineAttribute('parts', 'Parts.', {
        type: 'complex',
        multiValued: true,
        subAttributes: [
          defineAttribute('value', 'Value.', { required: true }),
          defineAttribute('type', 'Type.'),
          defineAttribute('count', 'Count.', { type: 'integer' }),
        ],
      }),
    ],
  },
});

export const ann: JsonObject = {
  schemas: [USER, ENTERPRISE],
  id: 'u-Ann',
  externalId: 'AbC',
  userName: 'Ann@Acme.test',
  name: { givenName: 'Ann', familyName: 'Lee' },
  displayName: 'Ann Lee',
  title: 'Clerk',
  active: true,
  emails: [
    { value: 'ann@acme.test', type: 'work', primary: true },
    { value: 'ann@home.test', type: 'home' },
  ],
  groups: [{ value: 'g1', display: 'Staff' }],
  meta: {
    resourceType: 'User',
    created: '2026-01-01T00:00:00.000Z',
    lastModified: '2026-03-01T09:30:00.5+09:00',
    location: 'https://x.test/scim/v2/Users/u-Ann',
    version: 'W/"1"',
  },
  [ENTERPRISE]: { employeeNumber: '42', department: 'R&D', manager: { value: 'u-Boss', displayName: 'Boss' } },
};

/** Freezes deeply, so that a function that changes its input throws. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}

/** Runs a PATCH on a frozen resource. */
export function patch(
  resource: JsonObject,
  operations: readonly JsonValue[],
  options: { strict?: boolean; schema?: ResourceSchema } = {},
): JsonObject {
  const strict = options.strict === true;
  const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
  const parsed = parsePatchRequest(freeze(body), { strict });
  return applyPatch(freeze(resource), parsed, options.schema ?? userSchema, { strict });
}

/** The code of the refusal a function ends in; anything but a ProtocolError is thrown on, success is "accepted". */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.status} ${error.scimType}`;
    throw error;
  }
  return 'accepted';
}

/** What stands on Object.prototype, for showing that nothing was added. */
export function prototypeKeys(): string {
  return Reflect.ownKeys(Object.prototype).map(String).sort().join();
}
