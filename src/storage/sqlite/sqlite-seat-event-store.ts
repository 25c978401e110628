// The history of seats on SQLite: a table of its own, because every coming and going of anybody writes a row that stays.

import type { SeatEvent } from '#directory/seat-history.ts';
import type { SeatEventStore } from '../seat-event-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

export function createSqliteSeatEventStore(connection: SqliteConnection): SeatEventStore {
  type Row = { id: string; body: string };
  const add = connection.prepare(
    `INSERT INTO seat_event (organization, id, day, user, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (organization, id) DO NOTHING`,
  );
  const ofDay = connection.prepare<Row>(
    'SELECT id, body FROM seat_event WHERE organization = ? AND day = ? AND id > ? ORDER BY id LIMIT 0 + ?',
  );
  const ofUser = connection.prepare<Row>(
    'SELECT id, body FROM seat_event WHERE organization = ? AND user = ? ORDER BY id DESC LIMIT 0 + ?',
  );
  const earliest = connection.prepare<Row>(
    'SELECT id, body FROM seat_event WHERE organization = ? ORDER BY id LIMIT 1',
  );
  const toEvent = ({ body }: Row): SeatEvent => JSON.parse(body) as SeatEvent;

  return {
    add: (organizationId, events) =>
      connection.write(() => {
        for (const { id, event } of events) {
          const user = 'userId' in event ? event.userId : null;
          add.run(organizationId, id, event.day, user, JSON.stringify(event));
        }
      }),
    async ofDay(organizationId, day, { after = '', limit }) {
      const rows = await connection.read(() => ofDay.all(organizationId, day, after, limit));
      return rows.map((row) => ({ id: row.id, event: toEvent(row) }));
    },
    async ofUser(organizationId, userId, limit) {
      return (await connection.read(() => ofUser.all(organizationId, userId, limit))).map(toEvent);
    },
    async earliest(organizationId) {
      const row = await connection.read(() => earliest.get(organizationId));
      return row === undefined ? null : toEvent(row);
    },
  };
}
