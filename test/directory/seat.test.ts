import fc from 'fast-check';
import { applyContract, createLedger, hasFreeSeat, unlimitedFree } from '#directory/seat.ts';

test('over-use is allowed up to its number and no further', () => {
  expect(hasFreeSeat({ free: 0, over: 1 })).toBe(true);
  expect(hasFreeSeat({ free: -1, over: 1 })).toBe(false);
});

test('a contract below use is refused with the number of people too many', () => {
  const ledger = { ...createLedger(50), used: 48, free: 2 };
  expect(applyContract(ledger, { licensed: 40 })).toEqual({ tooMany: 8 });
  expect(applyContract(ledger, { licensed: 40, over: 8 })).toMatchObject({ licensed: 40, free: -8 });
});

test('a reduction whose day has come takes effect below use, and what follows may widen it again, not narrow it', () => {
  const ledger = { ...createLedger(50), used: 48, free: 2 };
  const reduced = applyContract(ledger, { licensed: 40 }, { evenBelowUse: true });
  if ('tooMany' in reduced) throw new Error('refused');
  expect(reduced).toMatchObject({ licensed: 40, used: 48, free: -8, over: 0 });
  expect(hasFreeSeat(reduced)).toBe(false);
  expect(applyContract(reduced, { licensed: 44 })).toMatchObject({ licensed: 44, free: -4 });
  expect(applyContract(reduced, { over: 2 })).toMatchObject({ free: -8, over: 2 });
  expect(applyContract(reduced, { licensed: 39 })).toEqual({ tooMany: 9 });
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
