import type { DepartmentId } from '#directory/identifiers.ts';
import { assertPerson, isCalendarDate, joinMemberships, placeByText, type Membership } from '#directory/person.ts';

const id = (name: string) => name as DepartmentId;
const member = (name: string, parts: Partial<Membership> = {}): Membership => ({ value: id(name), ...parts });
const byText = { byText: true, primary: true } as const;

test.each(['2026-04-01', '2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'])('%s is a day', (text) => {
  expect(isCalendarDate(text)).toBe(true);
});

test.each([
  '2026-02-29',
  '1900-02-29',
  '2026-04-31',
  '2026-13-01',
  '2026-00-10',
  '2026-01-00',
  '0000-01-01',
  '2026-4-1',
  '2026-04-01T00:00:00Z',
  ' 2026-04-01',
  '2026/04/01',
  '令和8年4月1日',
  '12026-04-01',
  '-2026-04-01',
  '２０２６-04-01',
  '',
])('%p is none', (text) => {
  expect(isCalendarDate(text)).toBe(false);
});

test.each([
  ['a hire date', { hireDate: '2026-02-30' }, 'hireDate'],
  ['a birthday', { birthday: 'yesterday' }, 'birthday'],
  [
    'two primary departments',
    { departments: [member('a', { primary: true }), member('b', { primary: true })] },
    'departments',
  ],
  ['too many departments', { departments: Array.from({ length: 101 }, (_, n) => member(`${n}`)) }, 'departments'],
])('%s that cannot be is refused', (_name, person, field) => {
  expect(() => assertPerson(person)).toThrow(
    expect.objectContaining({ code: 'invalidValue', details: { field } }) as Error,
  );
});

test('what is said twice about one department is joined', () => {
  const twice = [member('a', { jobTitle: 'Clerk' }), member('b'), member('a', { primary: true, jobTitle: 'Head' })];
  expect(joinMemberships(twice)).toEqual([member('a', { jobTitle: 'Head', primary: true }), member('b')]);
  const once = [member('a'), member('b')];
  expect(joinMemberships(once)).toBe(once);
});

describe('what a text makes of memberships', () => {
  test.each<[string, readonly Membership[], string | undefined, boolean, readonly Membership[]]>([
    ['nobody is in any', [], 'a', false, [member('a', byText)]],
    [
      'others’ stay, and one that was primary is not any more',
      [member('b', { primary: true, jobTitle: 'Head' })],
      'a',
      false,
      [member('b', { jobTitle: 'Head' }), member('a', byText)],
    ],
    ['the text’s own moves', [member('a', byText), member('b')], 'c', false, [member('b'), member('c', byText)]],
    [
      'the text’s own goes with the text, others’ stay',
      [member('a', byText), member('b')],
      undefined,
      false,
      [member('b')],
    ],
    [
      'one that others made becomes primary and stays theirs',
      [member('a', byText), member('b', { jobTitle: 'Head' })],
      'b',
      false,
      [member('b', { jobTitle: 'Head', primary: true })],
    ],
    [
      'a text that means the same again keeps it',
      [member('a', { ...byText, jobTitle: 'Head' })],
      'a',
      false,
      [member('a', { ...byText, jobTitle: 'Head' })],
    ],
    [
      'a primary one that was named at the same time stays',
      [member('b', { primary: true })],
      'a',
      true,
      [member('b', { primary: true }), member('a', { byText: true })],
    ],
    ['without one that was named the text’s is primary', [member('b')], 'a', true, [member('b'), member('a', byText)]],
  ])('%s', (_name, before, department, keepPrimary, after) => {
    expect(placeByText(before, department === undefined ? undefined : id(department), keepPrimary)).toEqual(after);
  });
});
