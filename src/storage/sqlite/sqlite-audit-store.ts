// The audit chain on SQLite: an entry is stored as the text it was written as, so that its hash can be computed again.

import type { AuditEntry, AuditStore } from '../audit-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

export function createSqliteAuditStore(connection: SqliteConnection): AuditStore {
  type Row = { body: string };
  const last = connection.prepare<Row>('SELECT body FROM audit WHERE organization = ? ORDER BY seq DESC LIMIT 1');
  const oldest = connection.prepare<Row>(
    'SELECT body FROM audit WHERE organization = ? AND seq > ? ORDER BY seq LIMIT 0 + ?',
  );
  const newest = connection.prepare<Row>(
    'SELECT body FROM audit WHERE organization = ? AND seq < ? ORDER BY seq DESC LIMIT 0 + ?',
  );
  const ofEvent = connection.prepare<{ seq: number }>('SELECT seq FROM audit WHERE organization = ? AND event_id = ?');
  const insert = connection.prepare(
    `INSERT INTO audit (organization, seq, event_id, body) VALUES (?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const toEntry = (row: Row): AuditEntry => JSON.parse(row.body) as AuditEntry;

  const insertOne = (entry: AuditEntry): 'inserted' | 'seqTaken' | 'eventKnown' => {
    const { organizationId, seq, eventId } = entry;
    if (insert.run(organizationId, seq, eventId, JSON.stringify(entry)) > 0) return 'inserted';
    return ofEvent.get(organizationId, eventId) === undefined ? 'seqTaken' : 'eventKnown';
  };

  return {
    async last(organizationId) {
      const row = await connection.read(() => last.get(organizationId));
      return row === undefined ? null : toEntry(row);
    },
    insert: (entry) => connection.write(() => insertOne(entry)),
    insertInOrder: (entries) =>
      connection.write(() => {
        const refused = entries.findIndex((entry) => insertOne(entry) !== 'inserted');
        return refused === -1 ? entries.length : refused;
      }),
    async list(organizationId, { after, limit, newestFirst }) {
      const rows = await connection.read(() =>
        newestFirst === true
          ? newest.all(organizationId, after ?? Number.MAX_SAFE_INTEGER, limit)
          : oldest.all(organizationId, after ?? 0, limit),
      );
      return rows.map(toEntry);
    },
  };
}
