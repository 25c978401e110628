import { describeShortage, forecastSeats, turnsOf } from '#directory/seat-forecast.ts';
import { seatEventsOf } from '#directory/seats-ahead.ts';
import { aoki, away, day, dayOf, leave, named } from './planned-people.ts';
import { holdOf } from './sample-user.ts';

/** A seat is to be reserved for this return on day 49. */
const running = leave({ state: 'running', reserveDays: 30, endsAt: 79 * day });

test('steps by day, and the first shortage in a sentence', () => {
  const events = [
    ...seatEventsOf(named('Baba', [leave({ state: 'running', endsAt: 20 * day })], away), 99 * day),
    ...seatEventsOf(aoki([leave({ startsAt: 20 * day + 5, endsAt: 30 * day })]), 99 * day),
    ...seatEventsOf(named('Chiba', [leave({ state: 'running', endsAt: 30 * day + 9 })], away), 99 * day),
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
  expect(over.steps).toMatchObject([{ needed: 2, used: 2, free: -1, short: 1 }]);
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
    [3, 8, 9, -1, 1],
    [5, 8, 8, 0, 0],
    [9, null, 8, null, 0],
  ]);
  expect(firstShortage === null ? '' : describeShortage(firstShortage, dayOf)).toBe(
    'On 1970-01-04 you are one seat short: 9 people need one, 9 of 8 in use.',
  );
});

test('a seat that is reserved for a return is taken already: the shortage is of whoever waits now, and the return needs none', () => {
  const reserving = leave({ state: 'running', endsAt: 9 * day, reservation: 'held' });
  const kept = { ...away, seat: 'held' } as const;
  expect(seatEventsOf(aoki([reserving], kept), 99 * day)).toMatchObject([{ kind: 'returns', change: 0 }]);
  const now = { licensed: 10, over: 0, used: 9, reserved: 1, waiting: 1 };
  const people = seatEventsOf(aoki([reserving, leave({ startsAt: 20 * day, endsAt: 30 * day })], kept), 99 * day);
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
  const leaving = aoki([reserving, leave({ type: 'left', startsAt: 5 * day })], kept);
  const gone = forecastSeats(now, { people: seatEventsOf(leaving, 99 * day) }, 0, dayOf).steps.at(-1);
  expect(gone).toMatchObject({ needed: 10, used: 10, reserved: 0, short: 0 });
});

test('where more are used than licensed nobody is cut off: what is used falls only as people go, and newcomers wait until the contract is met', () => {
  const people = [
    ...seatEventsOf(named('Baba', [leave({ type: 'left', startsAt: 2 * day })]), 99 * day),
    ...seatEventsOf(named('Chiba', [leave({ state: 'running', endsAt: 3 * day })], away), 99 * day),
    ...seatEventsOf(named('Doi', [leave({ type: 'left', startsAt: 4 * day })]), 99 * day),
    ...seatEventsOf(named('Endo', [leave({ type: 'left', startsAt: 5 * day })]), 99 * day),
  ];
  const of = (now: Parameters<typeof forecastSeats>[0]) =>
    forecastSeats(now, { people }, 0, dayOf).steps.map(({ needed, used, free, short }) => [needed, used, free, short]);
  // As `GET …/seats` says it: two more are used than licensed, without over-use or with what is left of it.
  expect(of({ licensed: 4, over: 0, used: 6, reserved: 0, waiting: 0 })).toEqual([
    [6, 6, -2, 2],
    [5, 5, -1, 1],
    [6, 5, -1, 2],
    [5, 4, 0, 1],
    [4, 4, 0, 0],
  ]);
  expect(of({ licensed: 4, over: 1, used: 6, reserved: 0, waiting: 0 }).map(([, used]) => used)).toEqual([
    6, 5, 5, 5, 4,
  ]);
});

test('whoever waits and goes gives no seat back, unless one was theirs by then', () => {
  const now = { licensed: 2, over: 0, used: 2, reserved: 0, waiting: 1 };
  const waits = { holds: [holdOf('seat')], seat: 'none' } as const;
  const goes = seatEventsOf(named('Ito', [leave({ startsAt: 5 * day })], waits), 99 * day);
  const used = (people: typeof goes) =>
    forecastSeats(now, { people }, 0, dayOf).steps.map((step) => [step.needed, step.used]);
  expect(used(goes)).toEqual([
    [3, 2],
    [2, 2],
  ]);
  const left = seatEventsOf(named('Baba', [leave({ type: 'left', startsAt: 2 * day })]), 99 * day);
  expect(used([...left, ...goes])).toEqual([
    [3, 2],
    [2, 2],
    [1, 1],
  ]);
});

test('the reserved seat is free for nobody else: whoever starts after it is short, and is named', () => {
  const suzuki = named('Suzuki', [leave({ type: 'start', state: 'running', startsAt: 0, endsAt: 62 * day })], {
    holds: [holdOf('start')],
    seat: 'none',
  });
  const people = [...seatEventsOf(suzuki, 99 * day), ...seatEventsOf(aoki([running], away), 99 * day)];
  const now = { licensed: 10, over: 0, used: 9, reserved: 0, waiting: 0 };
  const { steps, firstShortage } = forecastSeats(now, { people }, 0, dayOf);
  expect(steps.map((step) => [step.at / day, step.needed, step.used, step.reserved, step.free, step.short])).toEqual([
    [0, 9, 9, 0, 1, 0],
    [49, 10, 9, 1, 1, 0],
    [62, 11, 9, 1, 1, 1],
    [79, 11, 10, 0, 0, 1],
  ]);
  expect(firstShortage === null ? '' : describeShortage(firstShortage, dayOf)).toBe(
    'On 1970-03-04 you are one seat short: Suzuki starts, 9 of 10 in use, 1 reserved.',
  );
  expect(steps.flatMap(({ events }) => events.filter(({ waits }) => waits).map(({ name }) => name))).toEqual([
    'Suzuki',
  ]);
});

test('where none is to be had the return stands in line from then on, and is without a seat on its day; or has the next one', () => {
  const now = { licensed: 1, over: 0, used: 1, reserved: 0, waiting: 0 };
  const back = seatEventsOf(aoki([running], away), 99 * day);
  const { steps, firstShortage } = forecastSeats(now, { people: back }, 0, dayOf);
  expect(steps.map(({ needed, used, reserved, short }) => [needed, used, reserved, short])).toEqual([
    [1, 1, 0, 0],
    [2, 1, 0, 1],
    [2, 1, 0, 1],
  ]);
  expect(steps.at(-1)?.events).toMatchObject([{ kind: 'returns', change: 0, waits: true }]);
  expect(firstShortage === null ? '' : describeShortage(firstShortage, dayOf)).toBe(
    "On 1970-02-19 you are one seat short: a seat is to be reserved for Aoki's return, 1 of 1 in use.",
  );
  const left = seatEventsOf(named('Baba', [leave({ type: 'left', startsAt: 60 * day })]), 99 * day);
  const served = forecastSeats(now, { people: [...back, ...left] }, 0, dayOf).steps;
  expect(served.map(({ needed, used, reserved }) => [needed, used, reserved])).toEqual([
    [1, 1, 0],
    [2, 1, 0],
    [1, 0, 1],
    [1, 1, 0],
  ]);
  expect(served.at(-1)?.events[0]?.waits).toBeUndefined();
});

test('who stands in line for a reservation already is short of a seat today', () => {
  const people = seatEventsOf(aoki([{ ...running, reservation: 'waiting' }], away), 99 * day);
  const { steps } = forecastSeats(
    { licensed: 1, over: 0, used: 1, reserved: 0, waiting: 0 },
    { people },
    50 * day,
    dayOf,
  );
  expect(steps.map(({ at, needed, short }) => [at / day, needed, short])).toEqual([
    [50, 2, 1],
    [79, 2, 1],
  ]);
});

test('whoever reserves later stands behind those who wait, and takes nothing of theirs', () => {
  const people = [
    ...seatEventsOf(aoki([running], away), 99 * day),
    ...seatEventsOf(named('Baba', [leave({ type: 'left', startsAt: 60 * day })]), 99 * day),
  ];
  const now = { licensed: 1, over: 0, used: 1, reserved: 0, waiting: 1 };
  expect(turnsOf(now, { people })).toEqual([60 * day]);
  expect(forecastSeats(now, { people }, 0, dayOf).steps.at(-1)).toMatchObject({ used: 1, reserved: 0, needed: 2 });
  // A reservation that was given back by then does: it was a seat.
  const returner = aoki([running, leave({ type: 'left', startsAt: 55 * day })], { ...away, seat: 'held' });
  expect(turnsOf(now, { people: seatEventsOf(returner, 99 * day) })).toEqual([55 * day]);
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
