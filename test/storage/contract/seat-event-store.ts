/** Contract of storage/seat-event-store.ts: every step once, by its day and by its person. */
import { createTimeOrderedId, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import type { SeatEvent } from '#directory/seat-history.ts';
import type { StoredSeatEvent } from '#storage/seat-event-store.ts';
import type { Storage } from '#storage/storage.ts';
import { randomBytes } from 'node:crypto';
import { nextUserId, noon, openOrganization, type OpenStorage } from './contract-world.ts';

/** Somebody took a seat at noon. */
export function makeSeatEvent(userId: UserId, over: Partial<SeatEvent> = {}): SeatEvent {
  const taken = { kind: 'taken', userId, userName: 'åoki 🍜', cause: 'user.created', by: 'scim:okta' } as const;
  return { ...taken, at: noon, day: '2026-04-01', first: true, ...over } as SeatEvent;
}

export function describeSeatEventStore(open: OpenStorage): void {
  describe('the history of seats', () => {
    let storage: Storage;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, null);
    });
    let at = noon;
    const stored = (event: SeatEvent): StoredSeatEvent => ({
      id: createTimeOrderedId((at += 1), (size) => randomBytes(size)),
      event,
    });
    const contract: SeatEvent = { kind: 'contract', licensed: null, over: 0, at: noon, day: '2026-04-02' };

    test('where nothing was told, there is nothing', async () => {
      expect(await storage.seatEvents.earliest(organization)).toBeNull();
      expect(await storage.seatEvents.ofDay(organization, '2026-04-01', { limit: 10 })).toEqual([]);
      expect(await storage.seatEvents.ofUser(organization, nextUserId(), 10)).toEqual([]);
      await storage.seatEvents.add(organization, []);
      expect(await storage.seatEvents.earliest(organization)).toBeNull();
    });

    test('steps come back whole: by their day in their order, a page at a time; by their person, the latest first', async () => {
      const [aoki, baba] = [nextUserId(), nextUserId()];
      const given = { kind: 'given', day: '2026-04-02', at: noon + 5 } as const;
      const steps = [
        stored(makeSeatEvent(aoki)),
        stored(makeSeatEvent(baba)),
        stored(contract),
        stored(makeSeatEvent(aoki, given)),
      ];
      await storage.seatEvents.add(organization, steps.slice(2));
      await storage.seatEvents.add(organization, steps.slice(0, 2));
      expect(await storage.seatEvents.ofDay(organization, '2026-04-01', { limit: 10 })).toEqual(steps.slice(0, 2));
      expect(await storage.seatEvents.ofDay(organization, '2026-04-02', { limit: 1 })).toEqual(steps.slice(2, 3));
      const after = steps[2]?.id ?? '';
      expect(await storage.seatEvents.ofDay(organization, '2026-04-02', { after, limit: 9 })).toEqual(steps.slice(3));
      expect(await storage.seatEvents.ofDay(organization, '2026-04-03', { limit: 10 })).toEqual([]);
      expect(await storage.seatEvents.ofUser(organization, aoki, 10)).toEqual([steps[3]?.event, steps[0]?.event]);
      expect(await storage.seatEvents.ofUser(organization, aoki, 1)).toEqual([steps[3]?.event]);
      expect(await storage.seatEvents.earliest(organization)).toEqual(steps[0]?.event);
    });

    test('a step that is told again, alone or among others, is kept once and as it was', async () => {
      const [aoki, baba] = [nextUserId(), nextUserId()];
      const [first, second] = [stored(makeSeatEvent(aoki)), stored(makeSeatEvent(baba))];
      await storage.seatEvents.add(organization, [first]);
      const changed = { ...first, event: makeSeatEvent(aoki, { day: '2026-04-09' }) };
      await storage.seatEvents.add(organization, [changed, second]);
      expect(await storage.seatEvents.ofDay(organization, '2026-04-01', { limit: 10 })).toEqual([first, second]);
      expect(await storage.seatEvents.ofDay(organization, '2026-04-09', { limit: 10 })).toEqual([]);
    });

    test('no organisation sees the steps of another', async () => {
      const aoki = nextUserId();
      const other = await openOrganization(storage, null);
      const step = stored(makeSeatEvent(aoki));
      await storage.seatEvents.add(other, [step]);
      expect(await storage.seatEvents.earliest(organization)).toBeNull();
      expect(await storage.seatEvents.ofDay(organization, '2026-04-01', { limit: 10 })).toEqual([]);
      expect(await storage.seatEvents.ofUser(organization, aoki, 10)).toEqual([]);
      expect(await storage.seatEvents.ofUser(other, aoki, 10)).toEqual([step.event]);
    });
  });
}
