// Port: the seat ledger as it is read, its contract, its recount, and the settling of movements a crash left unfinished.
// Seats are taken and given back only inside `UserStore.commit`.

import type { Effect } from '#directory/effect.ts';
import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { ContractRule, SeatContract, SeatLedger } from '#directory/seat.ts';

export type ContractOutcome =
  | { readonly kind: 'changed'; readonly ledger: SeatLedger }
  /** `over`: how many seats too many are in use or reserved for the new contract. Nothing was written. */
  | { readonly kind: 'belowUse'; readonly over: number };

export interface RecountOutcome {
  /** Ledger `used` minus counted holders: 0 unless something went wrong. */
  readonly drift: number;
  /** The same of budgets, those that are wrong. */
  readonly budgets?: Readonly<Record<string, number>>;
  /** `busy`: a seat was moving; nothing was written, try again. */
  readonly outcome: 'exact' | 'repaired' | 'busy';
  readonly ledger: SeatLedger;
}

/** The effects of a repair: of `used`, and of the budgets that were wrong. */
export type RecountEffects = (drift: number, budgets?: Readonly<Record<string, number>>) => readonly Effect[];

/** The effects of a change of contract: what it was, and what it is in fact, whoever else changed it meanwhile. */
export type ContractEffects = (before: SeatLedger, after: SeatLedger) => readonly Effect[];

/** `changeContract` and `recount` are for organisations that exist; callers look first. */
export interface SeatLedgerStore {
  /** Null when the organisation is unknown. */
  read(organizationId: OrganizationId): Promise<SeatLedger | null>;
  /** One guarded change of `licensed`, `over` and `free` together (`applyContract`). What `effectsOf` makes is stored with it; it may be asked several times. */
  changeContract(
    organizationId: OrganizationId,
    contract: SeatContract,
    effectsOf: ContractEffects,
    rule?: ContractRule,
  ): Promise<ContractOutcome>;
  /** Compares `used`, of budgets too, with the holders; writes only if the ledger is unchanged since it was read and nothing is moving. `effectsOf` makes the repair's audit entry. */
  recount(organizationId: OrganizationId, effectsOf: RecountEffects): Promise<RecountOutcome>;
  /** Settles movements begun before `olderThan` and finishes releases. Answers the organisations in which a seat came free. */
  settle(olderThan: Instant): Promise<readonly OrganizationId[]>;
}
