// What doors ask on SQLite: record, person and organisation by one statement, so also as of one moment.

import type { Organization } from '#directory/organization.ts';
import type { DoorStore } from '../door-store.ts';
import { recordColumns, type RecordRow, toRecord } from './sqlite-record-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';
import { type AccessRow, toAccessState } from './sqlite-user-row.ts';

interface Row extends RecordRow, Omit<AccessRow, 'id' | 'revision' | 'organization'> {
  readonly user_id: AccessRow['id'] | null;
  readonly user_revision: number;
  readonly organization_body: string | null;
}

export function createSqliteDoorStore(connection: SqliteConnection): DoorStore {
  const statement = connection.prepare<Row>(
    `SELECT ${recordColumns}, user.id AS user_id, user.revision AS user_revision, epoch, active, holds, deleted_at,
       organization.body AS organization_body
     FROM record
     LEFT JOIN user ON user.organization = record.organization AND user.id = record.body ->> '$.userId'
     LEFT JOIN organization ON organization.id = record.organization
     WHERE kind = ? AND record.id = ? AND (expires_at IS NULL OR expires_at > ?)`,
  );
  const readOrganization = createOrganizationReader();
  return {
    async recordOfPerson(kind, id, now) {
      const row = await connection.read(() => statement.get(kind.name, id, now));
      if (row === undefined) return null;
      return {
        record: toRecord(row),
        user: row.user_id === null ? null : toAccessState({ ...row, id: row.user_id, revision: row.user_revision }),
        organization: row.organization_body === null ? null : readOrganization(row.organization, row.organization_body),
      };
    },
  };
}

/** An organisation is read at every request and hardly ever changes: the same text is not taken apart twice. */
function createOrganizationReader(): (id: string, body: string) => Organization {
  const mostKept = 1_000;
  const kept = new Map<string, { readonly body: string; readonly organization: Organization }>();
  return (id, body) => {
    const known = kept.get(id);
    if (known?.body === body) return known.organization;
    const organization = JSON.parse(body) as Organization;
    if (kept.size >= mostKept) kept.clear();
    kept.set(id, { body, organization });
    return organization;
  };
}
