import { isOpen, keepsSeat, keptLeaves, replaceLeave, type Leave, type LeaveId } from '#directory/leave.ts';
import { overlapping } from '#directory/leave-overlap.ts';
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
