// Budgets on SQLite: a row per department, changed in the same transaction as what is charged to it (sqlite-user-commit.ts). Nothing is ever under
// way, so another basis is all that charging people anew begins with.

import { randomUUID } from 'node:crypto';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { SeatLedger } from '#directory/seat.ts';
import type { SeatBudgetStore } from '../seat-budget-store.ts';
import { StorageError } from '../storage-error.ts';
import { type AddEffects, effectSource } from './sqlite-effect-outbox.ts';
import type { SqliteLedger } from './sqlite-seat-ledger-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

export function createSqliteSeatBudgetStore(
  connection: SqliteConnection,
  ledgers: SqliteLedger,
  addEffects: AddEffects,
): SeatBudgetStore {
  const write = connection.prepare(
    `INSERT INTO seat_budget (organization, department, seat_limit, used) VALUES (?, ?, ?, 0)
     ON CONFLICT DO UPDATE SET seat_limit = excluded.seat_limit`,
  );
  const setBasis = connection.prepare('UPDATE seat_ledger SET basis = ?, charged_at = ? WHERE organization = ?');
  const dropDrained = connection.prepare(
    'DELETE FROM seat_budget WHERE organization = ? AND seat_limit IS NULL AND used = 0',
  );
  const organizations = connection.prepare<{ organization: OrganizationId }>(
    "SELECT organization FROM seat_ledger WHERE basis > ''",
  );
  const known = (organizationId: OrganizationId): SeatLedger => {
    const ledger = ledgers.read(organizationId);
    if (ledger === null)
      throw new StorageError('incompatible', 'There is no such organisation, and so no seat ledger.');
    return ledger;
  };

  return {
    set(organizationId, department, limit, effects) {
      return connection.write(() => {
        const before = known(organizationId).budgets?.of[department]?.limit ?? null;
        if (before === null && limit === null) return known(organizationId);
        write.run(organizationId, department, limit);
        if (before === null || limit === null) setBasis.run(randomUUID(), null, organizationId);
        addEffects(effectSource.ledger(organizationId), organizationId, effects);
        return known(organizationId);
      });
    },
    async organizations() {
      return (await connection.read(() => organizations.all())).map(({ organization }) => organization).toSorted();
    },
    beginCharging(organizationId) {
      return connection.write(() => {
        if (known(organizationId).budgets !== undefined) setBasis.run(randomUUID(), null, organizationId);
        return known(organizationId);
      });
    },
    endCharging(organizationId, basis, move) {
      return connection.write(() => {
        if (known(organizationId).budgets?.basis !== basis) return false;
        dropDrained.run(organizationId);
        const { of = {} } = known(organizationId).budgets ?? {};
        const isEmpty = Object.keys(of).length === 0;
        setBasis.run(isEmpty ? null : basis, isEmpty ? null : move, organizationId);
        return true;
      });
    },
  };
}
