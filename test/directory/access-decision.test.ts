import { decideAccess } from '#directory/access-decision.ts';
import type { HoldKind } from '#directory/hold.ts';
import { asWaiting } from '#directory/user-change.ts';
import { holdOf, sampleUser } from './sample-user.ts';

const open = { state: 'active' } as const;
const now = 1_000_000;

test('nothing holds the person, the organisation is open: allowed', () => {
  expect(decideAccess(open, sampleUser(), now)).toEqual({ allowed: true });
});

const reasons: [HoldKind, string][] = [
  ['idp', 'accountInactive'],
  ['admin', 'accountInactive'],
  ['hr', 'accountInactive'],
  ['security', 'accountInactive'],
  ['dormant', 'accountInactive'],
  ['leave', 'onLeave'],
  ['start', 'notStarted'],
];
test.each(reasons)('a %s hold refuses as %s', (kind, reason) => {
  expect(decideAccess(open, sampleUser({ holds: [holdOf(kind)] }), now)).toEqual({ allowed: false, reason });
});

test('whoever waits for a seat is refused as waitingForSeat', () => {
  expect(decideAccess(open, asWaiting(sampleUser(), 5, 'cli'), now)).toEqual({
    allowed: false,
    reason: 'waitingForSeat',
  });
});

test('unknown and deleted people are refused alike', () => {
  expect(decideAccess(open, null, now)).toEqual({ allowed: false, reason: 'noSuchUser' });
  expect(decideAccess(open, sampleUser({ deletedAt: 5 }), now)).toEqual({ allowed: false, reason: 'noSuchUser' });
});

test('a suspended organisation, or one past its end, refuses active people', () => {
  const refused = { allowed: false, reason: 'organizationSuspended' };
  expect(decideAccess({ state: 'suspended' }, sampleUser(), now)).toEqual(refused);
  expect(decideAccess({ state: 'active', endsAt: now }, sampleUser(), now)).toEqual(refused);
  expect(decideAccess({ state: 'active', endsAt: now + 1 }, sampleUser(), now)).toEqual({ allowed: true });
});

test('a stored active:false refuses even without a hold', () => {
  expect(decideAccess(open, sampleUser({ active: false }), now)).toEqual({ allowed: false, reason: 'accountInactive' });
});
