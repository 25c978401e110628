import { type JsonObject, type JsonValue } from '#scim/protocol/json-value.ts';
import { groupSchema, patch, refusal } from './fixtures.ts';

const ids = (count: number, from = 0): { value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ value: `user-${from + index}` }));

function membersAfter(group: JsonObject, operations: JsonValue[]): number {
  const members = patch(group, operations, { schema: groupSchema })['members'];
  return Array.isArray(members) ? members.length : 0;
}

describe('large requests stay linear', () => {
  test('10,000 members are added to 10,000, half of them present', () => {
    const group = { id: 'g', displayName: 'All', members: ids(10_000) };
    expect(membersAfter(group, [{ op: 'add', path: 'members', value: ids(10_000, 5000) }])).toBe(15_000);
  });

  test('1,000 operations on 10,000 members, each by an equality on the id', () => {
    const group = { id: 'g', displayName: 'All', members: ids(10_000) };
    const removals = ids(1000).map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` }));
    expect(membersAfter(group, removals)).toBe(9000);
  });

  test('5,000 additions, one per operation', () => {
    const group = { id: 'g', displayName: 'All', members: ids(5000) };
    const additions = ids(5000, 2500).map((member) => ({ op: 'add', path: 'members', value: [member] }));
    expect(membersAfter(group, additions)).toBe(7500);
  });

  test('a value array of 10,000 is removed', () => {
    const group = { id: 'g', displayName: 'All', members: ids(10_001) };
    expect(membersAfter(group, [{ op: 'remove', path: 'members', value: ids(10_000) }])).toBe(1);
  });

  test('what no index helps with is refused before it stalls the server', () => {
    const group = { id: 'g', displayName: 'All', members: ids(10_000) };
    const scans = ids(1000).map(({ value }) => ({ op: 'remove', path: `members[value ew "x${value}"]` }));
    expect(refusal(() => membersAfter(group, scans))).toBe('400 tooMany');
  });

  test('keys with filters count as operations', () => {
    const value = Object.fromEntries(ids(5001).map((member) => [`members[value eq "${member.value}"].type`, 'User']));
    expect(refusal(() => membersAfter({ id: 'g', displayName: 'All' }, [{ op: 'add', value }]))).toBe('400 tooMany');
  });
});
