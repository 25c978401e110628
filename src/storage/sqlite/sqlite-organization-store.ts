// Organisations on SQLite. An organisation and its ledger are inserted in one transaction.

import type { Organization } from '#directory/organization.ts';
import type { OrganizationStore } from '../organization-store.ts';
import { type AddEffects, effectSource } from './sqlite-effect-outbox.ts';
import type { SqliteLedger } from './sqlite-seat-ledger-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

export function createSqliteOrganizationStore(
  connection: SqliteConnection,
  ledgers: SqliteLedger,
  addEffects: AddEffects,
): OrganizationStore {
  type Row = { body: string };
  const get = connection.prepare<Row>('SELECT body FROM organization WHERE id = ?');
  const list = connection.prepare<Row>('SELECT body FROM organization ORDER BY id');
  const insert = connection.prepare(
    'INSERT INTO organization (id, revision, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const replace = connection.prepare('UPDATE organization SET revision = ?, body = ? WHERE id = ? AND revision = ?');
  const toOrganization = (row: Row): Organization => JSON.parse(row.body) as Organization;

  return {
    async get(id) {
      const row = await connection.read(() => get.get(id));
      return row === undefined ? null : toOrganization(row);
    },
    async list() {
      return (await connection.read(() => list.all())).map(toOrganization);
    },
    insert(organization, licensed, effects) {
      return connection.write(() => {
        const { id, revision } = organization;
        if (insert.run(id, revision, JSON.stringify(organization)) === 0) return false;
        ledgers.insert(id, licensed);
        addEffects(effectSource.organization(id), id, effects);
        return true;
      });
    },
    replace(organization, expectedRevision, effects) {
      return connection.write(() => {
        const { id } = organization;
        const next: Organization = { ...organization, revision: expectedRevision + 1 };
        if (replace.run(next.revision, JSON.stringify(next), id, expectedRevision) === 0) return false;
        addEffects(effectSource.organization(id), id, effects);
        return true;
      });
    },
  };
}
