// Strangers at the SCIM door: near enough to a client's requests that they come far in.

import fc from 'fast-check';
import { CUSTOM, DEPARTMENT, GROUP, PERSON, USER, customAttributes, type HostileHouse } from './hostile-house.ts';
import { anyMethod, encodedText, headerText, hostileHeaders, hostileJson, hostileQuery } from './hostile-values.ts';
import { bodyOf, everywhere, path } from './request-parts.ts';
import type { WireRequest } from './wire.ts';

export function toScim({ scimSecret, people, group, departments }: HostileHouse): fc.Arbitrary<WireRequest> {
  const names = [
    ...customAttributes.map(({ name }) => `${CUSTOM}:${name}`),
    CUSTOM,
    PERSON,
    `${PERSON}:departments`,
    ...'code parent displayOrder departments birthday'.split(' '),
    ...'schemas userName externalId active emails name title displayName meta id groups roles Operations op path value password startIndex count filter sortBy attributes type primary members display $ref method bulkId data version failOnErrors whole texts many'.split(
      ' ',
    ),
  ];
  const values = [
    [USER],
    [DEPARTMENT],
    ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    [SEARCH],
    [BULK],
    [GROUP],
    `members[value eq "${people.scim[0]}"]`,
    [{ value: people.scim[1] }],
    [{ value: group }],
    'bulkId:a',
    '/Users',
    `/Groups/${group}`,
    'DELETE',
    'replace',
    'Add',
    'remove',
    'active',
    'emails[type eq "work"].value',
    'userName eq "a@scim.test"',
    'True',
    false,
    1,
    [{ op: 'replace', path: 'title', value: 'Baker' }],
    [{ op: 'add', value: { 'name.givenName': 'A' } }],
    [{ value: 'x@y.test', type: 'work' }],
    { givenName: 'A' },
    ...departments.scim.flatMap((value) => [
      value,
      { value },
      [{ value, primary: true }],
      { departments: [{ value }] },
    ]),
    `${PERSON}:departments[value eq "${departments.scim[0]}"].jobTitle`,
    { birthday: '2026-02-30' },
    [{ op: 'add', path: `${CUSTOM}:many[type eq "a"].value`, value: 'x' }],
    [{ op: 'remove', path: CUSTOM }],
    `${CUSTOM}:whole ge 3 and ${CUSTOM}:texts[value eq "x"]`,
    `${CUSTOM}.parts.whole`,
    { text: 'x', whole: 3, many: [{ value: 'x' }], once: 'a' },
    3,
    1.5,
    'AAAA',
    '2027-01-01T00:00:00Z',
  ];
  const parameters = 'filter sortBy sortOrder startIndex count attributes excludedAttributes cursor access_token'.split(
    ' ',
  );
  const headers = hostileHeaders({
    ...everywhere,
    'content-type': ['application/scim+json', 'application/json'],
    'if-match': ['*', 'W/"1"', '"'],
    'if-none-match': ['*', 'W/"'],
    'x-organization': ['by-admin'],
  });
  const authorization = fc.oneof(
    { arbitrary: fc.constantFrom(`Bearer ${scimSecret}`, scimSecret), weight: 12 },
    { arbitrary: headerText, weight: 1 },
  );
  const users = people.scim.map((id) => `Users/${id}`);
  const places = departments.scim.map((id) => `Departments/${id}`);
  const fitting = fc.oneof(
    fc.constantFrom(['GET', 'Users'], ['POST', 'Users'], ['POST', 'Groups'], ['POST', 'Bulk'], ['POST', 'Bulk']),
    fc.constantFrom(['POST', 'Users/.search'], ['POST', 'Groups/.search'], ['POST', '.search'], ['GET', 'Groups']),
    fc.constantFrom(['GET', 'Departments'], ['POST', 'Departments'], ['POST', 'Departments/.search']),
    fc.tuple(fc.constantFrom('GET', 'PUT', 'PATCH', 'PATCH'), fc.constantFrom(...users, `Groups/${group}`, ...places)),
    fc.tuple(
      fc.constant('GET'),
      fc.constantFrom('ServiceProviderConfig', 'Schemas', `Schemas/${USER}`, `Schemas/${CUSTOM}`, 'ResourceTypes'),
    ),
  ) as fc.Arbitrary<readonly [string, string]>;
  const place = fc.oneof(
    { arbitrary: fitting, weight: 8 },
    {
      arbitrary: fc.tuple(
        anyMethod,
        path(['Users', 'Users/', 'Users/.search', 'Users/gone', 'Schemas', 'Groups/gone', 'Bulk/']),
      ),
      weight: 1,
    },
  );
  const deeper = fc.oneof(
    { arbitrary: fc.constant(''), weight: 12 },
    { arbitrary: encodedText.map((text) => `/${text}`), weight: 1 },
  );
  return fc
    .tuple(
      place,
      deeper,
      hostileQuery(parameters, [...values.map(String), 'userName', 'ascending', '-1', '1000000000']),
      headers,
      authorization,
      fc.oneof(
        hostileJson(names, values),
        toScimBody(hostileJson(names, values), [...users, `Groups/${group}`, ...places]),
      ),
    )
    .map(([[method, at], rest, query, given, credential, body]) => ({
      method,
      target: `/scim/v2/${at}${rest}${query === '' ? '' : `?${query}`}`,
      headers: {
        'content-type': 'application/scim+json',
        ...given,
        ...(credential === '' ? {} : { authorization: credential }),
      },
      ...bodyOf(method, body),
    }));
}

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** With what SCIM asks of every body, so that the rest is looked at. */
function toScimBody(rest: fc.Arbitrary<string>, resources: readonly string[]): fc.Arbitrary<string> {
  const opened = (text: string, members: string): string =>
    text.replace(/^\{/, () => `{${members},`).replace(/,\}$/, '}');
  const user = fc
    .tuple(fc.uuid(), rest)
    .map(([name, text]) => opened(text, `"schemas":["${USER}"],"userName":"${name}"`));
  const group = fc
    .tuple(fc.uuid(), rest)
    .map(([name, text]) => opened(text, `"schemas":["${GROUP}"],"displayName":"${name}"`));
  const department = fc
    .tuple(fc.uuid(), rest)
    .map(([name, text]) => opened(text, `"schemas":["${DEPARTMENT}"],"name":"${name}"`));
  const search = rest.map((text) => opened(text, `"schemas":["${SEARCH}"]`));
  const patch = fc
    .array(rest, { maxLength: 3 })
    .map((operations) => `{"schemas":["${PATCH}"],"Operations":[${operations.join(',')}]}`);
  const target = fc.oneof(
    fc.constantFrom(...['Users', 'Groups', 'Departments'].map((at) => `"method":"POST","path":"/${at}","bulkId":"a"`)),
    fc
      .tuple(fc.constantFrom('PUT', 'PATCH'), fc.constantFrom(...resources))
      .map(([method, at]) => `"method":"${method}","path":"/${at}"`),
  );
  const operation = fc.oneof(
    fc.tuple(target, fc.oneof(user, group, department, patch)).map(([where, data]) => `{${where},"data":${data}}`),
    fc.tuple(target, rest).map(([where, text]) => opened(text, where)),
  );
  const bulk = fc
    .array(operation, { maxLength: 4 })
    .map((operations) => `{"schemas":["${BULK}"],"Operations":[${operations.join(',')}]}`);
  return fc.oneof(user, group, department, search, patch, bulk, bulk);
}
