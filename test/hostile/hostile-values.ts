// What strangers send: text, JSON, headers and queries that look for a parser's seams. Generators only; what must come of it stands in the tests.

import fc from 'fast-check';

const seams = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u202e',
  'ﷺ'.repeat(50),
  'İıſK',
  'あ',
  '..',
  '../../etc/passwd',
  '.*',
  '(a+)+$',
  "' OR 1=1 --",
  '"; DROP TABLE users; --',
  '%',
  '%zz',
  '%00',
  '%2e%2e%2f',
  '%ff%fe',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '$where',
  '$gt',
  '{"$gt":""}',
  '[object Object]',
  '<script>alert(1)</script>',
  '${7*7}',
  '{{7*7}}',
  'NaN',
  '-0',
  '1e999',
  '-1',
  '99999999999999999999',
  'null',
  'undefined',
  'true',
  '*',
  '-',
  '--',
  'a'.repeat(2_000),
  'x,y;z=1',
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  'javascript:alert(1)',
  '\\',
  '/',
];

/** Any text, oftener such as has broken something once. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...seams), weight: 3 },
  { arbitrary: fc.string({ maxLength: 40 }), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 2 },
  { arbitrary: fc.tuple(fc.constantFrom(...seams), fc.constantFrom(...seams)).map((two) => two.join('')), weight: 1 },
);

/** What a header can carry: bytes without the controls that HTTP itself refuses. */
export const headerText: fc.Arbitrary<string> = hostileText.map((text) =>
  Array.from(Buffer.from(text.slice(0, 2_500)).toString('latin1'))
    .filter((letter) => /[\t\x20-\x7e\x80-\xff]/.test(letter))
    .join('')
    .trim(),
);

/** Encoded for a target or a form; now and then as it is, without what no request line carries. */
export const encodedText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: hostileText.map(encodeText), weight: 4 },
  { arbitrary: hostileText.map((text) => text.replaceAll(/[^\x21-\x7e]|#/g, '')), weight: 1 },
);

/** `name=value&…` of these names and strange ones, values of `values` or strange ones; a name may come twice. */
export function hostileQuery(names: readonly string[], values: readonly string[]): fc.Arbitrary<string> {
  const name = fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 20 }, { arbitrary: encodedText, weight: 1 });
  const value = fc.oneof(
    { arbitrary: fc.constantFrom(...values).map(encodeURIComponent), weight: 3 },
    { arbitrary: encodedText, weight: 2 },
  );
  return fc
    .array(fc.tuple(name, value), { maxLength: 4 })
    .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'));
}

/** JSON text, with own keys such as `__proto__` written out: objects of these names and values, and whatever else. */
export function hostileJson(names: readonly string[], values: readonly unknown[]): fc.Arbitrary<string> {
  const name = fc.oneof(
    { arbitrary: fc.constantFrom(...names), weight: 40 },
    { arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', '$where', '$gt', ''), weight: 1 },
    { arbitrary: hostileText, weight: 1 },
  );
  const leaf = fc.oneof(
    { arbitrary: fc.constantFrom(...values).map((value) => JSON.stringify(value)), weight: 5 },
    { arbitrary: hostileText.map((text) => JSON.stringify(text)), weight: 2 },
    {
      arbitrary: fc.constantFrom('null', 'true', '0', '-1', '1e999', '1e308', '0.1', '9007199254740993', '[]', '{}'),
      weight: 2,
    },
  );
  const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf,
      tie('object'),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    ),
    object: fc
      .array(fc.tuple(name, tie('value')), { maxLength: 5 })
      .map((members) => `{${members.map(([key, part]) => `${JSON.stringify(key)}:${part}`).join(',')}}`),
  }));
  const object = fc
    .array(fc.tuple(name, fc.oneof(leaf, value)), { maxLength: 6 })
    .map((members) => `{${members.map(([key, part]) => `${JSON.stringify(key)}:${part}`).join(',')}}`);
  return fc.oneof(
    { arbitrary: object, weight: 20 },
    { arbitrary: value, weight: 1 },
    { arbitrary: object.map((text) => text.slice(0, -1)), weight: 1 },
    {
      arbitrary: fc.constantFrom('', ' ', '\ufeff{}', '{}{}', `${'['.repeat(5_000)}`, `${'{"a":'.repeat(3_000)}1`),
      weight: 1,
    },
  );
}

/** Headers that some door reads, with fitting and with strange values. */
export function hostileHeaders(
  fitting: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<Record<string, string>> {
  const one = fc.constantFrom(...Object.keys(fitting)).chain((name) => {
    const values = fitting[name] ?? [];
    const value =
      values.length === 0
        ? headerText
        : fc.oneof({ arbitrary: fc.constantFrom(...values), weight: 2 }, { arbitrary: headerText, weight: 1 });
    return value.map((text) => [name, text] as const);
  });
  return fc.array(one, { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs));
}

export const anyMethod = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
);

/** Half a surrogate pair cannot be encoded; it travels as the bytes some clients make of it. */
function encodeText(text: string): string {
  return Array.from(text, (letter) => (/\p{Surrogate}/u.test(letter) ? '%ED%A0%80' : encodeURIComponent(letter))).join(
    '',
  );
}
