// Which URNs an organisation's own schemas may have, and what a change of one may do to values that are stored already.

import { collide, faultOfUrn, narrowings, type CustomAttribute, type CustomSchema } from '#directory/custom-schema.ts';
import { groupResourceType } from '#scim/group-schema.ts';
import { userResourceType } from '#scim/user-schema.ts';

const published = [userResourceType, groupResourceType].flatMap(({ schema, extensions }) => [
  schema.id,
  ...extensions.map((extension) => extension.schema.id),
]);

describe('URNs', () => {
  test.each([
    'urn:acme:scim:badge',
    'urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprisey:2.0:User',
    'urn:okta:acme_1:1.0:user:custom',
    'URN:Acme-Corp:x',
  ])('%s is free', (urn) => {
    expect(faultOfUrn(urn)).toBeUndefined();
  });

  test.each([
    ...published,
    ...published.map((urn) => urn.toUpperCase()),
    ...published.map((urn) => `${urn}:badge`),
    ...published.map((urn) => `${urn}.badge`),
    ...published.map((urn) => urn.slice(0, urn.lastIndexOf(':'))),
    'urn:ietf:params:scim:schemas:extension:furlough:3.0:Anything',
    'urn:ietf:params:scim:schemas:extension',
    'urn:ietf:params:scim:schemas:mine',
    'urn:ietf:params:scim:api:messages:2.0:Mine',
    'urn:ietf:params:oauth:x',
    'urn:scim:schemas:core:1.0',
  ])('%s belongs to others', (urn) => {
    expect(faultOfUrn(urn)).toMatch(/belongs to/);
  });

  test.each([
    '',
    'acme',
    'urn:acme',
    'https://acme.example/schema',
    'urn:acme:',
    'urn:acme::x',
    'urn:acme:x.',
    'urn:acme:x y',
    'urn:acme:x[y]',
    'urn:acme:"x"',
    'urn:acme:ｘ',
    'urn:acme:__proto__',
    'urn:-acme:x',
    `urn:acme:${'x'.repeat(200)}`,
  ])('%j is no URN for this', (urn) => {
    expect(faultOfUrn(urn)).toMatch(/must be|must have/);
  });

  test.each([
    ['urn:a1:b', 'urn:A1:B', true],
    ['urn:a1:b', 'urn:a1:b:c', true],
    ['urn:a1:b.c', 'urn:a1:b', true],
    ['urn:a1:b', 'urn:a1:bc', false],
    ['urn:a1:b:User', 'urn:a1:b:Group', false],
  ])('%s beside %s: collide %s', (left, right, expected) => {
    expect([collide(left, right), collide(right, left)]).toEqual([expected, expected]);
  });
});

function attribute(name: string, parts: Partial<CustomAttribute> = {}): CustomAttribute {
  const base = { type: 'string', description: '', multiValued: false, required: false, caseExact: false } as const;
  return { name, ...base, mutability: 'readWrite', returned: 'default', uniqueness: 'none', ...parts };
}
const complex = (...subAttributes: readonly CustomAttribute[]) =>
  attribute('place', { type: 'complex', subAttributes });

describe('changes', () => {
  const schema = (attributes: readonly CustomAttribute[], parts: Partial<CustomSchema> = {}): CustomSchema => ({
    id: 'urn:acme:x',
    name: 'X',
    description: '',
    resourceTypes: ['User'],
    attributes,
    ...parts,
  });

  test.each<[string, CustomAttribute, CustomAttribute]>([
    ['other words', attribute('a'), attribute('a', { description: 'new', canonicalValues: ['x'] })],
    ['required becomes optional', attribute('a', { required: true }), attribute('a')],
    ['immutable becomes readWrite', attribute('a', { mutability: 'immutable' }), attribute('a')],
    ['readOnly becomes readWrite', attribute('a', { mutability: 'readOnly' }), attribute('a')],
    ['how letters compare', attribute('a'), attribute('a', { caseExact: true })],
    ['whether it is returned', attribute('a', { returned: 'never' }), attribute('a', { returned: 'always' })],
    ['a sub-attribute more', complex(attribute('city')), complex(attribute('city'), attribute('zip'))],
  ])('%s: relaxes', (_name, before, after) => {
    expect(narrowings(schema([before]), schema([attribute('new'), after], { name: 'Y' }))).toEqual([]);
  });

  test.each<[string, CustomAttribute, readonly CustomAttribute[], RegExp]>([
    ['an attribute goes', attribute('a'), [attribute('b')], /a must stay/],
    ['another type', attribute('a'), [attribute('a', { type: 'integer' })], /must stay string/],
    ['several values become one', attribute('a', { multiValued: true }), [attribute('a')], /multi-valued/],
    ['one value becomes several', attribute('a'), [attribute('a', { multiValued: true })], /single-valued/],
    ['optional becomes required', attribute('a'), [attribute('a', { required: true })], /optional/],
    ['another spelling', attribute('a'), [attribute('A')], /spelling/],
    ['readWrite becomes immutable', attribute('a'), [attribute('a', { mutability: 'immutable' })], /cannot become/],
    [
      'writeOnly becomes readWrite',
      attribute('a', { mutability: 'writeOnly', returned: 'never' }),
      [attribute('a')],
      /cannot become/,
    ],
    ['a new one is required', attribute('a'), [attribute('a'), attribute('b', { required: true })], /b is new/],
    ['a sub-attribute goes', complex(attribute('city')), [complex(attribute('zip'))], /place\.city must stay/],
    [
      'a sub-attribute of another type',
      complex(attribute('city')),
      [complex(attribute('city', { type: 'boolean' }))],
      /place\.city must stay string/,
    ],
  ])('%s: narrows', (_name, before, after, words) => {
    expect(narrowings(schema([before]), schema(after))).toEqual([expect.stringMatching(words)]);
  });

  test('what it extends may become more, not less, and its URN keeps its spelling', () => {
    const both = schema([attribute('a')], { resourceTypes: ['User', 'Group'] });
    expect(narrowings(schema([attribute('a')]), both)).toEqual([]);
    expect(narrowings(both, schema([attribute('a')]))).toEqual(['It must go on extending Group.']);
    expect(narrowings(both, { ...both, id: 'urn:acme:X' })).toEqual(['Its id is written urn:acme:x.']);
  });
});
