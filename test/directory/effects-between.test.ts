import { differenceBetween, effectsBetween } from '#directory/effects-between.ts';
import { applyEdit } from '#directory/user-change.ts';
import { holdOf, sampleUser } from './sample-user.ts';

const by = { actor: { kind: 'cli' }, mouth: 'cli', requestId: 'r1' } as const;

test('the same content makes no effect, whatever happened to revision and provenance', () => {
  const before = sampleUser();
  expect(effectsBetween(before, { ...before, revision: 9, lastWrittenBy: 'okta' as never }, by, 'c')).toEqual([]);
});

test('a lost access ends the sessions made before the new epoch, and is audited with what differs', () => {
  const before = sampleUser();
  const after = { ...applyEdit(before, { holds: [holdOf('admin')] }, 50).user, epoch: 2 };
  const effects = effectsBetween(before, after, by, 'c1');
  expect(effects.map((effect) => effect.kind)).toEqual(['audit', 'endSessions']);
  expect(effects[0]).toMatchObject({
    event: {
      action: 'user.deactivated',
      actor: 'cli',
      before: { status: 'active' },
      after: { status: 'inactive' },
      change: 'c1',
      requestId: 'r1',
    },
  });
  expect(effects[1]).toMatchObject({ epoch: 2, cause: 'user.deactivated' });
});

test('a profile change names only the attributes that differ', () => {
  const before = sampleUser({ profile: { userName: 'a', title: 'x', nickName: 'n' } });
  const after = sampleUser({ profile: { userName: 'a', title: 'y' } });
  expect(differenceBetween(before, after)).toEqual({ before: { title: 'x', nickName: 'n' }, after: { title: 'y' } });
});

test('the order of members is no difference', () => {
  const before = sampleUser({ profile: { userName: 'a', name: { givenName: 'H', familyName: 'A' } } });
  const after = sampleUser({ profile: { userName: 'a', name: { familyName: 'A', givenName: 'H' } } });
  expect(differenceBetween(before, after)).toBeNull();
});
