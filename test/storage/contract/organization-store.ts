/** Contract of storage/organization-store.ts and of the whole of storage/storage.ts: run against every adapter. */
import type { OrganizationId } from '#directory/identifiers.ts';
import { createLedger } from '#directory/seat.ts';
import type { Storage } from '#storage/storage.ts';
import { atOnce, makeEffect, makeOrganization, type OpenStorage, things } from './contract-world.ts';

export function describeOrganizationStore(open: OpenStorage): void {
  describe('organizations', () => {
    let storage: Storage;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());

    test('a fresh store is empty and answers a ping', async () => {
      expect(await storage.isEmpty()).toBe(true);
      await expect(storage.ping()).resolves.toBeUndefined();
    });

    test('an inserted organisation reads back as it was, with its ledger', async () => {
      const organization = makeOrganization({ name: '株式会社 𠮷野家 🍜', endsAt: 1_900_000_000_000 });
      expect(await storage.organizations.insert(organization, 10, [])).toBe(true);
      expect(await storage.organizations.get(organization.id)).toEqual(organization);
      expect(await storage.seats.read(organization.id)).toEqual(createLedger(10));
    });

    test('without a limit the ledger is unlimited', async () => {
      const organization = makeOrganization();
      await storage.organizations.insert(organization, null, []);
      expect(await storage.seats.read(organization.id)).toEqual(createLedger(null));
    });

    test('an unknown organisation and its ledger are null', async () => {
      const id = makeOrganization().id;
      expect(await storage.organizations.get(id)).toBeNull();
      expect(await storage.seats.read(id)).toBeNull();
    });

    test('a taken id is refused and changes neither organisation nor ledger', async () => {
      const organization = makeOrganization();
      await storage.organizations.insert(organization, 3, []);
      expect(await storage.organizations.insert({ ...organization, name: 'Other' }, 99, [])).toBe(false);
      expect(await storage.organizations.get(organization.id)).toEqual(organization);
      expect(await storage.seats.read(organization.id)).toEqual(createLedger(3));
    });

    test('of 20 who insert one id at once exactly one does', async () => {
      const organization = makeOrganization();
      const inserted = await atOnce(20, (n) =>
        storage.organizations.insert({ ...organization, name: `${n}` }, n + 1, []),
      );
      expect(inserted.filter(Boolean)).toHaveLength(1);
      const winner = inserted.indexOf(true);
      expect((await storage.organizations.get(organization.id))?.name).toBe(`${winner}`);
      expect(await storage.seats.read(organization.id)).toEqual(createLedger(winner + 1));
    });

    test('all are listed by id', async () => {
      for (const letter of ['c', 'a', 'b']) {
        const id = `listed-${letter}` as OrganizationId;
        await storage.organizations.insert(makeOrganization({ id }), 1, []);
      }
      const ids = (await storage.organizations.list()).map((organization) => organization.id);
      expect(ids.filter((id) => id.startsWith('listed-'))).toEqual(['listed-a', 'listed-b', 'listed-c']);
      expect(ids).toEqual([...ids].sort());
    });

    test('a replacement at the revision that was read is written, at any other refused', async () => {
      const organization = makeOrganization({ endsAt: 5 });
      await storage.organizations.insert(organization, 1, []);
      const { endsAt: _dropped, ...open } = organization;
      const next = { ...open, state: 'suspended' as const, revision: 2 };
      expect(await storage.organizations.replace(next, 1, [])).toBe(true);
      expect(await storage.organizations.get(organization.id)).toEqual(next);
      expect(await storage.organizations.replace({ ...next, name: 'late' }, 1, [])).toBe(false);
      expect(await storage.organizations.get(organization.id)).toEqual(next);
    });

    test('what an organisation may leave open reads back as it was set, and unset again', async () => {
      const plain = makeOrganization();
      const { id } = plain;
      await storage.organizations.insert(plain, 1, []);
      const contact = { text: 'IT', email: 'it@example.com' };
      const over = { seatPolicy: 'allowOver', overUntil: '2027-04-01' } as const;
      const hiddenWhileInactive = ['emails'] as const;
      const set = {
        ...plain,
        ...over,
        hiddenWhileInactive,
        endsAt: 5,
        contact,
        leaveSeat: 'keep',
        returnHour: 0,
        revision: 2,
      } as const;
      expect(await storage.organizations.replace(set, 1, [])).toBe(true);
      expect(await storage.organizations.get(id)).toEqual(set);
      const unset = { ...plain, revision: 3 };
      expect(await storage.organizations.replace(unset, 2, [])).toBe(true);
      expect(await storage.organizations.get(id)).toEqual(unset);
    });

    test('replacing an organisation that does not exist is refused', async () => {
      const organization = makeOrganization({ revision: 2 });
      expect(await storage.organizations.replace(organization, 1, [])).toBe(false);
      expect(await storage.organizations.get(organization.id)).toBeNull();
    });

    test('of 20 replacements at one revision exactly one is written, and only its effects', async () => {
      const organization = makeOrganization();
      await storage.organizations.insert(organization, 1, []);
      const effects = Array.from({ length: 20 }, () => makeEffect(organization.id));
      const written = await atOnce(20, (n) => {
        const effect = effects[n];
        const next = { ...organization, name: `${n}`, revision: 2 };
        return storage.organizations.replace(next, 1, effect === undefined ? [] : [effect]);
      });
      expect(written.filter(Boolean)).toHaveLength(1);
      const claimed = await storage.effects.claimDue(100, 60_000);
      const ids = claimed.flatMap((c) => c.effects.map((effect) => effect.id));
      expect(ids).toEqual([effects[written.indexOf(true)]?.id]);
    });

    test('a kind of record that was not announced is refused', () => {
      expect(() => storage.records({ ...things, name: 'neverAnnounced' })).toThrow(
        expect.objectContaining({ name: 'StorageError', code: 'incompatible' }),
      );
    });
  });
}
