/** Contract of `UserStore.commit` when many commit at once: one wins, no seat is lost or given twice. */
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import fc from 'fast-check';
import {
  atOnce,
  committed,
  countKinds,
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
import { runs } from '../../harness/test-scale.ts';

export function describeUserRace(open: OpenStorage): void {
  describe('users, many at once', () => {
    let storage: Storage;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    const get = (user: User): Promise<User | null> => storage.users.get(user.organizationId, user.id);
    const effectsOf = async (user: User): Promise<number> =>
      (await storage.effects.claimOfUser(user.organizationId, user.id, 60_000))?.effects.length ?? 0;

    test('of 50 commits at one revision exactly one is written', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      const outcomes = await atOnce(50, (n) =>
        update(storage, user, { ...user, modifiedAt: noon + n }, { effects: [makeEffect(organization)] }),
      );
      expect(countKinds(outcomes)).toEqual({ committed: 1, conflict: 49 });
      const winner = outcomes.find((outcome) => outcome.kind === 'committed');
      expect(await get(user)).toEqual(winner?.user);
      expect(await effectsOf(user)).toBe(1);
    });

    test('of 20 lock-outs at one revision exactly one is written and one seat comes back', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      const outcomes = await atOnce(20, () => dismiss(storage, user, { effects: [makeEffect(organization)] }));
      expect(countKinds(outcomes)).toEqual({ committed: 1, conflict: 19 });
      expect(await get(user)).toMatchObject({ active: false, seat: 'none', epoch: user.epoch + 1 });
      expect(await effectsOf(user)).toBe(1);
      await expectUsed(storage, organization, 0);
    });

    test('30 who take at once get exactly the 10 seats', async () => {
      const organization = await openOrganization(storage, 10);
      const outcomes = await atOnce(30, () => insert(storage, makeUser(organization), { seat: 'take' }));
      expect(countKinds(outcomes)).toEqual({ committed: 10, noSeat: 20 });
      expect(await storage.users.count(organization)).toBe(10);
      await expectUsed(storage, organization, 10);
    });

    test('20 who make one user active at once take one seat at most, and by trying again exactly one', async () => {
      const organization = await openOrganization(storage, 10);
      const user = await committed(insert(storage, held(makeUser(organization), 'admin')));
      const outcomes = await atOnce(20, () => update(storage, user, freed(user), { seat: 'take' }));
      expect(countKinds(outcomes)['committed'] ?? 0).toBeLessThanOrEqual(1);
      expect((countKinds(outcomes)['committed'] ?? 0) + (countKinds(outcomes)['conflict'] ?? 0)).toBe(20);
      for (let tries = 0; (await get(user))?.active !== true; tries += 1) {
        if (tries > 20) throw new Error('never active');
        const read = await get(user);
        if (read !== null) await update(storage, read, freed(read), { seat: 'take' });
      }
      await expectUsed(storage, organization, 1);
    });

    test('of 20 who insert one userName at once exactly one is stored', async () => {
      const organization = await openOrganization(storage, 20);
      const profile = { userName: 'Everybody' };
      const outcomes = await atOnce(20, () => insert(storage, makeUser(organization, { profile }), { seat: 'take' }));
      expect(countKinds(outcomes)).toEqual({ committed: 1, userNameTaken: 19 });
      await expectUsed(storage, organization, 1);
    });

    test('of 20 who insert one id at once exactly one is stored', async () => {
      const organization = await openOrganization(storage, 20);
      const { id } = makeUser(organization);
      const outcomes = await atOnce(20, () => insert(storage, makeUser(organization, { id })));
      expect(countKinds(outcomes)).toEqual({ committed: 1, conflict: 19 });
      expect(await storage.users.count(organization)).toBe(1);
    });

    test('whatever people do at once: never over, and exact when all is quiet', async () => {
      const action = fc.record({ who: fc.nat(7), what: fc.constantFrom('activate', 'lockOut', 'remove', 'rename') });
      const act = async (organization: OrganizationId, users: readonly User[], who: number, what: string) => {
        const known = users[who];
        const user = known === undefined ? null : await storage.users.get(organization, known.id);
        if (user === null) return;
        if (what === 'activate') {
          const { deletedAt: _restored, ...rest } = freed(user);
          await update(storage, user, { ...rest, active: true }, { seat: user.active ? 'keep' : 'take' });
        } else if (what === 'lockOut') await dismiss(storage, user);
        else if (what === 'remove') await update(storage, user, deleted(user), { seat: 'giveBack' });
        else await update(storage, user, { ...user, profile: { userName: `renamed ${who}` } });
      };
      const property = fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 30 }), async (actions) => {
        const organization = await openOrganization(storage, 3);
        const users = await Promise.all(
          Array.from({ length: 8 }, () => committed(insert(storage, held(makeUser(organization), 'admin')))),
        );
        const watch = { stop: false, over: 0 };
        const watcher = (async () => {
          while (!watch.stop) {
            const ledger = await storage.seats.read(organization);
            if (ledger === null || ledger.used > 3 || ledger.free < 0) watch.over += 1;
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        await Promise.all(actions.map(({ who, what }) => act(organization, users, who, what)));
        watch.stop = true;
        await watcher;
        await storage.seats.settle(Date.now() + 60_000);
        expect(watch.over).toBe(0);
        const all = await Promise.all(users.map((user) => storage.users.get(organization, user.id)));
        for (const user of all) expect(user?.seat).toBe(user?.active === true ? 'held' : 'none');
        await expectUsed(storage, organization, all.filter((user) => user?.active === true).length);
      });
      await fc.assert(property, { numRuns: runs(8, 100) });
    });
  });
}
