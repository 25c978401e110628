import { describeShortage, forecastSeats, seatEventsOf, turnsOf } from '#directory/seat-forecast.ts';
import type { Leave, LeaveId } from '#directory/leave.ts';
import { holdOf, sampleUser } from './sample-user.ts';

const day = 86_400_000;
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
const leave = (parts: Partial<Leave>): Leave => ({
  id: 'leave' as LeaveId,
  type: 'leave',
  from: '',
  zone: 'UTC',
  returnHour: 0,
  startsAt: day,
  seat: 'release',
  by: 'cli',
  source: '',
  state: 'planned',
  ...parts,
});
const aoki = (leaves: readonly Leave[], parts: Parameters<typeof sampleUser>[0] = {}) => ({
  ...sampleUser({ leaves, ...parts }),
  name: 'Aoki',
});
const changes = (user: ReturnType<typeof aoki>, end = 100 * day) =>
  seatEventsOf(user, end).map(({ kind, at, change }) => [kind, at / day, change]);

test('a leave gives the seat back and needs it again, one that keeps it does neither', () => {
  expect(changes(aoki([leave({ endsAt: 9 * day })]))).toEqual([
    ['starts', 1, -1],
    ['returns', 9, 1],
  ]);
  expect(changes(aoki([leave({ endsAt: 9 * day, seat: 'keep' })]))).toEqual([
    ['starts', 1, 0],
    ['returns', 9, 0],
  ]);
  expect(changes(aoki([leave({ type: 'left', startsAt: 5 * day })]))).toEqual([['ends', 5, -1]]);
});

test('a running leave returns to what it gave back; without an end nothing is ahead', () => {
  const running = leave({ state: 'running', endsAt: 9 * day });
  const away = { holds: [holdOf('leave')], seat: 'none' } as const;
  expect(changes(aoki([running], away))).toEqual([['returns', 9, 1]]);
  expect(changes(aoki([{ ...running, seat: 'keep' }], { ...away, seat: 'held' }))).toEqual([['returns', 9, 0]]);
  // Kept by plan, and lost to another hold that was lifted since.
  expect(changes(aoki([{ ...running, seat: 'keep' }], away))).toEqual([['returns', 9, 1]]);
  const { endsAt: _none, ...indefinite } = running;
  expect(changes(aoki([indefinite], away))).toEqual([]);
});

test('whoever something else holds needs no seat before or after, and what is past the end is left out', () => {
  const held = { holds: [holdOf('leave'), holdOf('idp', 'okta')], seat: 'none' } as const;
  expect(changes(aoki([leave({ state: 'running', endsAt: 9 * day })], held))).toEqual([['returns', 9, 0]]);
  expect(changes(aoki([leave({ endsAt: 9 * day })]), 8 * day)).toEqual([['starts', 1, -1]]);
});

test('who is back and goes again on the same day needs no seat between the two', () => {
  const [first, next] = [leave({ endsAt: 9.4 * day }), leave({ startsAt: 9 * day, endsAt: 20 * day })];
  const [goes, between, back] = [
    ['starts', 1, -1],
    [
      ['returns', 9.4, 0],
      ['starts', 9, 0],
    ],
    ['returns', 20, 1],
  ];
  expect(changes(aoki([first, next]))).toEqual([goes, ...(between as []), back]);
  const away = { holds: [holdOf('leave')], seat: 'none' } as const;
  expect(changes(aoki([{ ...first, state: 'running' }, next], away))).toEqual([...(between as []), back]);
  // Both have begun: until its hour the first one is there beside the next.
  const both = [first, next].map((one) => ({ ...one, state: 'running' as const }));
  expect(changes(aoki(both, away))).toEqual([['returns', 9.4, 0], back]);
  expect(changes(aoki([first, { ...next, seat: 'keep' }]))).toEqual([
    goes,
    ['returns', 9.4, 1],
    ['starts', 9, 0],
    ['returns', 20, 0],
  ]);
});

test('steps by day, and the first shortage in a sentence', () => {
  const events = [
    ...seatEventsOf(
      aoki([leave({ state: 'running', endsAt: 20 * day })], { holds: [holdOf('leave')], seat: 'none' }),
      99 * day,
    ),
    ...seatEventsOf(aoki([leave({ startsAt: 20 * day + 5, endsAt: 30 * day })]), 99 * day),
    ...seatEventsOf(
      aoki([leave({ state: 'running', endsAt: 30 * day + 9 })], { holds: [holdOf('leave')], seat: 'none' }),
      99 * day,
    ),
  ];
  const { steps, firstShortage } = forecastSeats(
    { licensed: 10, over: 0, used: 10, reserved: 0, waiting: 0 },
    { people: events },
    0,
    dayOf,
  );
  expect(steps.map(({ at, needed, used, free, short }) => [at / day, needed, used, free, short])).toEqual([
    [0, 10, 10, 0, 0],
    [20, 10, 10, 0, 0],
    [30, 12, 10, 0, 2],
  ]);
  expect(firstShortage === null ? '' : describeShortage(firstShortage, dayOf)).toBe(
    'On 1970-01-31 you are 2 seats short: Aoki and 1 more return, 10 of 10 in use.',
  );
});

test('people who wait are a shortage of today; over-use is used and still short; unlimited never is', () => {
  const waiting = forecastSeats(
    { licensed: 1, over: 0, used: 1, reserved: 0, waiting: 1 },
    { people: [] },
    0,
    dayOf,
  ).firstShortage;
  expect(waiting === null ? '' : describeShortage(waiting, dayOf)).toBe(
    'On 1970-01-01 you are one seat short: 2 people need one, 1 of 1 in use.',
  );
  const over = forecastSeats({ licensed: 1, over: 2, used: 2, reserved: 0, waiting: 0 }, { people: [] }, 0, dayOf);
  expect(over.steps).toMatchObject([{ needed: 2, used: 2, free: 0, short: 1 }]);
  const unlimited = forecastSeats(
    { licensed: null, over: 0, used: 2, reserved: 0, waiting: 0 },
    { people: [] },
    0,
    dayOf,
  );
  expect([unlimited.firstShortage, unlimited.steps[0]?.free]).toEqual([null, null]);
});

test('what is overdue counts from now on', () => {
  const late = seatEventsOf(aoki([leave({ startsAt: 3 * day })]), 99 * day);
  const { steps } = forecastSeats(
    { licensed: 10, over: 0, used: 5, reserved: 0, waiting: 0 },
    { people: late },
    7 * day,
    dayOf,
  );
  expect(steps.map(({ at, used }) => [at / day, used])).toEqual([
    [7, 5],
    [7, 4],
  ]);
});

test('the contract changes what there is: a shortage begins with a smaller one, and a larger one ends it', () => {
  const people = seatEventsOf(aoki([leave({ startsAt: 5 * day })]), 99 * day);
  const contract = [
    { at: 3 * day, licensed: 8 },
    { at: 9 * day, licensed: null },
  ];
  const { steps, firstShortage } = forecastSeats(
    { licensed: 10, over: 0, used: 9, reserved: 0, waiting: 0 },
    { people, contract },
    0,
    dayOf,
  );
  expect(steps.map(({ at, licensed, needed, free, short }) => [at / day, licensed, needed, free, short])).toEqual([
    [0, 10, 9, 1, 0],
    [3, 8, 9, 0, 1],
    [5, 8, 8, 0, 0],
    [9, null, 8, null, 0],
  ]);
  expect(firstShortage === null ? '' : describeShortage(firstShortage, dayOf)).toBe(
    'On 1970-01-04 you are one seat short: 9 people need one, 8 of 8 in use.',
  );
});

test('a seat that is reserved for a return is taken already: the shortage is of whoever waits now, and the return needs none', () => {
  const reserving = leave({ state: 'running', endsAt: 9 * day, reservation: 'held' });
  const away = { holds: [holdOf('leave')], seat: 'held' } as const;
  expect(changes(aoki([reserving], away))).toEqual([['returns', 9, 0]]);
  const now = { licensed: 10, over: 0, used: 9, reserved: 1, waiting: 1 };
  const people = seatEventsOf(aoki([reserving, leave({ startsAt: 20 * day, endsAt: 30 * day })], away), 99 * day);
  const { steps, firstShortage } = forecastSeats(now, { people }, 0, dayOf);
  expect(steps.map((step) => [step.at / day, step.needed, step.used, step.reserved, step.free, step.short])).toEqual([
    [0, 11, 9, 1, 1, 1],
    [9, 11, 10, 0, 0, 1],
    [20, 10, 10, 0, 0, 0],
    [30, 11, 10, 0, 0, 1],
  ]);
  expect(firstShortage === null ? '' : describeShortage(firstShortage, dayOf)).toBe(
    'On 1970-01-01 you are one seat short: 11 people need one, 9 of 10 in use, 1 reserved.',
  );
  // Who leaves for good before the return gives the reserved one back.
  const leaving = aoki([reserving, leave({ type: 'left', startsAt: 5 * day })], away);
  const gone = forecastSeats(now, { people: seatEventsOf(leaving, 99 * day) }, 0, dayOf).steps.at(-1);
  expect(gone).toMatchObject({ needed: 10, used: 10, reserved: 0, short: 0 });
});

test('the turn of whoever waits comes with a seat that is given back, not with people who have none to give', () => {
  const now = { licensed: 1, over: 0, used: 1, reserved: 0, waiting: 1 };
  const left = leave({ type: 'left', startsAt: 5 * day });
  const turn = (user: ReturnType<typeof aoki>) => turnsOf(now, { people: seatEventsOf(user, 99 * day) });
  expect(turn(aoki([left]))).toEqual([5 * day]);
  // Waits too.
  expect(turn(aoki([left], { holds: [holdOf('seat')], seat: 'none' }))).toEqual([null]);
  // Comes back to another seat first.
  const running = leave({ state: 'running', endsAt: 2 * day });
  expect(turn(aoki([running, left], { holds: [holdOf('leave')], seat: 'none' }))).toEqual([null]);
});
