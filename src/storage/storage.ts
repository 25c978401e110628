// The whole of storage as the rest of the house sees it. server.ts opens an adapter; nobody else knows which one it is.

import type { AuditStore } from './audit-store.ts';
import type { DoorStore } from './door-store.ts';
import type { EffectOutbox } from './effect-outbox.ts';
import type { GroupStore } from './group-store.ts';
import type { LeaseStore } from './lease-store.ts';
import type { OrganizationStore } from './organization-store.ts';
import type { AnnouncedKind, RecordKind, RecordStore } from './record-store.ts';
import type { SeatEventStore } from './seat-event-store.ts';
import type { SeatBudgetStore } from './seat-budget-store.ts';
import type { SeatLedgerStore } from './seat-ledger-store.ts';
import type { UserStore } from './user-store.ts';

export interface Storage {
  readonly kind: 'sqlite' | 'mongodb';
  readonly organizations: OrganizationStore;
  readonly users: UserStore;
  readonly groups: GroupStore;
  readonly seats: SeatLedgerStore;
  readonly seatEvents: SeatEventStore;
  readonly budgets: SeatBudgetStore;
  readonly effects: EffectOutbox;
  readonly audit: AuditStore;
  readonly leases: LeaseStore;
  readonly doors: DoorStore;
  /** The store of one kind of record; the same kind name gives the same table. It must be among `StorageOptions.recordKinds`. */
  records<Value>(kind: RecordKind<Value>): RecordStore<Value>;
  /**
   * For the serving process as it starts. Where there can be only one, whatever its predecessor had claimed or leased when it died is free at
   * once; where there are several nodes nothing happens, and claims end by their time.
   */
  takeOver(): Promise<void>;
  /**
   * Resolves when what reads have shown until now is stored for good. To be asked before somebody is told that all is as they want it already: whoever
   * wrote that may have been told that nobody knows. Throws `StorageError`.
   */
  settled(): Promise<void>;
  /** Throws `StorageError` when a request could not be served now. */
  ping(): Promise<void>;
  /** Whether there is no organisation yet. */
  isEmpty(): Promise<boolean>;
  close(): Promise<void>;
}

/** What every adapter's `open…Storage` takes besides its address. */
export interface StorageOptions {
  /** All record kinds, so that tables and indexes exist before the first request. */
  readonly recordKinds: readonly AnnouncedKind[];
  /** For tests, whose stores are small and many: records are found without indexes then, where an adapter can. */
  readonly withoutRecordIndexes?: boolean;
  /** Hears of failures that were left to the sweep because they must not undo what is committed. Must not throw. */
  readonly reportTrouble?: (message: string, error: unknown) => void;
}
