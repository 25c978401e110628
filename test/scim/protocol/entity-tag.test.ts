import { createEntityTag, isNotModified, parseEntityTagCondition, passesIfMatch } from '#scim/protocol/entity-tag.ts';
import { ann } from './fixtures.ts';

test('a tag follows the content, not the order of keys nor meta', () => {
  const tag = createEntityTag(ann);
  expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
  expect(createEntityTag(Object.fromEntries(Object.entries(ann).reverse()))).toBe(tag);
  expect(createEntityTag({ ...ann, meta: { version: 'other' } })).toBe(tag);
  expect(createEntityTag({ ...ann, active: false })).not.toBe(tag);
  expect(createEntityTag({ ...ann, title: '1' })).not.toBe(createEntityTag({ ...ann, title: 1 }));
});

test.each([
  ['*', '*'],
  [' * ', '*'],
  ['W/"a"', ['a']],
  ['"a"', ['a']],
  ['w/"a", "b,c" ,W/"d"', ['a', 'b,c', 'd']],
  ['a, W/b', ['a', 'b']],
  ['""', ['']],
  ['', []],
  [',,', []],
  ['"unfinished', ['unfinished']],
])('%j lists %j', (header, expected) => {
  expect(parseEntityTagCondition(header)).toEqual(expected);
});

test.each<[string | undefined, boolean, boolean]>([
  [undefined, true, false],
  ['*', true, true],
  ['W/"v1"', true, true],
  ['"v1"', true, true],
  ['v1', true, true],
  ['W/"v0", W/"v1"', true, true],
  ['W/"V1"', false, false],
  ['W/"v0"', false, false],
  ['', false, false],
])('%p: If-Match passes %p, If-None-Match means unchanged %p', (header, passes, unchanged) => {
  expect(passesIfMatch(header, 'W/"v1"')).toBe(passes);
  expect(isNotModified(header, 'W/"v1"')).toBe(unchanged);
});
