import { seatEventsOf } from '#directory/seats-ahead.ts';
import { aoki, away, day, leave } from './planned-people.ts';
import { holdOf } from './sample-user.ts';

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
      ['starts', 9, 0],
      ['returns', 9.4, 0],
    ],
    ['returns', 20, 1],
  ];
  expect(changes(aoki([first, next]))).toEqual([goes, ...(between as []), back]);
  expect(changes(aoki([{ ...first, state: 'running' }, next], away))).toEqual([...(between as []), back]);
  // Both have begun: until its hour the first one is there beside the next.
  const both = [first, next].map((one) => ({ ...one, state: 'running' as const }));
  expect(changes(aoki(both, away))).toEqual([['returns', 9.4, 0], back]);
  expect(changes(aoki([first, { ...next, seat: 'keep' }]))).toEqual([
    goes,
    ['starts', 9, 0],
    ['returns', 9.4, 1],
    ['returns', 20, 0],
  ]);
});

const reserving = { reserveDays: 30, endsAt: 79 * day } as const;
const running = leave({ ...reserving, state: 'running' });
const eventsOf = (user: ReturnType<typeof aoki>, end = 100 * day) =>
  seatEventsOf(user, end).map(({ kind, at, change, reservation }) => [kind, at / day, change, reservation]);

test('a seat is needed from the day of the reservation on, and the return needs no other', () => {
  const ahead = [
    ['reserved', 49, 1, 1],
    ['returns', 79, 0, -1],
  ];
  expect(eventsOf(aoki([running], away))).toEqual(ahead);
  expect(eventsOf(aoki([leave(reserving)]))).toEqual([['starts', 1, -1, 0], ...ahead]);
  expect(eventsOf(aoki([running], away), 60 * day)).toEqual([ahead[0]]);
  // Held by something else there is nothing to be reserved.
  expect(eventsOf(aoki([running], { ...away, holds: [holdOf('leave'), holdOf('admin')] }))).toEqual([
    ['returns', 79, 0, 0],
  ]);
  // In line for it since day 49.
  expect(eventsOf(aoki([{ ...running, reservation: 'waiting' }], away))).toEqual(ahead);
});

test('a short leave never gives its seat away, also behind a long one; one that is followed by a long one reserves none', () => {
  const short = leave({ ...reserving, startsAt: 60 * day });
  expect(eventsOf(aoki([short]))).toEqual([
    ['starts', 60, 0, 1],
    ['returns', 79, 0, -1],
  ]);
  const before = leave({ reserveDays: 30, endsAt: 60 * day });
  expect(eventsOf(aoki([before, short]))).toEqual([
    ['starts', 1, -1, 0],
    ['reserved', 30, 1, 1],
    ['returns', 60, 0, 0],
    ['starts', 60, 0, 0],
    ['returns', 79, 0, -1],
  ]);
  const long = leave({ reserveDays: 30, startsAt: 60 * day, endsAt: 95 * day });
  expect(eventsOf(aoki([before, long]))).toEqual([
    ['starts', 1, -1, 0],
    ['returns', 60, 0, 0],
    ['starts', 60, 0, 0],
    ['reserved', 65, 1, 1],
    ['returns', 95, 0, -1],
  ]);
  const left = leave({ type: 'left', startsAt: 70 * day });
  expect(eventsOf(aoki([running, left], away))).toEqual([['ends', 70, 0, 0]]);
});
