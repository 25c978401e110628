import fc from 'fast-check';
import {
  addUpDays,
  foldSeatDay,
  noSeats,
  seatStepOf,
  type SeatEvent,
  type SeatLevel,
} from '#directory/seat-history.ts';

const day = { from: 0, until: 86_400_000 };
const step = (kind: 'taken' | 'given', at: number, first = false): SeatEvent => ({
  kind,
  at,
  day: '2027-04-01',
  userId: 'u' as never,
  userName: 'u',
  cause: 'user.created',
  by: 'cli',
  ...(first ? { first } : {}),
});
const level = (used: number, licensed: number | null = 10): SeatLevel => ({ used, licensed, over: 0 });

test('a day has its peak, its end, and seats added up over its time', () => {
  const events = [step('taken', 0, true), step('taken', 43_200_000, true), step('given', 64_800_000)];
  expect(foldSeatDay(level(3), events, day)).toEqual({
    start: level(3),
    end: level(4),
    peak: 5,
    seatMs: 4 * 43_200_000 + 5 * 21_600_000 + 4 * 21_600_000,
    taken: 2,
    given: 1,
    first: 2,
  });
});

test('two clocks that tell of a seat in the wrong order make no peak above the contract', () => {
  expect(foldSeatDay(level(10), [step('taken', 5), step('given', 6)], day)).toMatchObject({ peak: 10, end: level(10) });
  const unlimited = foldSeatDay(level(10, null), [step('taken', 5), step('given', 6)], day);
  expect(unlimited.peak).toBe(11);
});

test('a contract that falls below the use leaves the peak of before, and one that rises lets it rise', () => {
  const contract = (licensed: number, at: number): SeatEvent => ({
    kind: 'contract',
    licensed,
    over: 0,
    at,
    day: '2027-04-01',
  });
  const folded = foldSeatDay(level(10), [contract(8, 1), contract(12, 2), step('taken', 3)], day);
  expect(folded).toMatchObject({ peak: 11, end: level(11, 12) });
  expect(foldSeatDay(level(10), [contract(8, 1)], day)).toMatchObject({ peak: 10, end: level(10, 8) });
});

test('whoever used a seat when the month began or takes one for the first time in it is counted once', () => {
  const one = foldSeatDay(level(2), [step('given', 1), step('taken', 2), step('taken', 3, true)], day);
  const two = foldSeatDay(one.end, [step('given', 1), step('taken', 2, true)], day);
  expect(addUpDays([one, two])).toEqual({ peak: 3, people: 4 });
  expect(addUpDays([])).toEqual({ peak: 0, people: 0 });
});

test('days one after the other say what one walk over all events says', () => {
  const kinds = fc.array(fc.tuple(fc.constantFrom('taken' as const, 'given' as const), fc.nat(86_399_999)), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(kinds, fc.nat(86_400_000), (drawn, cut) => {
      const events = drawn.toSorted((a, b) => a[1] - b[1]).map(([kind, at]) => step(kind, at));
      const whole = foldSeatDay(noSeats, events, day);
      const first = foldSeatDay(
        noSeats,
        events.filter(({ at }) => at < cut),
        { from: 0, until: cut },
      );
      const rest = foldSeatDay(
        first.end,
        events.filter(({ at }) => at >= cut),
        { from: cut, until: day.until },
      );
      expect(rest.end).toEqual(whole.end);
      expect(first.seatMs + rest.seatMs).toBe(whole.seatMs);
      expect(Math.max(first.peak, rest.peak)).toBe(whole.peak);
    }),
  );
});

test('a seat is used from when it is held, and not while it is only reserved for a return', () => {
  const hold = { kind: 'leave', source: '', since: 0, by: 'x' } as const;
  const leave = { state: 'running', seat: 'release', reservation: 'held' } as never;
  const active = { seat: 'held', holds: [] } as const;
  const none = { seat: 'none', holds: [] } as const;
  const reserved = { seat: 'held', holds: [hold], leaves: [leave] } as const;
  expect(seatStepOf(null, active, 'take')).toBe('taken');
  expect(seatStepOf(none, active, 'take')).toBe('taken');
  expect(seatStepOf(active, active, 'keep')).toBeNull();
  expect(seatStepOf(active, none, 'giveBack')).toBe('given');
  expect(seatStepOf({ ...none, holds: [hold] }, reserved, 'take')).toBeNull();
  expect(seatStepOf(reserved, active, 'keep')).toBe('taken');
  expect(seatStepOf(reserved, none, 'giveBack')).toBeNull();
  expect(seatStepOf(null, none, 'keep')).toBeNull();
});
