// Port: the budgets of departments. They are part of the ledger (`SeatLedger.budgets`), and seats are charged to them inside `UserStore.commit`; here
// they are set and removed, and it is marked how far people are charged as they should be.

import type { Effect } from '#directory/effect.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import type { SeatLedger } from '#directory/seat.ts';

/** All methods are for organisations that exist, and throw `StorageError`. */
export interface SeatBudgetStore {
  /**
   * Sets a limit, or removes it (null). A department that had none, or has none from now on, makes another basis: people are to be charged anew.
   * A removed budget stays, without a limit, until `endCharging` finds nobody charged to it.
   */
  set(
    organizationId: OrganizationId,
    department: DepartmentId,
    limit: number | null,
    effects: readonly Effect[],
  ): Promise<SeatLedger>;
  /** Organisations that have budgets, by id. */
  organizations(): Promise<readonly OrganizationId[]>;
  /**
   * Makes another basis, and finishes what was under way on the one before: whoever took a seat on it is a holder from now on, or has none. Without
   * budgets nothing happens.
   */
  beginCharging(organizationId: OrganizationId): Promise<SeatLedger>;
  /**
   * Everybody is charged on this basis, for the tree as it is since the move of this number. Budgets that were removed go, if nobody is charged to
   * them. False: the basis is another one.
   */
  endCharging(organizationId: OrganizationId, basis: string, move: number): Promise<boolean>;
}
