// The seat ledger on SQLite: a row per organisation. A seat moves in the same transaction as its user (sqlite-user-commit.ts),
// so there are never intents, nothing is ever under way, and there is nothing to settle.

import type { OrganizationId } from '#directory/identifiers.ts';
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
}

type Row = Omit<SeatLedger, 'intents'>;

export function createSqliteLedger(connection: SqliteConnection): SqliteLedger {
  const insert = connection.prepare(
    'INSERT INTO seat_ledger (organization, licensed, used, free, allowed_over) VALUES (?, ?, ?, ?, ?)',
  );
  const read = connection.prepare<Row>(
    'SELECT licensed, used, free, allowed_over AS over FROM seat_ledger WHERE organization = ?',
  );
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
      return row === undefined ? null : { ...row, intents: {} };
    },
    write(organizationId, { licensed, used, free, over }) {
      write.run(licensed, used, free, over, organizationId);
    },
    move(organizationId, seats) {
      move.run(seats, organizationId);
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
  const known = (organizationId: OrganizationId): SeatLedger => {
    const ledger = ledgers.read(organizationId);
    if (ledger === null) throw new Error(`organisation ${organizationId} has no seat ledger`);
    return ledger;
  };

  return {
    read: (organizationId) => connection.read(() => ledgers.read(organizationId)),
    changeContract(organizationId, contract, effects, rule) {
      return connection.write(() => {
        const ledger = applyContract(known(organizationId), contract, rule);
        if ('tooMany' in ledger) return { kind: 'belowUse', over: ledger.tooMany };
        ledgers.write(organizationId, ledger);
        addEffects(effectSource.ledger(organizationId), organizationId, effects);
        return { kind: 'changed', ledger };
      });
    },
    recount(organizationId, effectsOf) {
      return connection.write(() => {
        const ledger = known(organizationId);
        const drift = ledger.used - (holders.get(organizationId)?.number ?? 0);
        if (drift === 0) return { drift, outcome: 'exact', ledger };
        const repaired: SeatLedger = { ...ledger, used: ledger.used - drift, free: ledger.free + drift };
        ledgers.write(organizationId, repaired);
        addEffects(effectSource.ledger(organizationId), organizationId, effectsOf(drift));
        return { drift, outcome: 'repaired', ledger: repaired };
      });
    },
    settle: () => Promise.resolve([]),
  };
}
