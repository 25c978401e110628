import { writeActive } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';

const setActive = (side: WriteSide, user: User, active: boolean) =>
  side.changeUser(
    acme,
    user.id,
    (read) => ({ holds: writeActive(read.holds, okta, active, side.clock.now, 'connection:okta') }),
    byOkta,
  );

describeOnBothStorages('status changes', (open) => {
  test('a deactivation frees the seat, raises the epoch and leaves the profile alone', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    expect(await side.seats()).toEqual([1, 9, 0]);
    const { user, changed } = await setActive(side, aoki, false);
    expect(changed).toBe(true);
    expect(user).toMatchObject({ active: false, seat: 'none', epoch: aoki.epoch + 1, profile: aoki.profile });
    expect(await side.seats()).toEqual([0, 10, 0]);
  });

  test('the same value again writes nothing: no revision, no effect, no seat', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    const first = await setActive(side, aoki, false);
    const again = await setActive(side, aoki, false);
    expect(again).toMatchObject({ changed: false, change: null });
    expect((await side.user(aoki.id)).revision).toBe(first.user.revision);
    expect(await side.seats()).toEqual([0, 10, 0]);
  });

  test('reactivation takes a seat, keeps the epoch, and the person is as before', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    const off = await setActive(side, aoki, false);
    const { user } = await setActive(side, aoki, true);
    expect(user).toMatchObject({ active: true, seat: 'held', epoch: off.user.epoch, profile: aoki.profile, holds: [] });
    expect(await side.seats()).toEqual([1, 9, 0]);
  });

  test('an emergency stop by an administrator outlasts a sync', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    await side.deactivateUser(acme, aoki.id, { reason: 'security' }, byAdministrator);
    expect((await setActive(side, aoki, true)).user.active).toBe(false);
    const { user, lifted } = await side.reactivateUser(acme, aoki.id, {}, byAdministrator);
    expect(user.active).toBe(false);
    expect(lifted).toEqual([]);
    const freed = await side.reactivateUser(acme, aoki.id, { lift: ['security'] }, byAdministrator);
    expect(freed.user.active).toBe(true);
    expect(freed.lifted.map((hold) => hold.kind)).toEqual(['security']);
  });

  test('a deleted user frees seat and name, is unknown afterwards, and a later user of that name is a new one', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki', { externalId: 'x1' });
    await side.removeUser(acme, aoki.id, { ...byOkta, mouth: 'scimDelete' });
    expect(await side.seats()).toEqual([0, 10, 0]);
    await expect(setActive(side, aoki, true)).rejects.toMatchObject({ code: 'userNotFound' });
    await expect(side.removeUser(acme, aoki.id, byOkta)).rejects.toMatchObject({ code: 'userNotFound' });
    const successor = await side.add('AOKI', { externalId: 'x1' });
    expect(successor.id).not.toBe(aoki.id);
    expect(await side.seats()).toEqual([1, 9, 0]);
  });

  test('two changes of one user at once both land', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    const attributes = Array.from({ length: 10 }, (_, i) => `x${i}`);
    await Promise.all(
      attributes.map((name) =>
        side.changeUser(acme, aoki.id, (user) => ({ profile: { ...user.profile, [name]: name } }), byOkta),
      ),
    );
    const { profile } = await side.user(aoki.id);
    expect(attributes.filter((name) => profile[name] !== name)).toEqual([]);
  });

  test('deactivate against reactivate of one person ends in one of the two states, with the ledger exact', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([setActive(side, aoki, false), setActive(side, aoki, true), setActive(side, aoki, false)]);
      const user = await side.user(aoki.id);
      expect(await side.seats()).toEqual(user.active ? [1, 9, 0] : [0, 10, 0]);
    }
  });

  test('a taken userName is refused and nothing changes', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    await side.add('baba');
    await expect(side.add('Aoki')).rejects.toMatchObject({ code: 'userNameTaken' });
    await expect(
      side.changeUser(acme, aoki.id, () => ({ profile: { userName: 'BABA' } }), byOkta),
    ).rejects.toMatchObject({ code: 'userNameTaken' });
    expect(await side.seats()).toEqual([2, 8, 0]);
    expect((await side.user(aoki.id)).profile).toEqual(aoki.profile);
  });

  test('20 creations of one name at once make one user and take one seat', async () => {
    const side = await createWriteSide(await open(), 10);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => side.add('aoki')));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    expect(await side.seats()).toEqual([1, 9, 0]);
  });

  test('people’s own doors keep the last owner; an identity provider is obeyed', async () => {
    const side = await createWriteSide(await open(), 10);
    const [aoki, baba] = [await side.add('aoki'), await side.add('baba')];
    for (const user of [aoki, baba]) await side.assignRoles(acme, user.id, ['owner'], byAdministrator);
    const outcomes = await Promise.allSettled(
      [aoki, baba].map((user) => side.deactivateUser(acme, user.id, {}, byAdministrator)),
    );
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    const last = (await side.user(aoki.id)).active ? aoki : baba;
    await expect(side.assignRoles(acme, last.id, [], byAdministrator)).rejects.toMatchObject({ code: 'lastOwner' });
    expect((await setActive(side, last, false)).user.active).toBe(false);
  });
});
