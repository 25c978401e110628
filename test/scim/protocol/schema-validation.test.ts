import { type JsonObject, type JsonValue } from '#scim/protocol/json-value.ts';
import { ProtocolError } from '#scim/protocol/protocol-error.ts';
import { type ResourceSchema } from '#scim/protocol/schema-definition.ts';
import { validateResource, type ValidationOptions } from '#scim/protocol/schema-validation.ts';
import { ENTERPRISE, freeze, FURLOUGH, GADGET, gadgetSchema, refusal, USER, userSchema } from './fixtures.ts';

const base = { schemas: [USER], userName: 'ann' };

function validate(
  body: JsonValue | undefined,
  options: ValidationOptions = {},
  schema: ResourceSchema = userSchema,
): JsonObject {
  return validateResource(freeze(body), schema, options);
}

describe('what becomes of a body', () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      'names in any letter case',
      { USERNAME: 'bo', Name: { FAMILYNAME: 'Lee' } },
      { userName: 'bo', name: { familyName: 'Lee' } },
    ],
    ['unknown attributes', { shoeSize: 9, name: { nick: 'x', givenName: 'A' } }, { name: { givenName: 'A' } }],
    ['readOnly attributes', { id: 'mine', meta: { created: 'x' }, groups: [{ value: 'g' }] }, {}],
    ['password', { password: 'secret' }, {}],
    ['null, [], ""', { title: null, emails: [], nickName: '', roles: null, name: { givenName: '' } }, {}],
    ['booleans as text', { active: 'FALSE' }, { active: false }],
    ['active null', { active: null }, {}],
    [
      'an element without value',
      { emails: [{ value: '', type: 'work' }, { value: 'a@x' }, null] },
      { emails: [{ value: 'a@x' }] },
    ],
    [
      'addresses need no value',
      { addresses: [{ type: 'work', locality: 'Osaka' }] },
      { addresses: [{ type: 'work', locality: 'Osaka' }] },
    ],
    [
      'bare text as element',
      { roles: ['admin'], emails: 'a@x' },
      { roles: [{ value: 'admin' }], emails: [{ value: 'a@x' }] },
    ],
    ['dotted names', { 'name.givenName': 'A', 'name.familyName': 'B' }, { name: { givenName: 'A', familyName: 'B' } }],
    [
      'text exactly as sent',
      { phoneNumbers: [{ value: ' +81 (90) 1 ' }], title: 'Ｔitle' },
      { phoneNumbers: [{ value: ' +81 (90) 1 ' }], title: 'Ｔitle' },
    ],
    ['binary', { x509Certificates: [{ value: 'TUlJ\nQw==' }] }, { x509Certificates: [{ value: 'TUlJ\nQw==' }] }],
    ['the last of two spellings', { title: 'a', TITLE: 'b' }, { title: 'b' }],
    ['F03 query operators as keys', { $where: 'x', constructor: { a: 1 }, prototype: 1 }, {}],
  ])('%s', (_, body, expected) => {
    expect(validate({ ...base, ...body })).toEqual({ ...base, ...expected });
  });

  test.each<[string, JsonObject, JsonValue]>([
    ['whole object', { [ENTERPRISE]: { department: 'R&D', shoe: 1 } }, { department: 'R&D' }],
    ['URN in capitals', { [ENTERPRISE.toUpperCase()]: { DEPARTMENT: 'R&D' } }, { department: 'R&D' }],
    ['attribute URN as key', { [`${ENTERPRISE}:department`]: 'R&D' }, { department: 'R&D' }],
    ['bare name', { department: 'R&D' }, { department: 'R&D' }],
    ['manager', { [ENTERPRISE]: { manager: [{ value: 'm', displayName: 'forged' }] } }, { manager: { value: 'm' } }],
  ])('extension: %s', (_, body, expected) => {
    expect(validate({ ...base, ...body })).toEqual({ ...base, schemas: [USER, ENTERPRISE], [ENTERPRISE]: expected });
  });

  test('ours, empty ones and unknown URNs are left out of schemas', () => {
    const body = {
      ...base,
      schemas: [USER, ENTERPRISE, 'urn:scim:schemas:core:1.0'],
      [ENTERPRISE]: {},
      [FURLOUGH]: { status: 'x' },
    };
    expect(validate(body)).toEqual(base);
  });
});

describe('what is refused', () => {
  test.each<[string, string, JsonValue | undefined]>([
    ['no body', '400 invalidSyntax', undefined],
    ['a list', '400 invalidSyntax', [base]],
    ['schemas missing', '400 invalidSyntax', { userName: 'x' }],
    ['schemas empty', '400 invalidSyntax', { ...base, schemas: [] }],
    ['schemas as text', '400 invalidSyntax', { ...base, schemas: USER }],
    ['schemas of numbers', '400 invalidSyntax', { ...base, schemas: [1] }],
    ['userName missing', '400 invalidValue', { schemas: [USER], displayName: 'x' }],
    ['userName ""', '400 invalidValue', { ...base, userName: '' }],
    ['userName null', '400 invalidValue', { ...base, userName: null }],
    ['active ""', '400 invalidValue', { ...base, active: '' }],
    ['active "yes"', '400 invalidValue', { ...base, active: 'yes' }],
    ['active 0', '400 invalidValue', { ...base, active: 0 }],
    ['title as number', '400 invalidValue', { ...base, title: 1 }],
    ['F03 title as query operator', '400 invalidValue', { ...base, title: { $gt: '' } }],
    ['F03 userName as query operator', '400 invalidValue', { ...base, userName: { $gt: '' } }],
    ['name as text', '400 invalidValue', { ...base, name: 'Ann' }],
    ['emails of numbers', '400 invalidValue', { ...base, emails: [1] }],
    [
      'two primaries',
      '400 invalidValue',
      {
        ...base,
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: 'True' },
        ],
      },
    ],
    ['NUL', '400 invalidValue', { ...base, nickName: 'a\u0000' }],
    ['NUL in a discarded password', '400 invalidValue', { ...base, password: 'a\u0000' }],
    ['half a character', '400 invalidValue', { ...base, emails: [{ value: '\udc00' }] }],
    ['bad Base64', '400 invalidValue', { ...base, x509Certificates: [{ value: '-----' + '!' }] }],
    ['extension as text', '400 invalidValue', { ...base, [ENTERPRISE]: 'x' }],
  ])('%s: %s', (_, expected, body) => {
    expect(refusal(() => validate(body))).toBe(expected);
  });

  test('the detail names the attribute', () => {
    const details = [{ title: 5 }, { emails: [{ type: 5 }] }, { [ENTERPRISE]: { manager: { value: 5 } } }].map(
      (body) => {
        try {
          validate({ ...base, ...body });
        } catch (error) {
          return error instanceof ProtocolError ? error.detail : error;
        }
        return 'accepted';
      },
    );
    expect(details).toEqual([
      'title must be a string.',
      'emails.type must be a string.',
      `${ENTERPRISE}:manager.value must be a string.`,
    ]);
  });
});

describe('strict', () => {
  const strict = { strict: true };

  test.each<[string, string, JsonObject]>([
    ['boolean as text', '400 invalidValue', { active: 'true' }],
    ['unknown URN', '400 invalidSyntax', { schemas: [USER, 'urn:x'] }],
    ['core URN missing', '400 invalidSyntax', { schemas: [ENTERPRISE] }],
    ['a single value for a list', '400 invalidValue', { emails: { value: 'a' } }],
    ['bare text as element', '400 invalidValue', { emails: ['a'] }],
    ['dotted name', '400 invalidSyntax', { 'name.givenName': 'A' }],
    ['userName ""', '400 invalidValue', { userName: '' }],
    ['unknown attribute', 'accepted', { shoeSize: 1, 'shoe.size': 2, 'shoe[a]': 3 }],
  ])('%s: %s', (_, expected, body) => {
    expect(refusal(() => validate({ ...base, ...body }, strict))).toBe(expected);
  });

  test('"" is stored', () => {
    expect(validate({ ...base, title: '' }, strict)).toEqual({ ...base, title: '' });
  });
});

describe('other types', () => {
  const gadget = { schemas: [GADGET] };
  const run = (body: JsonObject, current?: JsonObject): string =>
    refusal(() => validate({ ...gadget, ...body }, current === undefined ? {} : { current }, gadgetSchema));

  test.each<[string, string, JsonObject]>([
    ['integer', 'accepted', { size: 3 }],
    ['decimal as integer', '400 invalidValue', { size: 3.5 }],
    ['text as integer', '400 invalidValue', { size: '3' }],
    ['too large an integer', '400 invalidValue', { size: 1e300 }],
    ['decimal', 'accepted', { weight: 3.5 }],
    ['infinite decimal', '400 invalidValue', { weight: Number.POSITIVE_INFINITY }],
    ['date', 'accepted', { madeAt: '2026-02-28T23:59:59.123456+09:00' }],
    ['no such day', '400 invalidValue', { madeAt: '2026-02-30T00:00:00Z' }],
    ['date without time', '400 invalidValue', { madeAt: '2026-02-28' }],
    [
      'required part missing',
      '400 invalidValue',
      { parts: [{ value: 'a' }, { type: 'x', count: 1, value: '' }, { type: 'y' }] },
    ],
  ])('%s: %s', (name, expected, body) => {
    // An element without its value says nothing and goes, so nothing is left to refuse; strict keeps it.
    if (name === 'required part missing') {
      expect(run(body)).toBe('accepted');
      expect(refusal(() => validate({ ...gadget, ...body }, { strict: true }, gadgetSchema))).toBe(expected);
      return;
    }
    expect(run(body)).toBe(expected);
  });

  test('PUT keeps what is immutable', () => {
    const current = { serial: 's', stamp: ['a'] };
    expect(validate(gadget, { current }, gadgetSchema)).toEqual({ ...gadget, ...current });
    expect(run({ serial: 's', stamp: ['a'] }, current)).toBe('accepted');
    expect(run({ serial: 'S' }, current)).toBe('400 mutability');
    expect(run({ stamp: ['b'] }, current)).toBe('400 mutability');
  });
});
