// What doors ask on SQLite: everything by one statement, so also as of one moment. Each column costs about as much as a quarter of a statement,
// so what the caller knows already is not selected.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { DoorStore, PersonRecord, RecordName } from '../door-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';
import { type AccessRow, toAccessState } from './sqlite-user-row.ts';

interface Row {
  /** Of the record, as the next three; null when there is none. */
  readonly organization: OrganizationId | null;
  readonly revision: number;
  readonly expires_at: number | null;
  readonly body: string;
  /** Null when there is no such user. */
  readonly epoch: number | null;
  readonly user_revision: number;
  readonly active: AccessRow['active'];
  readonly holds: AccessRow['holds'];
  readonly deleted_at: AccessRow['deleted_at'];
  readonly organization_body: string | null;
}
type RowBeside = Row & { readonly other: string | null };

const columns = `record.organization, record.revision, record.expires_at, record.body,
  epoch, user.revision AS user_revision, active, holds, deleted_at, organization.body AS organization_body`;
const source = `(SELECT 1)
  LEFT JOIN record ON record.kind = ? AND record.id = ? AND (record.expires_at IS NULL OR record.expires_at > ?)
  LEFT JOIN user ON user.organization = record.organization AND user.id = record.body ->> '$.userId'
  LEFT JOIN organization ON organization.id = record.organization`;

export function createSqliteDoorStore(connection: SqliteConnection): DoorStore {
  const alone = connection.prepare<Row>(`SELECT ${columns} FROM ${source}`);
  const beside = connection.prepare<RowBeside>(
    `SELECT ${columns}, other.body AS other FROM ${source}
     LEFT JOIN record AS other ON other.kind = ? AND other.id = ? AND (other.expires_at IS NULL OR other.expires_at > ?)`,
  );
  const readOrganization = createTextReader<Organization>();
  const readOther = createTextReader<unknown>();

  function toPersonRecord<Value>({ id }: RecordName<Value>, row: Row | undefined): PersonRecord<Value> | null {
    if (row === undefined || row.organization === null) return null;
    const value = JSON.parse(row.body) as Value & { readonly userId: AccessRow['id'] };
    const { organization: organizationId, revision, expires_at, organization_body } = row;
    const expiry = expires_at === null ? {} : { expiresAt: expires_at };
    return {
      record: { id, organizationId, revision, ...expiry, value },
      user: row.epoch === null ? null : toAccessState(toAccessRow(row, organizationId, row.epoch, value.userId)),
      organization: organization_body === null ? null : readOrganization(organizationId, organization_body),
    };
  }

  return {
    async recordOfPerson(name, now) {
      const row = await connection.read(() => alone.get(name.kind.name, name.id, now));
      return toPersonRecord(name, row);
    },
    async recordOfPersonBeside<Value, Other>(name: RecordName<Value>, other: RecordName<Other>, now: number) {
      const row = await connection.read(() => beside.get(name.kind.name, name.id, now, other.kind.name, other.id, now));
      const text = row?.other ?? null;
      return {
        ofPerson: toPersonRecord(name, row),
        other: text === null ? null : (readOther(`${other.kind.name}/${other.id}`, text) as Other),
      };
    },
  };
}

function toAccessRow(row: Row, organization: OrganizationId, epoch: number, id: AccessRow['id']): AccessRow {
  const { user_revision: revision, active, holds, deleted_at } = row;
  return { organization, id, revision, epoch, active, holds, deleted_at };
}

/** What hardly ever changes but is read at every request: the same text is not taken apart twice. What it gives must not be changed. */
function createTextReader<Value>(): (name: string, text: string) => Value {
  const mostKept = 1_000;
  const kept = new Map<string, { readonly text: string; readonly value: Value }>();
  return (name, text) => {
    const known = kept.get(name);
    if (known?.text === text) return known.value;
    const value = JSON.parse(text) as Value;
    if (kept.size >= mostKept) kept.clear();
    kept.set(name, { text, value });
    return value;
  };
}
