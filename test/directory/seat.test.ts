import fc from 'fast-check';
import { applyContract, createLedger, hasFreeSeat, unlimitedFree } from '#directory/seat.ts';

test('reserved seats are for people who return, not for newcomers', () => {
  const ledger = { ...createLedger(10), used: 8, free: 2, reserved: 2 };
  expect(hasFreeSeat(ledger, true)).toBe(false);
  expect(hasFreeSeat(ledger, false)).toBe(true);
});

test('over-use is allowed up to its number and no further', () => {
  expect(hasFreeSeat({ free: 0, over: 1, reserved: 0 }, true)).toBe(true);
  expect(hasFreeSeat({ free: -1, over: 1, reserved: 0 }, true)).toBe(false);
});

test('a contract below use is refused with the number of people too many', () => {
  const ledger = { ...createLedger(50), used: 48, free: 2 };
  expect(applyContract(ledger, { licensed: 40 })).toEqual({ tooMany: 8 });
  expect(applyContract(ledger, { licensed: 40, over: 8 })).toMatchObject({ licensed: 40, free: -8 });
});

test('used and free always add up to the contract', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.option(fc.nat(2_000)), fc.nat(50), (used, licensed, over) => {
      const ledger = { ...createLedger(null), used, free: unlimitedFree - used };
      const next = applyContract(ledger, { licensed, over });
      if ('tooMany' in next) return licensed !== null && used > licensed + over;
      return next.used + next.free === (licensed ?? unlimitedFree) && next.free >= -over;
    }),
  );
});
