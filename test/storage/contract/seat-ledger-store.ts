/** Contract of storage/seat-ledger-store.ts. Taking and giving back is in user-commit.ts; crashes between steps are each adapter's own tests. */
import type { OrganizationId } from '#directory/identifiers.ts';
import { createLedger, unlimitedFree } from '#directory/seat.ts';
import type { Storage } from '#storage/storage.ts';
import {
  atOnce,
  committed,
  deleted,
  dismiss,
  expectUsed,
  hire,
  insert,
  makeEffect,
  makeUser,
  nextUserId,
  openOrganization,
  type OpenStorage,
  update,
} from './contract-world.ts';

/** Makes the ledger untrue behind the port's back: `used` rises by `by` and `free` falls by it. */
export type BreakLedger = (storage: Storage, organizationId: OrganizationId, by: number) => Promise<void>;

export function describeSeatLedgerStore(open: OpenStorage, breakLedger: BreakLedger): void {
  describe('seats', () => {
    let storage: Storage;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    const effectsWaiting = async (organization: OrganizationId): Promise<string[]> => {
      const claimed = await storage.effects.claimDue(1_000, 60_000);
      return claimed.filter((c) => c.organizationId === organization).flatMap((c) => c.effects.map((e) => e.id));
    };
    const unexpected = (): never => {
      throw new Error('no repair was due');
    };

    test('the ledger of an unknown organisation is null', async () => {
      expect(await storage.seats.read(nextUserId() as string as OrganizationId)).toBeNull();
    });

    test('a contract changes only what it names, and carries its effects', async () => {
      const organization = await openOrganization(storage, 10);
      await hire(storage, organization);
      const effect = makeEffect(organization, 'seats.changed');
      const outcome = await storage.seats.changeContract(organization, { licensed: 12 }, () => [effect]);
      const ledger = { ...createLedger(12), used: 1, free: 11 };
      expect(outcome).toEqual({ kind: 'changed', ledger });
      expect(await storage.seats.read(organization)).toEqual(ledger);
      await storage.seats.changeContract(organization, { over: 3 }, () => []);
      expect(await storage.seats.read(organization)).toEqual({ ...ledger, over: 3 });
      expect(await effectsWaiting(organization)).toEqual([effect.id]);
    });

    test('licensed seats fall to the number in use and no further; then nothing is written', async () => {
      const organization = await openOrganization(storage, 10);
      for (let n = 0; n < 4; n += 1) await hire(storage, organization);
      const lower = (licensed: number) =>
        storage.seats.changeContract(organization, { licensed, over: 0 }, () => [makeEffect(organization)]);
      expect(await lower(3)).toEqual({ kind: 'belowUse', over: 1 });
      expect(await lower(0)).toEqual({ kind: 'belowUse', over: 4 });
      expect(await storage.seats.read(organization)).toEqual({ ...createLedger(10), used: 4, free: 6 });
      expect(await effectsWaiting(organization)).toEqual([]);
      expect((await lower(4)).kind).toBe('changed');
      await expectUsed(storage, organization, 4);
    });

    test('what may be over is granted and taken away like licensed seats', async () => {
      const organization = await openOrganization(storage, 1);
      await storage.seats.changeContract(organization, { over: 2 }, () => []);
      for (let n = 0; n < 3; n += 1) await hire(storage, organization);
      expect(await storage.seats.read(organization)).toMatchObject({ used: 3, free: -2 });
      expect(await storage.seats.changeContract(organization, { over: 0 }, () => [])).toEqual({
        kind: 'belowUse',
        over: 2,
      });
      expect(await storage.seats.changeContract(organization, { over: 0, licensed: 3 }, () => [])).toMatchObject({
        kind: 'changed',
        ledger: { used: 3, free: 0, over: 0 },
      });
    });

    test('a reduction below use cuts nobody off, gives nobody a seat, and is met as seats are given back', async () => {
      const organization = await openOrganization(storage, 5);
      const people = [];
      for (let n = 0; n < 4; n += 1) people.push(await hire(storage, organization));
      const reduce = (licensed: number, rule?: { evenBelowUse: true }) =>
        storage.seats.changeContract(organization, { licensed }, () => [], rule);
      expect(await reduce(2)).toEqual({ kind: 'belowUse', over: 2 });
      expect(await reduce(2, { evenBelowUse: true })).toMatchObject({
        kind: 'changed',
        ledger: { licensed: 2, used: 4, free: -2 },
      });
      await expectUsed(storage, organization, 4);
      const take = async () => (await insert(storage, makeUser(organization), { seat: 'take' })).kind;
      for (const person of people.slice(0, 2)) {
        expect(await take()).toBe('noSeat');
        await committed(dismiss(storage, person));
      }
      expect(await take()).toBe('noSeat');
      expect(await storage.seats.read(organization)).toMatchObject({ licensed: 2, used: 2, free: 0 });
      expect(await reduce(1)).toEqual({ kind: 'belowUse', over: 1 });
      expect((await storage.seats.recount(organization, unexpected)).outcome).toBe('exact');
      await reduce(1, { evenBelowUse: true });
      // More than now, though still less than are used.
      await committed(update(storage, people[3]!, people[3]!, { seat: 'keep' }));
      expect(await reduce(3)).toMatchObject({ ledger: { licensed: 3, used: 2, free: 1 } });
      expect(await take()).toBe('committed');
    });

    test('an unlimited contract may become limited and unlimited again', async () => {
      const organization = await openOrganization(storage, null);
      await hire(storage, organization);
      await hire(storage, organization);
      const change = (licensed: number | null) => storage.seats.changeContract(organization, { licensed }, () => []);
      expect(await change(1)).toEqual({ kind: 'belowUse', over: 1 });
      expect(await change(2)).toMatchObject({ kind: 'changed', ledger: { licensed: 2, used: 2, free: 0 } });
      expect((await insert(storage, makeUser(organization), { seat: 'take' })).kind).toBe('noSeat');
      expect(await change(null)).toMatchObject({ ledger: { licensed: null, used: 2, free: unlimitedFree - 2 } });
      await hire(storage, organization);
      await expectUsed(storage, organization, 3);
    });

    test('a contract that falls while people are hired: never over, and one of the two gives way', async () => {
      const organization = await openOrganization(storage, 10);
      const [outcomes, contract] = await Promise.all([
        atOnce(10, () => insert(storage, makeUser(organization), { seat: 'take' })),
        storage.seats.changeContract(organization, { licensed: 5 }, () => []),
      ]);
      const hired = outcomes.filter((outcome) => outcome.kind === 'committed').length;
      if (contract.kind === 'changed') expect(hired).toBe(5);
      else expect(hired).toBeGreaterThan(5);
      const ledger = await storage.seats.read(organization);
      expect(ledger?.free).toBeGreaterThanOrEqual(0);
      await expectUsed(storage, organization, hired);
    });

    test('20 contracts at once leave one of them whole', async () => {
      const organization = await openOrganization(storage, 1);
      await hire(storage, organization);
      await atOnce(20, (n) => storage.seats.changeContract(organization, { licensed: n + 1, over: n }, () => []));
      const ledger = await storage.seats.read(organization);
      expect(ledger?.licensed).toBe((ledger?.over ?? 0) + 1);
      await expectUsed(storage, organization, 1);
    });

    test('organisations do not share seats', async () => {
      const [one, two] = [await openOrganization(storage, 1), await openOrganization(storage, 1)];
      await hire(storage, one);
      await expectUsed(storage, two, 0);
      await hire(storage, two);
      await expectUsed(storage, one, 1);
      await expectUsed(storage, two, 1);
    });

    test('a recount of a true ledger finds no drift and writes nothing', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      await committed(dismiss(storage, await hire(storage, organization)));
      await committed(update(storage, user, { ...deleted(user), seat: 'held' }));
      const ledger = { ...createLedger(5), used: 1, free: 4 };
      expect(await storage.seats.recount(organization, unexpected)).toEqual({ drift: 0, outcome: 'exact', ledger });
      expect(await storage.seats.read(organization)).toEqual(ledger);
    });

    test.each([
      [2, 5],
      [-1, 5],
      [2, null],
    ])(
      'a ledger that is off by %d of %s is repaired, and the effects of the repair are stored',
      async (by, licensed) => {
        const organization = await openOrganization(storage, licensed);
        await hire(storage, organization);
        await hire(storage, organization);
        const other = await openOrganization(storage, 5);
        await hire(storage, other);
        await breakLedger(storage, organization, by);
        const effect = makeEffect(organization, 'seats.recounted');
        const drifts: number[] = [];
        const outcome = await storage.seats.recount(organization, (drift) => {
          drifts.push(drift);
          return [effect];
        });
        const ledger = { ...createLedger(licensed), used: 2, free: (licensed ?? unlimitedFree) - 2 };
        expect(outcome).toEqual({ drift: by, outcome: 'repaired', ledger });
        expect(drifts).toEqual([by]);
        expect(await effectsWaiting(organization)).toEqual([effect.id]);
        await expectUsed(storage, organization, 2);
        await expectUsed(storage, other, 1);
        expect((await storage.seats.recount(organization, unexpected)).outcome).toBe('exact');
      },
    );

    test('recounts while people come and go neither lose nor invent a seat', async () => {
      const organization = await openOrganization(storage, 20);
      const staff = await atOnce(10, () => hire(storage, organization));
      const [recounts] = await Promise.all([
        atOnce(10, () => storage.seats.recount(organization, () => [])),
        atOnce<unknown>(10, (n) => {
          const user = staff[n];
          return user === undefined || n % 2 === 0 ? hire(storage, organization) : dismiss(storage, user);
        }),
      ]);
      for (const recount of recounts) expect(recount.outcome === 'repaired').toBe(false);
      await expectUsed(storage, organization, 10);
      expect(await storage.seats.recount(organization, unexpected)).toMatchObject({ drift: 0, outcome: 'exact' });
    });

    test('settling when nothing is under way changes nothing', async () => {
      const organization = await openOrganization(storage, 5);
      const user = await hire(storage, organization);
      expect(await storage.seats.settle(Date.now() + 60_000)).not.toContain(organization);
      expect(await storage.users.get(organization, user.id)).toEqual(user);
      await expectUsed(storage, organization, 1);
    });
  });
}
