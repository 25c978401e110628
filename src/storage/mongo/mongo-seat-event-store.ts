// The history of seats on MongoDB: records of a kind of their own.

import type { SeatEvent } from '#directory/seat-history.ts';
import type { RecordKind, RecordStore } from '../record-store.ts';
import type { SeatEventStore } from '../seat-event-store.ts';

export const seatEventRecords: RecordKind<SeatEvent> = {
  name: 'seatEvent',
  keysOf: (event) => [`day=${event.day}`, ...('userId' in event ? [`user=${event.userId}`] : [])],
};

export function createSeatEventStore(records: RecordStore<SeatEvent>): SeatEventStore {
  return {
    async add(organizationId, events) {
      await Promise.all(events.map(({ id, event }) => records.insertOnce({ id, organizationId, value: event })));
    },
    async ofDay(organizationId, day, { after, limit }) {
      const page = { key: `day=${day}`, ...(after === undefined ? {} : { after }), limit };
      return (await records.list(organizationId, page, 0)).map(({ id, value }) => ({ id, event: value }));
    },
    async ofUser(organizationId, userId, limit) {
      const page = { key: `user=${userId}`, newestFirst: true, limit };
      return (await records.list(organizationId, page, 0)).map(({ value }) => value);
    },
    async earliest(organizationId) {
      return (await records.list(organizationId, { limit: 1 }, 0))[0]?.value ?? null;
    },
  };
}
