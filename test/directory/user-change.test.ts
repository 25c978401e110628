import { holdKinds, liftHold, placeHold, type HoldKind } from '#directory/hold.ts';
import { applyEdit, asPromoted, asWaiting, liftByAdministrator, writeActive } from '#directory/user-change.ts';
import { statusOf } from '#directory/user.ts';
import { entra, holdOf, okta, sampleUser } from './sample-user.ts';

describe('holds', () => {
  test('a second hold of the same kind and source changes nothing, and keeps the first reason', () => {
    const first = { ...holdOf('admin'), reason: 'first' };
    const holds = placeHold([first], { ...holdOf('admin'), reason: 'second' });
    expect(holds).toEqual([first]);
  });

  test('two identity providers never undo each other', () => {
    let holds = writeActive([], okta, false, 5, 'connection:okta');
    holds = writeActive(holds, entra, false, 6, 'connection:entra');
    holds = writeActive(holds, okta, true, 7, 'connection:okta');
    expect(holds.map((hold) => hold.source)).toEqual(['entra']);
  });

  test.each(holdKinds.filter((kind) => kind !== 'idp'))(
    'active:true of an identity provider does not lift a %s hold',
    (kind) => {
      const holds = [holdOf(kind)];
      expect(writeActive(holds, okta, true, 5, 'connection:okta')).toBe(holds);
    },
  );

  test('an administrator lifts everything but security, unless it is named', () => {
    const all = holdKinds.filter((kind) => kind !== 'seat').map((kind) => holdOf(kind));
    expect(liftByAdministrator(all).map((hold) => hold.kind)).toEqual(['security']);
    expect(liftByAdministrator(all, ['security']).some((hold) => hold.kind === 'security')).toBe(false);
  });

  test('lifting what is not there answers the same list', () => {
    const holds = [holdOf('admin')];
    expect(liftHold(holds, 'idp', 'okta')).toBe(holds);
  });
});

describe('applyEdit', () => {
  test('an active user who gets a hold loses access and gives the seat back', () => {
    const edited = applyEdit(sampleUser(), { holds: [holdOf('idp', 'okta')] }, 50);
    expect(edited).toMatchObject({ need: 'giveBack', endsSessions: true, user: { active: false } });
  });

  test('a second hold on an inactive user frees no second seat', () => {
    const before = sampleUser({ holds: [holdOf('admin')] });
    expect(applyEdit(before, { holds: [...before.holds, holdOf('hr', 'hr')] }, 50)).toMatchObject({
      need: 'none',
      endsSessions: false,
    });
  });

  test('lifting one of two holds activates nobody', () => {
    const before = sampleUser({ holds: [holdOf('admin'), holdOf('leave')] });
    expect(applyEdit(before, { holds: [holdOf('leave')] }, 50)).toMatchObject({
      need: 'none',
      user: { active: false },
    });
  });

  test('lifting the last hold asks for a seat', () => {
    const before = sampleUser({ holds: [holdOf('admin')] });
    expect(applyEdit(before, { holds: [] }, 50)).toMatchObject({ need: 'activate', user: { active: true } });
  });

  test('a deletion gives the seat back once', () => {
    expect(applyEdit(sampleUser(), { deletedAt: 9 }, 50)).toMatchObject({ need: 'giveBack', endsSessions: true });
    expect(applyEdit(sampleUser({ holds: [holdOf('admin')] }), { deletedAt: 9 }, 50)).toMatchObject({
      need: 'none',
      endsSessions: false,
    });
  });

  test('a waiting user stays waiting in the same place when only the profile changes', () => {
    const waiting = asWaiting(sampleUser({ seat: 'none' }), 77, 'connection:okta');
    const { user, need } = applyEdit(waiting, { profile: { userName: 'aoki', title: 'Manager' } }, 50);
    expect(need).toBe('none');
    expect(user).toMatchObject({ waitingSince: 77, active: false, profile: { title: 'Manager' } });
  });

  test('any other hold ends the waiting', () => {
    const waiting = asWaiting(sampleUser({ seat: 'none' }), 77, 'connection:okta');
    const { user } = applyEdit(waiting, { holds: writeActive(waiting.holds, okta, false, 80, 'connection:okta') }, 50);
    expect(user.waitingSince).toBeUndefined();
    expect(user.holds.map((hold) => hold.kind)).toEqual(['idp']);
  });

  test('promotion ends the waiting and leaves no hold', () => {
    const promoted = asPromoted(asWaiting(sampleUser({ seat: 'none' }), 77, 'connection:okta'), 99);
    expect(promoted).toMatchObject({ holds: [], active: true, activeSince: 99 });
    expect('waitingSince' in promoted).toBe(false);
  });
});

describe('statusOf', () => {
  const rows: [HoldKind[], string][] = [
    [[], 'active'],
    [['seat'], 'waiting'],
    [['start'], 'starting'],
    [['leave'], 'onLeave'],
    [['leave', 'start'], 'onLeave'],
    [['leave', 'idp'], 'inactive'],
    [['admin'], 'inactive'],
    [['hr'], 'inactive'],
    [['security'], 'inactive'],
    [['dormant'], 'inactive'],
  ];
  test.each(rows)('%j is shown as %s', (kinds, status) => {
    expect(statusOf({ holds: kinds.map((kind) => holdOf(kind)) })).toBe(status);
  });

  test('deleted comes before everything', () => {
    expect(statusOf({ holds: [], deletedAt: 5 })).toBe('deleted');
  });
});
