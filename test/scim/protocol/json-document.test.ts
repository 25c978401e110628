import { compareInstants, parseInstant } from '#scim/protocol/date-time.ts';
import { parseJsonDocument } from '#scim/protocol/json-document.ts';
import { prototypeKeys, refusal } from './fixtures.ts';

describe('request bodies', () => {
  test('JSON, the last of two equal keys, a byte order mark', () => {
    expect(parseJsonDocument('\uFEFF{"a":[1,"]}{[",{"b":"\\"{"}],"c":1,"c":2}')).toEqual({
      a: [1, ']}{[', { b: '"{' }],
      c: 2,
    });
  });

  test.each(['', '{broken', "{'a':1}", '{"a":1}x', 'undefined', '<user/>', '[1,]'])('%j is refused', (text) => {
    expect(refusal(() => parseJsonDocument(text))).toBe('400 invalidSyntax');
  });

  test('F02 nesting is bounded before it is parsed', () => {
    expect(parseJsonDocument('[[1]]', { maxDepth: 2 })).toEqual([[1]]);
    expect(refusal(() => parseJsonDocument('[[[1]]]', { maxDepth: 2 }))).toBe('400 invalidSyntax');
    expect(refusal(() => parseJsonDocument('['.repeat(1_000_000)))).toBe('400 invalidSyntax');
    expect(refusal(() => parseJsonDocument('{"a":'.repeat(200_000)))).toBe('400 invalidSyntax');
  });

  test('F02 the number of values is bounded before they are parsed; commas inside strings are none', () => {
    expect(parseJsonDocument('[1,{"a":2},",,,,,,"]', { maxValues: 5 })).toEqual([1, { a: 2 }, ',,,,,,']);
    expect(refusal(() => parseJsonDocument('[1,{"a":2},3,4]', { maxValues: 5 }))).toBe('400 tooMany');
    expect(refusal(() => parseJsonDocument(`[${'{},'.repeat(300_000)}1]`))).toBe('400 tooMany');
  });

  test('F03 keys that reach a prototype are gone, however they are written', () => {
    const before = prototypeKeys();
    const text =
      '{"__proto__":{"x":1},"\\u005f_proto__":{"y":1},"a":[{"constructor":{"prototype":{"z":1}}}],"b":"__proto__"}';
    const value = parseJsonDocument(text);
    expect(JSON.stringify(value)).toBe('{"a":[{}],"b":"__proto__"}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(prototypeKeys()).toBe(before);
  });
});

describe('dates', () => {
  test.each<[string, string, number]>([
    ['2026-01-01T00:00:00Z', '2026-01-01T09:00:00+09:00', 0],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00', 0],
    ['2026-01-01T00:00:00.10Z', '2026-01-01T00:00:00.1z', 0],
    ['2026-01-01T00:00:00.1Z', '2026-01-01T00:00:00.11Z', -1],
    ['2026-01-01T00:00:00.9Z', '2026-01-01T00:00:00.11Z', 1],
    ['2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00Z', -1],
    ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', -1],
    ['2024-02-29T00:00:00-05:30', '2024-02-29T05:30:00Z', 0],
  ])('%s and %s', (left, right, expected) => {
    const [a, b] = [parseInstant(left), parseInstant(right)];
    if (a === undefined || b === undefined) throw new Error('not read');
    expect(Math.sign(compareInstants(a, b))).toBe(expected);
  });

  test.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01',
    '2026-01-01T25:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:00+15:00',
    'now',
    '',
  ])('%j is no date', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
