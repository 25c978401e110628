import { createListResponse, parsePageRequest } from '#scim/protocol/list-response.ts';
import { type JsonObject } from '#scim/protocol/json-value.ts';
import { compareBySortOrder, parseSortOrder } from '#scim/protocol/sort-order.ts';
import { ann, refusal, userSchema } from './fixtures.ts';

const limits = { defaultCount: 100, maxCount: 200 };

describe('paging (RFC 7644 §3.4.2.4)', () => {
  test.each<[unknown, unknown, number, number]>([
    [undefined, undefined, 1, 100],
    ['0', '1', 1, 1],
    ['-5', '-1', 1, 0],
    ['3', '0', 3, 0],
    ['999999', '100000', 999_999, 200],
    [2, 7, 2, 7],
    ['', '', 1, 100],
    ['99999999999999999999999', '99999999999999999999999', Number.MAX_SAFE_INTEGER, 200],
    ['9'.repeat(400), `-${'9'.repeat(400)}`, Number.MAX_SAFE_INTEGER, 0],
  ])('startIndex %p, count %p', (startIndex, count, first, size) => {
    expect(parsePageRequest({ startIndex, count }, limits)).toEqual({ startIndex: first, count: size });
  });

  test.each([['abc'], ['1.5'], ['1e3'], ['0x1'], [['1', '2']], [{ $gt: 1 }], [true], [Number.NaN]])(
    'count %p is refused',
    (count) => {
      expect(refusal(() => parsePageRequest({ count }, limits))).toBe('400 invalidValue');
      expect(refusal(() => parsePageRequest({ startIndex: count }, limits))).toBe('400 invalidValue');
    },
  );

  test('the answer', () => {
    expect(createListResponse([{ id: '1' }], 7, 3)).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 7,
      startIndex: 3,
      itemsPerPage: 1,
      Resources: [{ id: '1' }],
    });
  });
});

describe('sorting (RFC 7644 §3.4.2.3)', () => {
  const people: JsonObject[] = [
    { id: '1', userName: 'Bo', active: true, emails: [{ value: 'z@x' }, { value: 'a@x', primary: true }] },
    { id: '2', userName: 'ann', title: 'B', active: false, meta: { created: '2026-01-01T02:00:00+09:00' } },
    { id: '3', userName: 'Cy', title: 'a', emails: [{ value: 'B@x' }], meta: { created: '2025-12-31T18:00:00Z' } },
  ];
  const order = (sortBy: string, sortOrder?: string): string => {
    const sort = parseSortOrder({ sortBy, sortOrder }, userSchema);
    if (sort === undefined) throw new Error('no order');
    return people
      .toSorted((left, right) => compareBySortOrder(sort, left, right))
      .map((person) => String(people.indexOf(person) + 1))
      .join('');
  };

  test.each([
    ['userName', undefined, '213'],
    ['USERNAME', 'Descending', '312'],
    ['title', undefined, '321'],
    ['title', 'descending', '123'],
    ['emails', 'ascending', '132'],
    ['emails.value', 'descending', '231'],
    ['active', undefined, '213'],
    ['meta.created', undefined, '231'],
    ['id', 'descending', '321'],
  ])('by %s %s', (sortBy, sortOrder, expected) => {
    expect(order(sortBy, sortOrder)).toBe(expected);
  });

  test('none asked, none given; nonsense is refused', () => {
    expect(parseSortOrder({}, userSchema)).toBeUndefined();
    for (const sortBy of ['shoeSize', 'name', 'password', '__proto__', 7, ['title']]) {
      expect(refusal(() => parseSortOrder({ sortBy }, userSchema))).toBe('400 invalidValue');
    }
    expect(refusal(() => parseSortOrder({ sortBy: 'title', sortOrder: 'up' }, userSchema))).toBe('400 invalidValue');
    expect(ann['title']).toBe('Clerk');
  });
});
