import {
  isOpen,
  keepsSeat,
  keptLeaves,
  reconcileLeaves,
  replaceLeave,
  type Leave,
  type LeaveId,
} from '#directory/leave.ts';
import { addLeave, overlapping } from '#directory/leave-overlap.ts';
import { nextTransitionAt, statusOf } from '#directory/user.ts';
import { holdOf } from './sample-user.ts';

const leave = (id: string, startsAt: number, endsAt?: number, parts: Partial<Leave> = {}): Leave => ({
  id: id as LeaveId,
  type: 'leave',
  from: '2027-02-01',
  zone: 'UTC',
  returnHour: 0,
  startsAt,
  ...(endsAt === undefined ? {} : { endsAt }),
  seat: 'release',
  by: 'cli',
  source: '',
  state: 'planned',
  ...parts,
});

test.each([
  ['before it', 0, 10, false],
  ['touching its first day', 0, 20, false],
  ['over its first day', 0, 21, true],
  ['inside', 25, 26, true],
  ['around', 0, 99, true],
  ['touching its last day', 30, 40, false],
  ['without an end, from before', 0, undefined, true],
  ['without an end, from after', 30, undefined, false],
])('another leave %s', (_what, from, until, overlaps) => {
  expect(overlapping([leave('a', 20, 30)], leave('b', from, until)) !== undefined).toBe(overlaps);
});

test('a leave does not overlap itself, nor one that is over', () => {
  expect(overlapping([leave('a', 20, 30)], leave('a', 25, 35))).toBeUndefined();
  const over = [leave('a', 20, 30, { state: 'ended' }), leave('b', 20, 30, { state: 'cancelled' })];
  expect(overlapping(over, leave('c', 20, 30))).toBeUndefined();
});

test('the oldest leaves that are over make room, open ones never do', () => {
  let leaves: readonly Leave[] = [leave('open', 5)];
  for (let at = 0; at < keptLeaves + 10; at += 1)
    leaves = replaceLeave(leaves, leave(`old${at}`, at, at + 1, { state: 'ended' }));
  expect([leaves.length, leaves[0]?.id, leaves[1]?.id]).toEqual([keptLeaves + 1, 'open', 'old10']);
  expect(leaves.filter(isOpen)).toHaveLength(1);
});

test('one that was planned long ago and ends now stays, the oldest of the others makes room', () => {
  const over = Array.from({ length: keptLeaves }, (_, at) => leave(`old${at}`, at, at + 1, { state: 'ended' }));
  const leaves = replaceLeave([leave('long', 5), ...over], leave('long', 5, 6, { state: 'ended' }));
  expect([leaves.length, leaves[0]?.id, leaves[1]?.id]).toEqual([keptLeaves, 'long', 'old1']);
});

test('20 leaves ahead are enough, whoever plans them; a planned end always has room', () => {
  let leaves: readonly Leave[] = [];
  for (let at = 0; at < 20; at += 1) leaves = addLeave(leaves, leave(`a${at}`, 10 * at, 10 * at + 5));
  expect(() => addLeave(leaves, leave('one more', 900, 905))).toThrow('at most 20');
  expect(addLeave(leaves, leave('end', 900, undefined, { type: 'left' }))).toHaveLength(21);
});

describe('of two leaves that touch', () => {
  const day = 86_400_000;
  const first = leave('a', 0, 40 * day, { state: 'running', reserveDays: 10 });
  const next = leave('b', 40 * day, 80 * day, { reserveDays: 10 });
  test.each([
    ['nothing after it', [first], 30],
    ['a later one that touches', [first, next], 40],
    ['one that begins in its last hours', [first, { ...next, startsAt: 39.5 * day }], 39.5],
    ['one on the day after', [first, { ...next, startsAt: 41 * day }], 30],
    ['one that keeps the seat', [first, { ...next, seat: 'keep' as const }], 30],
    ['one so short that it holds a seat from its first day', [first, { ...next, endsAt: 50 * day }], 30],
    ['one without an end', [first, leave('b', 40 * day)], 40],
    ['one that was cancelled', [first, { ...next, state: 'cancelled' as const }], 30],
    ['a planned end on that day', [first, leave('b', 40 * day, undefined, { type: 'left' })], 40],
  ] as const)('the first reserves for a return that comes: %s', (_what, leaves, expected) => {
    expect((nextTransitionAt({ leaves }) ?? 0) / day).toBe(expected);
  });

  test('a reservation that is there already ends when the next one is planned', () => {
    const reserving = { ...first, reservation: 'held' as const };
    const user = { holds: [holdOf('leave')] };
    expect(reconcileLeaves([reserving], user, 35 * day)).toMatchObject([{ reservation: 'held' }]);
    expect(reconcileLeaves([reserving, next], user, 35 * day)[0]).not.toHaveProperty('reservation');
  });
});

test('a seat is kept only on a leave that says so, and only while nothing else holds the person', () => {
  const keeping = [leave('a', 1, 9, { state: 'running', seat: 'keep' })];
  expect(keepsSeat({ holds: [holdOf('leave')], leaves: keeping })).toBe(true);
  expect(keepsSeat({ holds: [holdOf('leave'), holdOf('admin')], leaves: keeping })).toBe(false);
  expect(keepsSeat({ holds: [holdOf('leave')], leaves: [leave('a', 1, 9, { state: 'running' })] })).toBe(false);
});

test('who has a leave ahead is scheduled, and the plans of the deleted rest', () => {
  const leaves = [leave('b', 40, 50), leave('a', 20, 30)];
  expect(statusOf({ holds: [], leaves })).toBe('scheduled');
  expect(nextTransitionAt({ leaves })).toBe(20);
  expect(nextTransitionAt({ leaves, deletedAt: 9 })).toBeUndefined();
  expect(nextTransitionAt({ leaves: [leave('a', 20, 30, { state: 'running' })] })).toBe(30);
  expect(nextTransitionAt({ leaves: [leave('a', 20, undefined, { state: 'running' })] })).toBeUndefined();
});
