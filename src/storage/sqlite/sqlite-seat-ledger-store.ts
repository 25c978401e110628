// The seat ledger on SQLite: a row per organisation. A seat moves in the same transaction as its user (sqlite-user-commit.ts),
// so there are never intents, nothing is ever under way, and there is nothing to settle.

import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { driftOfBudgets, type SeatBudget, type SeatBudgets } from '#directory/seat-budget.ts';
import { applyContract, createLedger, type SeatLedger } from '#directory/seat.ts';
import type { SeatLedgerStore } from '../seat-ledger-store.ts';
import { type AddEffects, effectSource } from './sqlite-effect-outbox.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

/** The ledger inside a transaction that someone else opened. */
export interface SqliteLedger {
  insert(organizationId: OrganizationId, licensed: number | null): void;
  read(organizationId: OrganizationId): SeatLedger | null;
  write(organizationId: OrganizationId, ledger: SeatLedger): void;
  /** Moves so many seats from free to used; a negative number moves them back. */
  move(organizationId: OrganizationId, seats: number): void;
  /** A seat that was charged to one budget is charged to the other; null is none. */
  charge(organizationId: OrganizationId, from: DepartmentId | null, to: DepartmentId | null): void;
}

type Row = Omit<SeatLedger, 'intents' | 'budgets'> & {
  readonly basis: string | null;
  readonly chargedAt: number | null;
};

export function createSqliteLedger(connection: SqliteConnection): SqliteLedger {
  const insert = connection.prepare(
    'INSERT INTO seat_ledger (organization, licensed, used, free, allowed_over) VALUES (?, ?, ?, ?, ?)',
  );
  const read = connection.prepare<Row>(
    `SELECT licensed, used, free, allowed_over AS over, basis, charged_at AS chargedAt
     FROM seat_ledger WHERE organization = ?`,
  );
  const budgets = connection.prepare<SeatBudget & { readonly department: string }>(
    'SELECT department, seat_limit AS "limit", used FROM seat_budget WHERE organization = ? ORDER BY department',
  );
  const count = connection.prepare('UPDATE seat_budget SET used = used + ? WHERE organization = ? AND department = ?');
  const readBudgets = (organizationId: OrganizationId, { basis, chargedAt }: Row): SeatBudgets | undefined => {
    if (basis === null) return undefined;
    const of = Object.fromEntries(
      budgets.all(organizationId).map(({ department, ...budget }) => [department, budget] as const),
    );
    return { basis, ...(chargedAt === null ? {} : { chargedAt }), of };
  };
  const write = connection.prepare(
    'UPDATE seat_ledger SET licensed = ?, used = ?, free = ?, allowed_over = ? WHERE organization = ?',
  );
  const move = connection.prepare('UPDATE seat_ledger SET used = used + ?1, free = free - ?1 WHERE organization = ?2');
  return {
    insert(organizationId, licensed) {
      const ledger = createLedger(licensed);
      insert.run(organizationId, licensed, ledger.used, ledger.free, ledger.over);
    },
    read(organizationId) {
      const row = read.get(organizationId);
      if (row === undefined) return null;
      const { basis: _basis, chargedAt: _chargedAt, ...numbers } = row;
      const found = readBudgets(organizationId, row);
      return { ...numbers, intents: {}, ...(found === undefined ? {} : { budgets: found }) };
    },
    write(organizationId, { licensed, used, free, over }) {
      write.run(licensed, used, free, over, organizationId);
    },
    move(organizationId, seats) {
      move.run(seats, organizationId);
    },
    charge(organizationId, from, to) {
      if (from !== null) count.run(-1, organizationId, from);
      if (to !== null) count.run(1, organizationId, to);
    },
  };
}

export function createSqliteSeatLedgerStore(
  connection: SqliteConnection,
  ledgers: SqliteLedger,
  addEffects: AddEffects,
): SeatLedgerStore {
  const holders = connection.prepare<{ number: number }>(
    `SELECT count(*) AS number FROM user WHERE organization = ? AND seat <> 'none'`,
  );
  const charged = connection.prepare<{ department: DepartmentId; number: number }>(
    `SELECT charge AS department, count(*) AS number FROM user
     WHERE organization = ? AND charge IS NOT NULL AND seat <> 'none' GROUP BY charge`,
  );
  const repairBudget = connection.prepare(
    `INSERT INTO seat_budget (organization, department, seat_limit, used) VALUES (?, ?, NULL, ?)
     ON CONFLICT DO UPDATE SET used = excluded.used`,
  );
  const known = (organizationId: OrganizationId): SeatLedger => {
    const ledger = ledgers.read(organizationId);
    if (ledger === null) throw new Error(`organisation ${organizationId} has no seat ledger`);
    return ledger;
  };

  return {
    read: (organizationId) => connection.read(() => ledgers.read(organizationId)),
    changeContract(organizationId, contract, effectsOf, rule) {
      return connection.write(() => {
        const before = known(organizationId);
        const ledger = applyContract(before, contract, rule);
        if ('tooMany' in ledger) return { kind: 'belowUse', over: ledger.tooMany };
        ledgers.write(organizationId, ledger);
        addEffects(effectSource.ledger(organizationId), organizationId, effectsOf(before, ledger));
        return { kind: 'changed', ledger };
      });
    },
    recount(organizationId, effectsOf) {
      return connection.write(() => {
        const ledger = known(organizationId);
        const drift = ledger.used - (holders.get(organizationId)?.number ?? 0);
        const rows = ledger.budgets === undefined ? [] : charged.all(organizationId);
        const counted = new Map(rows.map(({ department, number }) => [department, number] as const));
        const budgets = driftOfBudgets(ledger.budgets, counted);
        if (drift === 0 && budgets === undefined) return { drift, outcome: 'exact', ledger };
        ledgers.write(organizationId, { ...ledger, used: ledger.used - drift, free: ledger.free + drift });
        for (const department of Object.keys(budgets ?? {}) as DepartmentId[])
          repairBudget.run(organizationId, department, counted.get(department) ?? 0);
        addEffects(effectSource.ledger(organizationId), organizationId, effectsOf(drift, budgets));
        const found = budgets === undefined ? {} : { budgets };
        return { drift, ...found, outcome: 'repaired', ledger: known(organizationId) };
      });
    },
    settle: () => Promise.resolve([]),
  };
}
