import { type AttributeDefinition } from '#scim/protocol/schema-definition.ts';
import { userResourceSchema, userSchema } from '#scim/user-schema.ts';
import { enterpriseUserSchema, furloughUserSchema } from '#scim/user-schema-extensions.ts';

/** Name, type and what differs from the defaults of RFC 7643 §2.2, in one line. */
function line(attribute: AttributeDefinition): string {
  const { name, type, multiValued, required, caseExact, mutability, returned, uniqueness } = attribute;
  const words = [name, type, multiValued && 'multi', required && 'required', caseExact && 'caseExact'];
  const rest = [
    mutability !== 'readWrite' && mutability,
    returned !== 'default' && returned,
    uniqueness !== 'none' && uniqueness,
  ];
  return [...words, ...rest].filter(Boolean).join(' ');
}

test('User has the attributes of RFC 7643 §8.7.1', () => {
  expect(userSchema.attributes.map(line)).toEqual([
    'userName string required server',
    'name complex',
    'displayName string',
    'nickName string',
    'profileUrl reference',
    'title string',
    'userType string',
    'preferredLanguage string',
    'locale string',
    'timezone string',
    'active boolean',
    'password string caseExact writeOnly never',
    'emails complex multi',
    'phoneNumbers complex multi',
    'ims complex multi',
    'photos complex multi',
    'addresses complex multi',
    'groups complex multi readOnly',
    'entitlements complex multi',
    'roles complex multi',
    'x509Certificates complex multi',
  ]);
});

test('Enterprise User has the attributes of RFC 7643 §4.3', () => {
  expect(enterpriseUserSchema.attributes.map(({ name }) => name)).toEqual([
    'employeeNumber',
    'costCenter',
    'organization',
    'division',
    'department',
    'manager',
  ]);
});

test('everything in our own extension, and in groups, is readOnly', () => {
  const groups = userSchema.attributes.filter(({ name }) => name === 'groups');
  const all = [...furloughUserSchema.attributes, ...groups].flatMap((attribute) => [
    attribute,
    ...(attribute.subAttributes ?? []),
  ]);
  expect(all.length).toBeGreaterThan(15);
  expect(all.filter(({ mutability }) => mutability !== 'readOnly')).toEqual([]);
});

test('the common attributes come with the resource type', () => {
  const common = ['schemas', 'id', 'externalid', 'meta'].map((name) => userResourceSchema.core.attributes.get(name));
  expect(common.map((attribute) => attribute && line(attribute))).toEqual([
    'schemas reference multi required caseExact always',
    'id string caseExact readOnly always server',
    'externalId string caseExact',
    'meta complex readOnly',
  ]);
});
