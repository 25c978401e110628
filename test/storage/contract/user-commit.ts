/** Contract of `UserStore.commit`: its outcomes, and the seat that moves with the user. Many at once: user-race.ts. */
import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import type { CommitOutcome } from '#storage/user-store.ts';
import {
  committed,
  deleted,
  dismiss,
  expectUsed,
  freed,
  held,
  hire,
  insert,
  makeEffect,
  makeUser,
  noon,
  openOrganization,
  type OpenStorage,
  update,
} from './contract-world.ts';

// Whether a seat came free on the way to a refusal is up to the store: some take it before they know.
const conflict = expect.objectContaining({ kind: 'conflict' }) as CommitOutcome;
const noSeat: CommitOutcome = { kind: 'noSeat' };
const userNameTaken = expect.objectContaining({ kind: 'userNameTaken' }) as CommitOutcome;

export function describeUserCommit(open: OpenStorage): void {
  describe('users, committed', () => {
    let storage: Storage;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    const get = (user: User): Promise<User | null> => storage.users.get(user.organizationId, user.id);
    const effectsOf = async (user: User): Promise<number> =>
      (await storage.effects.claimOfUser(user.organizationId, user.id, 60_000))?.effects.length ?? 0;

    test('an insert without a seat moves none', async () => {
      const organization = await openOrganization(storage, 1);
      const user = held(makeUser(organization), 'seat');
      expect(await insert(storage, user)).toEqual({ kind: 'committed', user });
      expect(await get(user)).toEqual(user);
      await expectUsed(storage, organization, 0);
    });

    test('an insert that takes a seat holds it', async () => {
      const organization = await openOrganization(storage, 1);
      const user = makeUser(organization);
      const stored = await committed(insert(storage, user, { seat: 'take' }));
      expect(stored).toEqual({ ...user, seat: 'held', revision: stored.revision });
      expect(await get(user)).toEqual(stored);
      await expectUsed(storage, organization, 1);
    });

    test('an insert is refused when no seat is free, and nothing is stored', async () => {
      const organization = await openOrganization(storage, 1);
      await hire(storage, organization);
      const user = makeUser(organization);
      expect(await insert(storage, user, { seat: 'take', effects: [makeEffect(organization)] })).toEqual(noSeat);
      expect(await get(user)).toBeNull();
      expect(await effectsOf(user)).toBe(0);
      await expectUsed(storage, organization, 1);
      expect((await insert(storage, user)).kind).toBe('committed');
    });

    test('an insert under an id that exists is a conflict', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      const twin = makeUser(organization, { id: user.id });
      expect(await insert(storage, twin, { seat: 'take', effects: [makeEffect(organization)] })).toEqual(conflict);
      expect(await get(user)).toEqual(user);
      expect(await effectsOf(user)).toBe(0);
      await expectUsed(storage, organization, 1);
    });

    test('an update at the revision that was read is written, at any other a conflict', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      const next = await committed(update(storage, user, { ...user, modifiedAt: noon + 1 }));
      expect(next).toEqual({ ...user, modifiedAt: noon + 1, revision: user.revision + 1 });
      expect(await update(storage, user, { ...user, modifiedAt: noon + 2 })).toEqual(conflict);
      const ahead = { ...next, revision: next.revision + 1 };
      expect(await update(storage, ahead, { ...ahead, modifiedAt: noon + 3 })).toEqual(conflict);
      expect(await get(user)).toEqual(next);
    });

    test('an update of a user who never was is a conflict', async () => {
      const organization = await openOrganization(storage, 5);
      const user = makeUser(organization);
      expect(await update(storage, user, user, { seat: 'take' })).toEqual(conflict);
      expect(await get(user)).toBeNull();
      await expectUsed(storage, organization, 0);
    });

    test('a late take or give back is a conflict and moves no seat', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await committed(insert(storage, held(makeUser(organization), 'admin')));
      await committed(update(storage, user, { ...user, modifiedAt: noon + 1 }));
      expect(await update(storage, user, freed(user), { seat: 'take' })).toEqual(conflict);
      await expectUsed(storage, organization, 0);
      const other = await hire(storage, organization);
      await committed(update(storage, other, { ...other, modifiedAt: noon + 1 }));
      expect(await dismiss(storage, other, { effects: [makeEffect(organization)] })).toEqual(conflict);
      expect(await effectsOf(other)).toBe(0);
      await expectUsed(storage, organization, 1);
    });

    test('a seat that is given back is free for someone else, and the first one waits', async () => {
      const organization = await openOrganization(storage, 1);
      const user = await hire(storage, organization);
      const away = await committed(dismiss(storage, user));
      expect(away).toMatchObject({ seat: 'none', active: false, epoch: user.epoch + 1 });
      expect(away.revision).toBeGreaterThan(user.revision);
      expect(await get(user)).toEqual(away);
      await expectUsed(storage, organization, 0);
      const other = await hire(storage, organization);
      expect(await update(storage, away, freed(away), { seat: 'take' })).toEqual(noSeat);
      expect(await get(user)).toEqual(away);
      await expectUsed(storage, organization, 1);
      await committed(dismiss(storage, other));
      const back = await committed(update(storage, away, freed(away), { seat: 'take' }));
      expect(back).toMatchObject({ seat: 'held', active: true });
      expect(await get(user)).toEqual(back);
      await expectUsed(storage, organization, 1);
    });

    test('a commit says when a seat came free by it, and only then', async () => {
      const organization = await openOrganization(storage, 2);
      const user = makeUser(organization);
      const freedBy = async (outcome: Promise<CommitOutcome>) => {
        const { kind, freedSeat } = await outcome;
        expect(kind).toBe('committed');
        return freedSeat;
      };
      expect(await freedBy(insert(storage, user, { seat: 'take' }))).toBeUndefined();
      const stored = await get(user);
      if (stored === null) throw new Error('unreachable');
      const left = update(storage, stored, held(stored, 'leave'));
      expect(await freedBy(left)).toBeUndefined();
      const away = await committed(left);
      expect(await freedBy(update(storage, away, deleted(away), { seat: 'giveBack' }))).toBe(true);
      const gone = await get(user);
      if (gone === null) throw new Error('unreachable');
      expect(await freedBy(update(storage, gone, gone, { seat: 'giveBack' }))).toBeUndefined();
    });

    test('a leave that keeps its seat keeps it', async () => {
      const organization = await openOrganization(storage, 1);
      const user = await hire(storage, organization);
      const away = await committed(update(storage, user, held(user, 'leave')));
      expect(away).toMatchObject({ active: false, seat: 'held' });
      await expectUsed(storage, organization, 1);
      expect(await insert(storage, makeUser(organization), { seat: 'take' })).toEqual(noSeat);
    });

    test('nobody takes a second seat or gives back one they do not have', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      const again = await committed(update(storage, user, user, { seat: 'take' }));
      expect(again.seat).toBe('held');
      await expectUsed(storage, organization, 1);
      const away = await committed(dismiss(storage, again));
      const still = await committed(update(storage, away, away, { seat: 'giveBack' }));
      expect(still.seat).toBe('none');
      await expectUsed(storage, organization, 0);
    });

    test('so many go over as the contract allows, and no more', async () => {
      const organization = await openOrganization(storage, 1);
      await storage.seats.changeContract(organization, { over: 2 }, () => []);
      for (let n = 0; n < 3; n += 1) await hire(storage, organization);
      expect(await insert(storage, makeUser(organization), { seat: 'take' })).toEqual(noSeat);
      await expectUsed(storage, organization, 3);
    });

    test('without a limit there is always a seat, and with none licensed never', async () => {
      const unlimited = await openOrganization(storage, null);
      for (let n = 0; n < 5; n += 1) await hire(storage, unlimited);
      await expectUsed(storage, unlimited, 5);
      const closed = await openOrganization(storage, 0);
      expect(await insert(storage, makeUser(closed), { seat: 'take' })).toEqual(noSeat);
      await expectUsed(storage, closed, 0);
    });

    test('a userName is unique in its organisation, whatever its case', async () => {
      const organization = await openOrganization(storage, 9);
      await hire(storage, organization, { profile: { userName: 'Ann@Example.com' } });
      const user = makeUser(organization, { profile: { userName: 'aNN@example.COM' } });
      expect(await insert(storage, user, { seat: 'take', effects: [makeEffect(organization)] })).toEqual(userNameTaken);
      expect(await get(user)).toBeNull();
      expect(await effectsOf(user)).toBe(0);
      await expectUsed(storage, organization, 1);
      const other = await committed(insert(storage, held(makeUser(organization), 'admin')));
      const renamed = { ...freed(other), profile: { userName: 'ANN@example.com' } };
      expect(await update(storage, other, renamed, { seat: 'take' })).toEqual(userNameTaken);
      expect(await get(other)).toMatchObject({ profile: other.profile, seat: 'none', active: false });
      await expectUsed(storage, organization, 1);
      expect((await hire(storage, await openOrganization(storage, 1), { profile: user.profile })).seat).toBe('held');
    });

    test('one may change the case of the own userName', async () => {
      const organization = await openOrganization(storage, 9);
      const user = await hire(storage, organization, { profile: { userName: 'ann' } });
      const renamed = await committed(update(storage, user, { ...user, profile: { userName: 'Ann' } }));
      expect(renamed.profile.userName).toBe('Ann');
    });

    test('the userName of a deleted user is free again, and a restore finds it taken', async () => {
      const organization = await openOrganization(storage, 9);
      const profile = { userName: 'ann' };
      const gone: User[] = [];
      for (let n = 0; n < 3; n += 1) {
        const user = await hire(storage, organization, { profile });
        gone.push(await committed(update(storage, user, deleted(user), { seat: 'giveBack' })));
      }
      await expectUsed(storage, organization, 0);
      const [first, second] = gone;
      if (first === undefined || second === undefined) throw new Error('unreachable');
      const restored = (user: User): User => {
        const { deletedAt: _restored, ...rest } = user;
        return { ...rest, active: true };
      };
      await committed(update(storage, first, restored(first), { seat: 'take' }));
      expect(await update(storage, second, restored(second), { seat: 'take' })).toEqual(userNameTaken);
      expect(await get(second)).toMatchObject({ deletedAt: noon });
      await expectUsed(storage, organization, 1);
    });

    test('a renamed user leaves the old userName free', async () => {
      const organization = await openOrganization(storage, 9);
      const user = await hire(storage, organization, { profile: { userName: 'before' } });
      await committed(update(storage, user, { ...user, profile: { userName: 'after' } }));
      expect((await hire(storage, organization, { profile: { userName: 'before' } })).seat).toBe('held');
    });
  });
}
