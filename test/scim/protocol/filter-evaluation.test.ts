import { type BindOptions, bindFilter, matchesFilter } from '#scim/protocol/filter-evaluation.ts';
import { collectEqualities } from '#scim/protocol/filter-narrowing.ts';
import { parseFilter } from '#scim/protocol/filter-tree.ts';
import { type JsonObject } from '#scim/protocol/json-value.ts';
import { type ResourceSchema } from '#scim/protocol/schema-definition.ts';
import { ann, ENTERPRISE, freeze, FURLOUGH, gadgetSchema, refusal, USER, userSchema } from './fixtures.ts';

function matches(
  filter: string,
  resource: JsonObject = ann,
  schema: ResourceSchema = userSchema,
  options: BindOptions = {},
): boolean {
  return matchesFilter(bindFilter(parseFilter(filter), schema, options), freeze(resource));
}

describe('what a filter finds', () => {
  test.each<[string, boolean]>([
    ['userName eq "ann@acme.test"', true],
    ['USERNAME EQ "ANN@ACME.TEST"', true],
    ['userName eq "ann"', false],
    ['externalId eq "AbC"', true],
    ['externalId eq "abc"', false],
    ['id eq "u-Ann"', true],
    ['id eq "U-ANN"', false],
    [`${USER}:userName sw "ann"`, true],
    [`${USER.toUpperCase()}:ACTIVE eq true`, true],
    ['active eq "True"', true],
    ['active eq True', true],
    ['active ne false', true],
    ['active eq false', false],
    ['userName co "@acme"', true],
    ['userName ew ".TEST"', true],
    ['userName ew ".com"', false],
    ['userName gt "ANA"', true],
    ['userName lt "ann@acme.test"', false],
    ['userName le "ann@acme.test"', true],
    ['name.familyName eq "lee"', true],
    ['name pr', true],
    ['nickName pr', false],
    ['nickName ne "x"', true],
    ['nickName eq null', true],
    ['userName ne null', true],
    ['not (nickName eq "x")', true],
    ['nickName gt "a"', false],
    ['not (nickName gt "a")', true],
    ['emails pr', true],
    ['emails co "home.test"', true],
    ['emails eq "ann@home.test"', true],
    ['emails.value eq "ann@home.test"', true],
    ['emails.type eq "work" and emails.value eq "ann@home.test"', true],
    ['emails[type eq "work" and value eq "ann@home.test"]', false],
    ['emails[type eq "work" and value co "acme"]', true],
    ['emails[type eq "work"].value eq "ann@acme.test"', true],
    ['emails[type eq "home"].value eq "ann@acme.test"', false],
    ['emails[not (type eq "work")].value co "home"', true],
    ['emails[primary eq "True"].value sw "ann@acme"', true],
    ['emails[display pr]', false],
    ['name[familyName eq "Lee" and givenName eq "Ann"]', true],
    ['groups.value eq "g1"', true],
    ['schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"', true],
    ['schemas[value co "enterprise"]', true],
    ['department eq "r&d"', true],
    [`${ENTERPRISE}:department eq "R&D"`, true],
    [`${ENTERPRISE}.department eq "R&D"`, true],
    ['manager eq "u-Boss"', true],
    ['manager.value eq "u-boss"', false],
    ['id eq "u-Ann" and manager eq "u-Boss"', true],
    [`${ENTERPRISE} pr`, true],
    [`${FURLOUGH} pr`, false],
    [`${FURLOUGH}:status eq "active"`, false],
    ['meta.resourceType eq "User"', true],
    ['meta.created eq "2025-12-31T19:00:00-05:00"', true],
    ['meta.created ge "2026-01-01T00:00:00Z"', true],
    ['meta.created gt "2026-01-01T00:00:00.000Z"', false],
    ['meta.lastModified eq "2026-03-01T00:30:00.500Z"', true],
    ['meta.lastModified lt "2026-03-01T00:30:00.5000001Z"', true],
    ['meta.created sw "2026-01"', true],
    ['userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', true],
    ['userName eq ".*"', false],
    ['userName co "(a+)+$"', false],
  ])('%s is %s', (filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });

  test.each<[string, boolean]>([
    ['size gt 9', true],
    ['size ge -3', true],
    ['size lt 9', false],
    ['size eq 10.0', true],
    ['weight le 0.5', true],
    ['labels eq "Red"', true],
    ['labels eq "red"', false],
    ['labels[value sw "R"]', true],
    ['parts[count gt 1 and type eq "a"]', false],
    ['parts.count gt 1 and parts.type eq "a"', true],
    ['labels ne "Red"', true],
  ])('numbers, lists: %s is %s', (filter, expected) => {
    const gadget: JsonObject = {
      size: 10,
      weight: 0.5,
      labels: ['Red', 'Blue'],
      parts: [
        { value: 'p', type: 'a', count: 1 },
        { value: 'q', type: 'b', count: 2 },
      ],
    };
    expect(matches(filter, gadget, gadgetSchema)).toBe(expected);
  });

  test('regular expressions and wildcards are text', () => {
    const odd = { ...ann, userName: '(a+)+$ .* %_\\' };
    expect(matches('userName eq "(a+)+$ .* %_\\\\"', odd)).toBe(true);
    expect(matches('userName co ".*"', odd)).toBe(true);
    expect(matches('userName eq ".*"', odd)).toBe(false);
  });
});

describe('what cannot be filtered is refused', () => {
  test.each([
    'shoeSize eq "9"',
    'emails.shoeSize eq "9"',
    'emails[shoeSize eq "9"]',
    'urn:example:User:userName eq "x"',
    'password eq "x"',
    'password pr',
    'not (password pr)',
    `${USER}:password sw "a"`,
    'active gt true',
    'active le "true"',
    'active co "tr"',
    'active eq "yes"',
    'active eq 1',
    'userName eq 5',
    'userName eq true',
    'userName gt null',
    'name eq "x"',
    'addresses co "x"',
    'meta.created gt "yesterday"',
    'meta.created eq "2026-02-30T00:00:00Z"',
    'x509Certificates.value gt "AA"',
    'x509Certificates.value co "AA"',
    'userName[value eq "x"]',
    'name.familyName[value eq "x"]',
    'a:b eq 1',
    '$where eq "1"',
    'name.familyName.x eq "1"',
    `${USER} pr`,
  ])('%s', (filter) => {
    expect(refusal(() => matches(filter))).toBe('400 invalidFilter');
  });

  test.each(['__proto__ pr', 'constructor eq "x"', 'prototype pr', 'name.__proto__ pr', 'emails[constructor pr]'])(
    'F03 %s, on a typed endpoint and over all types',
    (filter) => {
      expect(refusal(() => matches(filter))).toBe('400 invalidFilter');
      expect(refusal(() => matches(filter, ann, userSchema, { unknownAttribute: 'noValue' }))).toBe(
        '400 invalidFilter',
      );
    },
  );

  test('a boolean as text is refused in strict mode', () => {
    expect(refusal(() => matches('active eq "True"', ann, userSchema, { strict: true }))).toBe('400 invalidFilter');
    expect(matches('active eq true', ann, userSchema, { strict: true })).toBe(true);
  });
});

describe('search over all types: an attribute of another type has no value', () => {
  test.each<[string, boolean]>([
    ['members eq "x"', false],
    ['members pr', false],
    ['not (members pr)', true],
    ['members ne "x"', true],
    ['members eq null', true],
    ['members[value eq "x"]', false],
    ['userName eq "ann@acme.test" or urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"', true],
  ])('%s is %s', (filter, expected) => {
    expect(matches(filter, ann, userSchema, { unknownAttribute: 'noValue' })).toBe(expected);
  });
});

describe('equalities a store may look up', () => {
  function narrow(filter: string): unknown[] {
    return collectEqualities(bindFilter(parseFilter(filter), userSchema)).map(
      ({ attributePath, value, withinElement }) =>
        withinElement === undefined
          ? [attributePath.join('/'), value]
          : [attributePath.join('/'), value, withinElement.map((term) => `${term.subAttribute}=${term.value}`).join()],
    );
  }

  test.each<[string, unknown[]]>([
    ['userName eq "a"', [['userName', 'a']]],
    [
      'externalId eq "a" and active eq "True"',
      [
        ['externalId', 'a'],
        ['active', true],
      ],
    ],
    ['ID eq "a"', [['id', 'a']]],
    ['displayName eq "a"', [['displayName', 'a']]],
    ['emails.value eq "a"', [['emails/value', 'a']]],
    ['emails eq "a"', [['emails/value', 'a']]],
    ['emails[value eq "a"]', [['emails/value', 'a', 'value=a']]],
    [
      'emails[type eq "work" and value eq "a"]',
      [
        ['emails/type', 'work', 'type=work,value=a'],
        ['emails/value', 'a', 'type=work,value=a'],
      ],
    ],
    [
      'emails[type eq "work"].value eq "a"',
      [
        ['emails/type', 'work', 'type=work,value=a'],
        ['emails/value', 'a', 'type=work,value=a'],
      ],
    ],
    [`manager eq "a"`, [[`${ENTERPRISE}/manager/value`, 'a']]],
    ['schemas[value eq "a"]', [['schemas', 'a', 'value=a']]],
    ['userName eq "a" or id eq "b"', []],
    ['not (userName eq "a")', []],
    ['userName ne "a" and title eq null', []],
    ['userName sw "a" and (id eq "b" and title pr)', [['id', 'b']]],
    ['userName sw "a" and (id eq "b" or title pr)', []],
  ])('%s', (filter, expected) => {
    expect(narrow(filter)).toEqual(expected);
  });
});
