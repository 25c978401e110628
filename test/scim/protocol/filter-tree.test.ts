import { type FilterTree, parseFilter, parsePath } from '#scim/protocol/filter-tree.ts';
import { refusal } from './fixtures.ts';

/** Writes a tree with every bracket, to read precedence off it. */
function show(tree: FilterTree): string {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return `(${tree.terms.map(show).join(` ${tree.kind} `)})`;
    case 'not':
      return `not${show(tree.term)}`;
    case 'presence':
      return `${tree.attribute} pr`;
    case 'comparison':
      return `${tree.attribute} ${tree.operator} ${JSON.stringify(tree.value)}`;
    case 'element':
      return `${tree.attribute}[${show(tree.filter)}]`;
  }
}

describe('precedence and grouping (RFC 7644 §3.4.2.2)', () => {
  test.each([
    ['a pr or b pr and c pr', '(a pr or (b pr and c pr))'],
    ['a pr and b pr or c pr', '((a pr and b pr) or c pr)'],
    ['(a pr or b pr) and c pr', '((a pr or b pr) and c pr)'],
    ['not (a pr) and b pr', '(nota pr and b pr)'],
    ['not(a pr or b pr)', 'not(a pr or b pr)'],
    ['NOT (a PR) OR b Eq 1', '(nota pr or b eq 1)'],
    ['emails[type eq "work" and value co "x"]', 'emails[(type eq "work" and value co "x")]'],
    ['emails[type eq "work"].value eq "x"', 'emails[(type eq "work" and value eq "x")]'],
    [
      'emails[type eq "work" or primary eq true].value pr',
      'emails[((type eq "work" or primary eq true) and value pr)]',
    ],
    ['not eq "x"', 'not eq "x"'],
    ['  a   eq   1  ', 'a eq 1'],
  ])('%s', (filter, expected) => {
    expect(show(parseFilter(filter))).toBe(expected);
  });
});

describe('literals are JSON', () => {
  test.each<[string, unknown]>([
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', 'a\\b'],
    ['"\\u3042あ"', 'ああ'],
    ['"a+b)c]d\'e and f"', "a+b)c]d'e and f"],
    ['""', ''],
    ['-12.5e1', -125],
    ['0', 0],
    ['true', true],
    ['null', null],
  ])('%s', (text, value) => {
    expect(parseFilter(`a eq ${text}`)).toEqual({ kind: 'comparison', attribute: 'a', operator: 'eq', value });
  });

  test('True is a boolean, unless strict', () => {
    expect(parseFilter('a eq True')).toMatchObject({ value: true });
    expect(refusal(() => parseFilter('a eq True', { strict: true }))).toBe('400 invalidFilter');
  });
});

describe('broken syntax is refused, never taken for no filter', () => {
  test.each([
    '',
    ' ',
    'userName',
    'userName eq',
    'userName regex "x"',
    'userName eq "x',
    'userName eq "x" extra',
    'userName eq"x"',
    'userName eq "x"and a pr',
    "userName eq 'x'",
    'userName eq x',
    'userName eq 01',
    'userName eq 1e999',
    'userName eq "\\x"',
    'userName eq "\\u0000"',
    'userName eq "\\ud800"',
    'userName eq "a\u0001b"',
    'eq "x"',
    '(a pr',
    'a pr)',
    '()',
    'a pr and',
    'and a pr',
    'a pr or or b pr',
    'not a pr',
    'emails[type eq "x"',
    'emails[]',
    'emails[type eq "x"]]',
    'emails[a[b eq 1]]',
    'emails[type eq "x"].value',
    'emails[type eq "x"] .value eq "x"',
    'emails[type eq "x"].va/lue eq "x"',
    '"x" eq userName',
    '{"$gt":""}',
  ])('F01 %j', (filter) => {
    expect(refusal(() => parseFilter(filter))).toBe('400 invalidFilter');
  });
});

describe('F02 limits', () => {
  test('16 levels of parentheses are read, one more is refused', () => {
    const nest = (depth: number): string => `${'('.repeat(depth)}a pr${')'.repeat(depth)}`;
    expect(show(parseFilter(nest(16)))).toBe('a pr');
    expect(refusal(() => parseFilter(nest(17)))).toBe('400 invalidFilter');
  });

  test('50 terms are read, one more is refused', () => {
    const join = (terms: number): string => Array.from({ length: terms }, () => 'a pr').join(' or ');
    expect(parseFilter(join(50))).toMatchObject({ kind: 'or' });
    expect(refusal(() => parseFilter(join(51)))).toBe('400 invalidFilter');
  });

  test.each([
    ['depth of 10,000', `${'('.repeat(10_000)}a pr${')'.repeat(10_000)}`],
    ['depth of 2,000 within 4 KiB', `${'('.repeat(2000)}a pr${')'.repeat(2000)}`],
    ['10,000 terms', Array.from({ length: 10_000 }, () => 'a pr').join(' or ')],
    ['more than 4 KiB', `a eq "${'x'.repeat(5000)}"`],
    ['a long name', `${'a'.repeat(600)} pr`],
    ['not within not', `${'not ('.repeat(700)}a pr${')'.repeat(700)}`],
  ])('%s is refused', (_, filter) => {
    expect(refusal(() => parseFilter(filter))).toBe('400 invalidFilter');
  });
});

describe('PATCH paths', () => {
  test.each([
    ['userName', { attribute: 'userName', filter: undefined, subAttribute: undefined }],
    ['name.familyName', { attribute: 'name.familyName', filter: undefined, subAttribute: undefined }],
  ])('%s', (path, expected) => {
    expect(parsePath(path)).toEqual(expected);
  });

  test('a value filter with a sub-attribute', () => {
    expect(parsePath('emails[type eq "work" and value co "x"].display')).toMatchObject({
      attribute: 'emails',
      filter: { kind: 'and' },
      subAttribute: 'display',
    });
  });

  test.each([
    '',
    'a b',
    'a eq "x"',
    'emails[type eq "work"',
    'emails[]',
    'emails[type eq "w"].',
    'emails]',
    'a'.repeat(5000),
  ])('%j is refused', (path) => {
    expect(refusal(() => parsePath(path))).toBe('400 invalidPath');
  });
});
