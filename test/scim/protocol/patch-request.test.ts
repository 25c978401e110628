import { type JsonValue } from '#scim/protocol/json-value.ts';
import { parsePatchRequest } from '#scim/protocol/patch-request.ts';
import { refusal } from './fixtures.ts';

const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
const operation = { op: 'replace', path: 'title', value: 'x' };

test('reads operations, keys in any letter case, schemas missing', () => {
  expect(
    parsePatchRequest({
      operations: [
        { OP: 'ADD', Path: 'title', VALUE: null },
        { op: 'Remove', path: 'x' },
      ],
    }),
  ).toEqual([
    { op: 'add', path: 'title', value: null },
    { op: 'remove', path: 'x' },
  ]);
});

test.each<[string, JsonValue | undefined, string, string]>([
  ['no body', undefined, '400 invalidSyntax', '400 invalidSyntax'],
  ['a list', [], '400 invalidSyntax', '400 invalidSyntax'],
  ['no Operations', { schemas }, '400 invalidSyntax', '400 invalidSyntax'],
  ['empty Operations', { schemas, Operations: [] }, '400 invalidSyntax', '400 invalidSyntax'],
  ['Operations as object', { schemas, Operations: { op: 'add' } }, '400 invalidSyntax', '400 invalidSyntax'],
  ['an operation that is no object', { schemas, Operations: ['x'] }, '400 invalidSyntax', '400 invalidSyntax'],
  [
    'an unknown op',
    { schemas, Operations: [{ ...operation, op: 'upsert' }] },
    '400 invalidSyntax',
    '400 invalidSyntax',
  ],
  ['no op', { schemas, Operations: [{ path: 'title' }] }, '400 invalidSyntax', '400 invalidSyntax'],
  ['op as number', { schemas, Operations: [{ op: 1 }] }, '400 invalidSyntax', '400 invalidSyntax'],
  ['op in capitals', { schemas, Operations: [{ ...operation, op: 'Replace' }] }, 'accepted', '400 invalidSyntax'],
  ['schemas missing', { Operations: [operation] }, 'accepted', '400 invalidSyntax'],
  ['another schema', { schemas: ['urn:x'], Operations: [operation] }, 'accepted', '400 invalidSyntax'],
  ['as the RFC has it', { schemas, Operations: [operation] }, 'accepted', 'accepted'],
  ['too many', { schemas, Operations: Array.from({ length: 5001 }, () => operation) }, '400 tooMany', '400 tooMany'],
])('%s', (_, body, lenient, strict) => {
  expect(refusal(() => parsePatchRequest(body))).toBe(lenient);
  expect(refusal(() => parsePatchRequest(body, { strict: true }))).toBe(strict);
});
