/** Contract of storage/record-store.ts: plain records of two kinds, with their keys, their end and their effects. */
import type { OrganizationId } from '#directory/identifiers.ts';
import type { NewRecord, RecordPage, RecordStore } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import {
  atOnce,
  makeEffect,
  noon,
  openOrganization,
  type OpenStorage,
  otherThings,
  type Thing,
  things,
} from './contract-world.ts';

export function describeRecordStore(open: OpenStorage): void {
  describe('records', () => {
    let storage: Storage;
    let store: RecordStore<Thing>;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
      store = storage.records(things);
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, null);
    });
    const make = (value: Partial<Thing> = {}, over: Partial<NewRecord<Thing>> = {}): NewRecord<Thing> => ({
      id: randomUUID(),
      organizationId: organization,
      value: { colour: 'red', ...value },
      ...over,
    });
    const store1 = async (record: NewRecord<Thing>): Promise<NewRecord<Thing>> => {
      await store.insert(record);
      return record;
    };
    const list = async (page: Partial<RecordPage>, now = noon): Promise<string[]> => {
      const found = await store.list(organization, { limit: 100, ...page }, now);
      return found.map((record) => record.id);
    };
    const effectsWaiting = async (): Promise<string[]> => {
      const claimed = await storage.effects.claimDue(1_000, 60_000);
      return claimed.filter((c) => c.organizationId === organization).flatMap((c) => c.effects.map((e) => e.id));
    };

    test('a record reads back as it was, at revision 1', async () => {
      const more = { text: '𠮷 🍜 "quoted" \\ \n', nested: [1, 2.5, -0.25, null, true, { deep: [] }], big: 2 ** 52 };
      const record = await store1(make({ tags: ['a', 'b'], more }, { expiresAt: noon + 1 }));
      expect(await store.get(record.id, noon)).toEqual({ ...record, revision: 1 });
      const lasting = await store1(make());
      expect(await store.get(lasting.id, noon)).toEqual({ ...lasting, revision: 1 });
      expect(await store.get(randomUUID(), noon)).toBeNull();
    });

    test('a __proto__ key in a value never reaches a prototype', async () => {
      const more: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
      const record = await store1(make({ more }));
      const read = (await store.get(record.id, noon))?.value.more as object;
      expect(Object.hasOwn(read, 'polluted')).toBe(false);
      expect(Reflect.get(Object.getPrototypeOf(read) as object, 'polluted')).toBeUndefined();
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
      expect(Object.hasOwn(read, 'constructor')).toBe(true);
    });

    test('an id that exists is refused as a duplicate, expired or not, in any organisation', async () => {
      const duplicate = expect.objectContaining({ name: 'StorageError', code: 'duplicate' }) as Error;
      const record = await store1(make());
      await expect(store.insert({ ...record, value: { colour: 'blue' } }, [makeEffect(organization)])).rejects.toEqual(
        duplicate,
      );
      expect((await store.get(record.id, noon))?.value.colour).toBe('red');
      expect(await list({ key: 'colour=blue' })).toEqual([]);
      const expired = await store1(make({}, { expiresAt: 1 }));
      await expect(store.insert(expired)).rejects.toEqual(duplicate);
      const elsewhere = { ...record, organizationId: await openOrganization(storage, 1) };
      await expect(store.insert(elsewhere)).rejects.toEqual(duplicate);
      expect(await effectsWaiting()).toEqual([]);
    });

    test('inserted once, an id is taken; whoever comes later is told so and writes nothing, no effect either', async () => {
      const [record, effect] = [make({ tags: ['a'] }), makeEffect(organization)];
      const told = await atOnce(8, (index) =>
        store.insertOnce({ ...record, value: { ...record.value, more: index } }, index === 0 ? [effect] : []),
      );
      expect(told.filter(Boolean)).toHaveLength(1);
      expect(await store.get(record.id, noon)).toMatchObject({ revision: 1, value: { more: told.indexOf(true) } });
      expect(await effectsWaiting()).toEqual(told[0] === true ? [effect.id] : []);
      const blue = { ...record, value: { colour: 'blue' } };
      const elsewhere = { ...blue, organizationId: await openOrganization(storage, 1) };
      expect(await store.insertOnce(blue, [makeEffect(organization)])).toBe(false);
      expect(await store.insertOnce(elsewhere, [makeEffect(elsewhere.organizationId)])).toBe(false);
      expect([await list({ key: 'colour=blue' }), await effectsWaiting()]).toEqual([[], []]);
      const expired = await store1(make({}, { expiresAt: 1 }));
      expect(await store.insertOnce(expired)).toBe(false);
      await store.delete(record.id);
      expect(await store.insertOnce(blue)).toBe(true);
      expect((await store.get(record.id, noon))?.value.colour).toBe('blue');
    });

    test('kinds do not see each other', async () => {
      const record = await store1(make());
      const others = storage.records(otherThings);
      expect(await others.get(record.id, noon)).toBeNull();
      expect(await others.delete(record.id)).toBe(false);
      expect(await others.list(organization, { limit: 10 }, noon)).toEqual([]);
      await others.insert({ ...record, value: { colour: 'other' } });
      expect((await store.get(record.id, noon))?.value.colour).toBe('red');
      expect((await storage.records(things).get(record.id, noon))?.id).toBe(record.id);
    });

    test('a replacement at the revision that was read is written, at any other refused', async () => {
      const record = { ...(await store1(make({}, { expiresAt: noon + 5 }))), revision: 1 };
      const { expiresAt: _forever, ...rest } = record;
      expect(await store.replace({ ...rest, value: { colour: 'blue' } })).toBe(true);
      expect(await store.get(record.id, noon + 9)).toEqual({ ...rest, value: { colour: 'blue' }, revision: 2 });
      expect(await store.replace({ ...rest, value: { colour: 'late' } })).toBe(false);
      expect(await store.replace({ ...rest, revision: 2, expiresAt: noon + 7 })).toBe(true);
      expect(await store.get(record.id, noon + 7)).toBeNull();
      expect(await store.get(record.id, noon + 6)).toMatchObject({ revision: 3, expiresAt: noon + 7 });
    });

    test('a replacement of what is gone is refused and brings nothing back', async () => {
      const record = { ...(await store1(make())), revision: 1 };
      expect(await store.delete(record.id)).toBe(true);
      expect(await store.replace(record, [makeEffect(organization)])).toBe(false);
      expect(await store.get(record.id, noon)).toBeNull();
      expect(await effectsWaiting()).toEqual([]);
    });

    test('of 30 replacements at one revision exactly one is written', async () => {
      const record = { ...(await store1(make())), revision: 1 };
      const written = await atOnce(30, (n) => store.replace({ ...record, value: { colour: `${n}` } }));
      expect(written.filter(Boolean)).toHaveLength(1);
      expect((await store.get(record.id, noon))?.value.colour).toBe(`${written.indexOf(true)}`);
    });

    test('of 20 who take one record exactly one gets it, whole', async () => {
      const record = await store1(make({ tags: ['once'] }, { expiresAt: noon + 1 }));
      const taken = (await atOnce(20, () => store.take(record.id, noon))).filter((found) => found !== null);
      expect(taken).toEqual([{ ...record, revision: 1 }]);
      expect(await store.get(record.id, noon)).toBeNull();
      expect(await list({ key: 'tag=once' })).toEqual([]);
    });

    test('an expired record is not taken, found, or listed', async () => {
      const record = await store1(make({ tags: ['late'] }, { expiresAt: noon }));
      expect(await store.get(record.id, noon)).toBeNull();
      expect(await list({ key: 'tag=late' })).toEqual([]);
      expect(await list({})).toEqual([]);
      expect(await store.take(record.id, noon)).toBeNull();
      const living = await store1(make({}, { expiresAt: noon + 1 }));
      expect((await store.take(living.id, noon))?.id).toBe(living.id);
    });

    test('of 20 who delete one record exactly one did', async () => {
      const record = await store1(make({ tags: ['gone'] }));
      expect((await atOnce(20, () => store.delete(record.id))).filter(Boolean)).toHaveLength(1);
      expect(await list({ key: 'tag=gone' })).toEqual([]);
      await store.insert(record);
      expect(await store.get(record.id, noon)).toEqual({ ...record, revision: 1 });
    });

    test('records are listed by key and by organisation in order of id, forwards and backwards', async () => {
      const ids = ['d', 'b', 'a', 'c', 'e'];
      const name = (letter: string): string => `${organization}/${letter}`;
      for (const letter of ids) {
        await store1(make({ colour: letter === 'c' ? 'blue' : 'red', tags: ['x', letter, 'x'] }, { id: name(letter) }));
      }
      const all = ['a', 'b', 'c', 'd', 'e'].map(name);
      const red = ['a', 'b', 'd', 'e'].map(name);
      expect(await list({})).toEqual(all);
      expect(await list({ newestFirst: true })).toEqual([...all].reverse());
      expect(await list({ key: 'colour=red' })).toEqual(red);
      expect(await list({ key: 'tag=x' })).toEqual(all);
      expect(await list({ key: 'tag=c' })).toEqual([name('c')]);
      expect(await list({ key: 'tag=' })).toEqual([]);
      expect(await list({ key: 'colour=red', limit: 2 })).toEqual(red.slice(0, 2));
      expect(await list({ key: 'colour=red', limit: 2, after: name('b') })).toEqual(red.slice(2));
      expect(await list({ key: 'colour=red', limit: 2, after: name('c') })).toEqual(red.slice(2));
      expect(await list({ limit: 2, newestFirst: true })).toEqual([name('e'), name('d')]);
      expect(await list({ limit: 2, newestFirst: true, after: name('d') })).toEqual([name('c'), name('b')]);
      expect(await list({ key: 'colour=red', newestFirst: true, after: name('d') })).toEqual([name('b'), name('a')]);
      expect(await list({ limit: 0 })).toEqual([]);
      expect(await list({ limit: 2, offset: 3 })).toEqual(all.slice(3, 5));
      expect(await list({ key: 'colour=red', limit: 2, offset: 1 })).toEqual(red.slice(1, 3));
      expect(await list({ key: 'colour=red', limit: 2, after: name('a'), offset: 1 })).toEqual(red.slice(2, 4));
      expect(await list({ limit: 2, newestFirst: true, offset: 4 })).toEqual([name('a')]);
      const elsewhere = await openOrganization(storage, 1);
      expect(await store.list(elsewhere, { key: 'colour=red', limit: 10 }, noon)).toEqual([]);
    });

    test('several are read by their ids at once: unknown, expired and other kinds’ ones are left out', async () => {
      const records = [make(), make({ colour: 'blue' }), make({}, { expiresAt: noon })];
      for (const record of records) await store1(record);
      const other = make();
      await storage.records(otherThings).insert(other);
      const ids = [...records.map(({ id }) => id), randomUUID(), other.id, 'no id', `{"$ne":""}`];
      const found = await store.getMany(ids, noon);
      const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
      expect(found.toSorted(byId)).toEqual(
        records
          .slice(0, 2)
          .map((record) => ({ ...record, revision: 1 }))
          .toSorted(byId),
      );
      expect(await store.getMany([], noon)).toEqual([]);
    });

    test('expired records take no place on a page', async () => {
      const name = (n: number): string => `${organization}/${n}`;
      for (let n = 0; n < 6; n += 1) await store1(make({}, { id: name(n), expiresAt: n % 2 === 0 ? noon : noon + 1 }));
      expect(await list({ limit: 2 })).toEqual([name(1), name(3)]);
      expect(await list({ limit: 2, key: 'colour=red' })).toEqual([name(1), name(3)]);
    });

    test('keys follow the value', async () => {
      const record = { ...(await store1(make({ tags: ['before', 'both'] }))), revision: 1 };
      await store.replace({ ...record, value: { colour: 'blue', tags: ['both', 'after'] } });
      expect(await list({ key: 'tag=before' })).toEqual([]);
      expect(await list({ key: 'colour=red' })).toEqual([]);
      for (const key of ['tag=both', 'tag=after', 'colour=blue']) expect(await list({ key })).toEqual([record.id]);
    });

    test('a sweep deletes expired records of its kind, so many at a time', async () => {
      await store.deleteExpired(noon + 100, 10_000);
      const others = storage.records(otherThings);
      const foreign = make({}, { expiresAt: noon });
      await others.insert(foreign);
      const ends = [noon - 1, noon, noon, noon + 1, undefined];
      const records = ends.map((expiresAt) => make({}, expiresAt === undefined ? {} : { expiresAt }));
      for (const record of records) await store1(record);
      expect(await store.deleteExpired(noon, 2)).toBe(2);
      expect(await store.deleteExpired(noon, 2)).toBe(1);
      expect(await store.deleteExpired(noon, 2)).toBe(0);
      expect(await list({})).toEqual(
        records
          .slice(3)
          .map((record) => record.id)
          .sort(),
      );
      expect((await others.get(foreign.id, noon - 1))?.id).toBe(foreign.id);
      const first = records[0];
      if (first !== undefined) await store.insert({ ...first, expiresAt: noon + 1 });
      expect(await list({})).toHaveLength(3);
    });

    test('effects are stored with an insert and with a replacement that is written, and with no other', async () => {
      const effects = Array.from({ length: 4 }, () => makeEffect(organization));
      const [first, second, late, extra] = effects;
      if (!first || !second || !late || !extra) throw new Error('unreachable');
      const record = { ...make(), revision: 1 };
      const { revision: _none, ...fresh } = record;
      await store.insert(fresh, [first]);
      expect(await store.replace(record, [second, extra])).toBe(true);
      expect(await store.replace(record, [late])).toBe(false);
      expect(await effectsWaiting()).toEqual([first.id, second.id, extra.id]);
    });

    test('a kind that carries no effects refuses them, and stores nothing', async () => {
      const others = storage.records(otherThings);
      const record = make();
      await expect(others.insert(record, [makeEffect(organization)])).rejects.toThrow(TypeError);
      expect(await others.get(record.id, noon)).toBeNull();
      await others.insert(record, []);
      const stored = { ...record, revision: 1 };
      await expect(others.replace(stored, [makeEffect(organization)])).rejects.toThrow(TypeError);
      expect(await others.get(record.id, noon)).toEqual(stored);
    });

    test('effects outlive the record: deleted, taken or expired before the relay came', async () => {
      const effects = Array.from({ length: 3 }, () => makeEffect(organization));
      const records = effects.map(() => make({}, { expiresAt: noon + 1 }));
      const [deleted, taken, expired] = records;
      if (!deleted || !taken || !expired) throw new Error('unreachable');
      for (const [n, record] of records.entries()) await store.insert(record, effects.slice(n, n + 1));
      expect(await store.delete(deleted.id)).toBe(true);
      expect((await store.take(taken.id, noon))?.id).toBe(taken.id);
      await store.deleteExpired(noon + 1, 10_000);
      for (const record of records) expect(await store.get(record.id, noon)).toBeNull();
      expect(await list({})).toEqual([]);
      const claimed = (await storage.effects.claimDue(1_000, 60_000)).filter((c) => c.organizationId === organization);
      expect(claimed.flatMap((c) => c.effects.map((e) => e.id)).sort()).toEqual(effects.map((e) => e.id).sort());
      for (const claim of claimed)
        await storage.effects.complete(
          claim,
          claim.effects.map((effect) => effect.id),
        );
      for (const record of records) {
        expect(await store.get(record.id, noon)).toBeNull();
        expect(await store.delete(record.id)).toBe(false);
      }
    });

    test('effects change no revision of the record', async () => {
      const record = { ...make(), revision: 1 };
      const { revision: _none, ...fresh } = record;
      await store.insert(fresh, [makeEffect(organization)]);
      for (const claim of await storage.effects.claimDue(1_000, 60_000)) {
        await storage.effects.complete(
          claim,
          claim.effects.map((effect) => effect.id),
        );
      }
      expect(await store.get(record.id, noon)).toEqual(record);
      expect(await store.replace({ ...record, value: { colour: 'blue' } })).toBe(true);
    });
  });
}
