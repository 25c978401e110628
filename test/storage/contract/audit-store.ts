/** Contract of storage/audit-store.ts: one entry per number and per event, read in order. */
import type { OrganizationId } from '#directory/identifiers.ts';
import type { AuditEntry } from '#storage/audit-store.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import { atOnce, noon, openOrganization, type OpenStorage } from './contract-world.ts';

export function describeAuditStore(open: OpenStorage): void {
  describe('audit', () => {
    let storage: Storage;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, 1);
    });
    const make = (seq: number, over: Partial<AuditEntry> = {}): AuditEntry => ({
      organizationId: organization,
      seq,
      at: noon + seq,
      eventId: randomUUID(),
      event: {
        action: 'user.changed',
        level: 'important',
        actor: 'connection:entra',
        mouth: 'scimPatch',
        target: { kind: 'user', id: 'u1', name: '𠮷田' },
        before: { active: true, nested: { list: [1, 2.5, null] } },
        after: { active: false },
        reason: 'left "for good" \\ 🍜',
      },
      prevHash: seq === 1 ? '0'.repeat(64) : `${seq - 1}`.padStart(64, 'a'),
      hash: `${seq}`.padStart(64, 'a'),
      ...over,
    });
    const seqs = async (page: { after?: number; limit: number; newestFirst?: boolean }): Promise<number[]> =>
      (await storage.audit.list(organization, page)).map((entry) => entry.seq);

    test('an empty chain has no last entry', async () => {
      expect(await storage.audit.last(organization)).toBeNull();
      expect(await seqs({ limit: 10 })).toEqual([]);
    });

    test('an entry reads back as it was written, key by key', async () => {
      const entry = make(1);
      expect(await storage.audit.insert(entry)).toBe('inserted');
      expect(await storage.audit.last(organization)).toEqual(entry);
      const [read] = await storage.audit.list(organization, { limit: 1 });
      expect(JSON.stringify(read?.event)).toBe(JSON.stringify(entry.event));
    });

    test('a number is used once', async () => {
      const entry = make(1);
      await storage.audit.insert(entry);
      expect(await storage.audit.insert(make(1))).toBe('seqTaken');
      expect(await storage.audit.list(organization, { limit: 10 })).toEqual([entry]);
    });

    test('an event is written once, under whatever number it comes again', async () => {
      const entry = make(1);
      await storage.audit.insert(entry);
      expect(await storage.audit.insert(make(2, { eventId: entry.eventId }))).toBe('eventKnown');
      expect(await storage.audit.insert(entry)).toBe('eventKnown');
      await storage.audit.insert(make(2));
      expect(await storage.audit.insert(make(2, { eventId: entry.eventId }))).toBe('eventKnown');
      expect(await seqs({ limit: 10 })).toEqual([1, 2]);
    });

    test('several are inserted in their order, up to the first that cannot be', async () => {
      const entries = [1, 2, 3].map((seq) => make(seq));
      expect(await storage.audit.insertInOrder([])).toBe(0);
      expect(await storage.audit.insertInOrder(entries)).toBe(3);
      expect(await storage.audit.list(organization, { limit: 10 })).toEqual(entries);
      const known = make(5, { eventId: entries[0]?.eventId ?? '' });
      expect(await storage.audit.insertInOrder([make(4), known, make(6)])).toBe(1);
      expect(await storage.audit.insertInOrder([make(4), make(5)])).toBe(0);
      expect(await seqs({ limit: 10 })).toEqual([1, 2, 3, 4]);
    });

    test('entries come in order of their number, forwards and backwards', async () => {
      for (let seq = 1; seq <= 12; seq += 1) await storage.audit.insert(make(seq));
      expect(await seqs({ limit: 100 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(await seqs({ limit: 2 })).toEqual([1, 2]);
      expect(await seqs({ limit: 3, after: 9 })).toEqual([10, 11, 12]);
      expect(await seqs({ limit: 3, after: 12 })).toEqual([]);
      expect(await seqs({ limit: 3, newestFirst: true })).toEqual([12, 11, 10]);
      expect(await seqs({ limit: 3, newestFirst: true, after: 3 })).toEqual([2, 1]);
      expect(await seqs({ limit: 0 })).toEqual([]);
      expect((await storage.audit.last(organization))?.seq).toBe(12);
    });

    test('organisations have chains of their own', async () => {
      const entry = make(1);
      await storage.audit.insert(entry);
      const other = await openOrganization(storage, 1);
      expect(await storage.audit.last(other)).toBeNull();
      expect(await storage.audit.insert({ ...entry, organizationId: other })).toBe('inserted');
      expect(await storage.audit.list(other, { limit: 10 })).toEqual([{ ...entry, organizationId: other }]);
      expect(await storage.audit.list(organization, { limit: 10 })).toEqual([entry]);
    });

    test('20 who append at once, each trying again, leave a chain without a gap', async () => {
      await atOnce(20, async () => {
        const eventId = randomUUID();
        for (;;) {
          const seq = ((await storage.audit.last(organization))?.seq ?? 0) + 1;
          if ((await storage.audit.insert(make(seq, { eventId }))) !== 'seqTaken') return;
        }
      });
      expect(await seqs({ limit: 100 })).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    });

    test('of 20 who write one event at once exactly one does', async () => {
      const eventId = randomUUID();
      const outcomes = await atOnce(20, (n) => storage.audit.insert(make(n + 1, { eventId })));
      expect(outcomes.filter((outcome) => outcome === 'inserted')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'eventKnown')).toHaveLength(19);
    });
  });
}
