// Owns the User schema as data: RFC 7643 §8.7.1 with §4.1, and the resource type that joins it with its extensions.
// What a user is belongs to directory/; translating between the two belongs to user-representation.ts.

import { personSchema } from './person-schema.ts';
import { enterpriseUserSchema, furloughUserSchema } from './user-schema-extensions.ts';
import {
  type AttributeDefinition,
  createResourceSchema,
  defineAttribute,
  type ResourceTypeDefinition,
  type SchemaDefinition,
} from './protocol/schema-definition.ts';

export const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';

const displaySub = defineAttribute('display', 'A human-readable name, primarily used for display purposes.');
const primarySub = defineAttribute('primary', 'Whether this is the preferred value; at most one is true.', {
  type: 'boolean',
});

function typeSub(canonicalValues: readonly string[] = []): AttributeDefinition {
  const description = 'A label for the function of the value.';
  return canonicalValues.length === 0
    ? defineAttribute('type', description)
    : defineAttribute('type', description, { canonicalValues });
}

/** A multi-valued complex attribute of the usual form: value, display, type, primary (RFC 7643 §2.4). */
function definePlural(
  name: string,
  description: string,
  value: AttributeDefinition,
  types: readonly string[] = [],
): AttributeDefinition {
  return defineAttribute(name, description, {
    type: 'complex',
    multiValued: true,
    subAttributes: [value, displaySub, typeSub(types), primarySub],
  });
}

const nameAttribute = defineAttribute('name', 'The components of the name of the user.', {
  type: 'complex',
  subAttributes: [
    defineAttribute('formatted', 'The full name, formatted for display.'),
    defineAttribute('familyName', 'The family name, or last name.'),
    defineAttribute('givenName', 'The given name, or first name.'),
    defineAttribute('middleName', 'The middle name or names.'),
    defineAttribute('honorificPrefix', 'The honorific prefix, or title.'),
    defineAttribute('honorificSuffix', 'The honorific suffix.'),
  ],
});

const addressesAttribute = defineAttribute('addresses', 'Physical mailing addresses of the user.', {
  type: 'complex',
  multiValued: true,
  subAttributes: [
    defineAttribute('formatted', 'The full mailing address, formatted for display.'),
    defineAttribute('streetAddress', 'The full street address, which may span several lines.'),
    defineAttribute('locality', 'The city or locality.'),
    defineAttribute('region', 'The state or region.'),
    defineAttribute('postalCode', 'The postal code.'),
    defineAttribute('country', 'The country, as an ISO 3166-1 code.'),
    typeSub(['work', 'home', 'other']),
    primarySub,
  ],
});

const readOnly = { mutability: 'readOnly' } as const;

const groupsAttribute = defineAttribute('groups', 'The groups the user belongs to; changed through the groups.', {
  ...readOnly,
  type: 'complex',
  multiValued: true,
  subAttributes: [
    defineAttribute('value', 'The identifier of the group.', { ...readOnly, caseExact: true }),
    defineAttribute('$ref', 'The URI of the group.', {
      ...readOnly,
      type: 'reference',
      referenceTypes: ['User', 'Group'],
      caseExact: true,
    }),
    defineAttribute('display', 'The name of the group.', readOnly),
    defineAttribute('type', 'Whether the membership is direct or indirect.', {
      ...readOnly,
      canonicalValues: ['direct', 'indirect'],
    }),
  ],
});

export const userSchema: SchemaDefinition = {
  id: USER_URN,
  name: 'User',
  description: 'User Account',
  attributes: [
    defineAttribute('userName', 'Unique name of the user, typically used to sign in.', {
      required: true,
      uniqueness: 'server',
    }),
    nameAttribute,
    defineAttribute('displayName', 'The name of the user, suitable for display.'),
    defineAttribute('nickName', 'The casual way to address the user.'),
    defineAttribute('profileUrl', 'URI of the online profile of the user.', {
      type: 'reference',
      referenceTypes: ['external'],
    }),
    defineAttribute('title', 'The title of the user, such as "Vice President".'),
    defineAttribute('userType', 'The relation between the organization and the user.'),
    defineAttribute('preferredLanguage', 'Preferred written or spoken language, as in Accept-Language.'),
    defineAttribute('locale', 'Default location of the user, for currency, dates and numbers.'),
    defineAttribute('timezone', 'Time zone of the user, as an IANA name.'),
    defineAttribute('active', 'Whether the user may sign in and uses a seat.', { type: 'boolean', clearable: false }),
    defineAttribute('password', 'Accepted and discarded; users sign in through their identity provider.', {
      mutability: 'writeOnly',
      returned: 'never',
      caseExact: true,
    }),
    definePlural('emails', 'E-mail addresses of the user.', defineAttribute('value', 'An e-mail address.'), [
      'work',
      'home',
      'other',
    ]),
    definePlural('phoneNumbers', 'Telephone numbers of the user.', defineAttribute('value', 'A telephone number.'), [
      'work',
      'home',
      'mobile',
      'fax',
      'pager',
      'other',
    ]),
    definePlural('ims', 'Instant messaging addresses of the user.', defineAttribute('value', 'An address.'), [
      'aim',
      'gtalk',
      'icq',
      'xmpp',
      'msn',
      'skype',
      'qq',
      'yahoo',
    ]),
    definePlural(
      'photos',
      'URIs of photos of the user.',
      defineAttribute('value', 'The URI of a photo.', {
        type: 'reference',
        referenceTypes: ['external'],
        caseExact: true,
      }),
      ['photo', 'thumbnail'],
    ),
    addressesAttribute,
    groupsAttribute,
    definePlural('entitlements', 'Things the user is entitled to.', defineAttribute('value', 'An entitlement.')),
    definePlural('roles', 'Roles of the user.', defineAttribute('value', 'A role.')),
    definePlural(
      'x509Certificates',
      'Certificates of the user.',
      defineAttribute('value', 'A DER-encoded certificate in Base64.', { type: 'binary', caseExact: true }),
    ),
  ],
};

export const userResourceType: ResourceTypeDefinition = {
  name: 'User',
  description: 'User Account',
  endpoint: '/Users',
  schema: userSchema,
  extensions: [
    { schema: enterpriseUserSchema, required: false },
    { schema: personSchema, required: false },
    { schema: furloughUserSchema, required: false },
  ],
};

/** The User resource type, indexed once for every filter, path and body. */
export const userResourceSchema = createResourceSchema(userResourceType);
