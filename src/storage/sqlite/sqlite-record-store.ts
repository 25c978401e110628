// Plain records on SQLite: one table for all kinds, with a side table for the keys they are listed by.

import type { OrganizationId } from '#directory/identifiers.ts';
import {
  assertMayCarry,
  type RecordKind,
  type RecordPage,
  type RecordStore,
  type StoredRecord,
} from '../record-store.ts';
import { StorageError } from '../storage-error.ts';
import { type AddEffects, effectSource } from './sqlite-effect-outbox.ts';
import type { RecentRecords } from './sqlite-recent-records.ts';
import type { SqliteConnection, SqliteStatement } from './sqlite-transaction.ts';

interface Row {
  readonly row: number;
  readonly id: string;
  readonly organization: OrganizationId;
  readonly revision: number;
  readonly expires_at: number | null;
  readonly body: string;
}

const recordColumns = 'record.row, record.id, record.organization, record.revision, record.expires_at, record.body';

/** The statements, prepared once for all kinds. */
export type RecordStatements = ReturnType<typeof prepareRecordStatements>;

export function prepareRecordStatements(connection: SqliteConnection) {
  const columns = recordColumns;
  const unexpired = '(expires_at IS NULL OR expires_at > ?)';
  const ofOrganization = (order: string): SqliteStatement<Row> =>
    connection.prepare(
      `SELECT ${columns} FROM record WHERE kind = ? AND organization = ? AND id ${order} AND ${unexpired}
       ORDER BY id ${order.startsWith('<') ? 'DESC' : 'ASC'} LIMIT 0 + ? OFFSET ?`,
    );
  const ofKey = (order: string): SqliteStatement<Row> =>
    connection.prepare(
      `SELECT ${columns} FROM record_key JOIN record ON record.row = record_key.record
       WHERE record_key.kind = ? AND record_key.organization = ? AND key = ? AND record_key.id ${order} AND ${unexpired}
       ORDER BY record_key.id ${order.startsWith('<') ? 'DESC' : 'ASC'} LIMIT 0 + ? OFFSET ?`,
    );
  // In SQLite's order every text is less than every blob: x'' stands for "from the end".
  const [after, before] = [`> coalesce(?, '')`, `< coalesce(?, x'')`];
  return {
    insert: connection.prepare<{ row: number }>(
      `INSERT INTO record (kind, id, organization, revision, expires_at, body) VALUES (?, ?, ?, 1, ?, ?)
       ON CONFLICT (kind, id) DO NOTHING RETURNING row`,
    ),
    get: connection.prepare<Row>(`SELECT ${columns} FROM record WHERE kind = ? AND id = ? AND ${unexpired}`),
    getMany: connection.prepare<Row>(
      `SELECT ${columns} FROM record WHERE kind = ? AND id IN (SELECT value FROM json_each(?)) AND ${unexpired}`,
    ),
    replace: connection.prepare<{ row: number; organization: OrganizationId }>(
      `UPDATE record SET revision = revision + 1, expires_at = ?, body = ?
       WHERE kind = ? AND id = ? AND revision = ? RETURNING row, organization`,
    ),
    take: connection.prepare<Row>(
      `DELETE FROM record WHERE kind = ? AND id = ? AND ${unexpired}
       RETURNING row, id, organization, revision, expires_at, body`,
    ),
    remove: connection.prepare('DELETE FROM record WHERE kind = ? AND id = ?'),
    sweep: connection.prepare(
      `DELETE FROM record WHERE row IN (SELECT row FROM record WHERE kind = ? AND expires_at <= ? ORDER BY expires_at LIMIT 0 + ?)`,
    ),
    keys: connection.prepare<{ key: string }>('SELECT key FROM record_key WHERE record = ?'),
    dropKey: connection.prepare('DELETE FROM record_key WHERE kind = ? AND organization = ? AND key = ? AND id = ?'),
    addKey: connection.prepare('INSERT INTO record_key (kind, organization, key, id, record) VALUES (?, ?, ?, ?, ?)'),
    list: { oldest: ofOrganization(after), newest: ofOrganization(before) },
    listByKey: { oldest: ofKey(after), newest: ofKey(before) },
  };
}

function toRecord<Value>(row: Row): StoredRecord<Value> {
  return {
    id: row.id,
    organizationId: row.organization,
    revision: row.revision,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    value: JSON.parse(row.body) as Value,
  };
}

export function createSqliteRecordStore<Value>(
  connection: SqliteConnection,
  statements: RecordStatements,
  addEffects: AddEffects,
  recent: RecentRecords,
  kind: RecordKind<Value>,
): RecordStore<Value> {
  const writeKeys = (row: number, organizationId: OrganizationId, id: string, value: Value): void => {
    const wanted = new Set(kind.keysOf(value));
    for (const { key } of statements.keys.all(row)) {
      if (!wanted.delete(key)) statements.dropKey.run(kind.name, organizationId, key, id);
    }
    for (const key of wanted) statements.addKey.run(kind.name, organizationId, key, id, row);
  };
  const rowsOf = (organizationId: OrganizationId, page: RecordPage, now: number): readonly Row[] => {
    const direction = page.newestFirst === true ? 'newest' : 'oldest';
    const rest = [page.after ?? null, now, page.limit, page.offset ?? 0] as const;
    return page.key === undefined
      ? statements.list[direction].all(kind.name, organizationId, ...rest)
      : statements.listByKey[direction].all(kind.name, organizationId, page.key, ...rest);
  };

  const insertOnce: RecordStore<Value>['insertOnce'] = async (record, effects = []) => {
    const { id, organizationId, expiresAt, value } = record;
    assertMayCarry(kind, effects);
    return connection.write(() => {
      const row = statements.insert.get(kind.name, id, organizationId, expiresAt ?? null, JSON.stringify(value));
      if (row === undefined) return false;
      writeKeys(row.row, organizationId, id, value);
      addEffects(effectSource.record(kind.name, id), organizationId, effects);
      return true;
    });
  };

  return {
    insertOnce,
    async insert(record, effects) {
      if (!(await insertOnce(record, effects)))
        throw new StorageError('duplicate', `A ${kind.name} with this id exists already.`);
    },
    async get(id, now) {
      return connection.read(() => {
        const kept = kind.isAskedOften === true ? recent.find(kind.name, id) : undefined;
        if (kept !== undefined) return (kept.expiresAt ?? Infinity) > now ? (kept as StoredRecord<Value>) : null;
        const row = statements.get.get(kind.name, id, now);
        if (row === undefined) return null;
        const record = toRecord<Value>(row);
        if (kind.isAskedOften === true) recent.keep(kind.name, record);
        return record;
      });
    },
    async getMany(ids, now) {
      return (await connection.read(() => statements.getMany.all(kind.name, JSON.stringify(ids), now))).map((row) =>
        toRecord<Value>(row),
      );
    },
    async replace({ id, revision, expiresAt, value }, effects = []) {
      assertMayCarry(kind, effects);
      return connection.write(() => {
        recent.forget(kind.name, id);
        const row = statements.replace.get(expiresAt ?? null, JSON.stringify(value), kind.name, id, revision);
        if (row === undefined) return false;
        writeKeys(row.row, row.organization, id, value);
        addEffects(effectSource.record(kind.name, id), row.organization, effects);
        return true;
      });
    },
    take(id, now) {
      return connection.write(() => {
        recent.forget(kind.name, id);
        const row = statements.take.get(kind.name, id, now);
        return row === undefined ? null : toRecord<Value>(row);
      });
    },
    delete: (id) =>
      connection.write(() => {
        recent.forget(kind.name, id);
        return statements.remove.run(kind.name, id) > 0;
      }),
    async list(organizationId, page, now) {
      return (await connection.read(() => rowsOf(organizationId, page, now))).map((row) => toRecord<Value>(row));
    },
    deleteExpired: (now, limit) =>
      connection.write(() => {
        recent.forgetAll();
        return statements.sweep.run(kind.name, now, limit);
      }),
  };
}
