// Seats as numbers: the ledger's shape and what may be read off it. Who takes and gives back is storage/ and provisioning/.

import type { DepartmentId, Instant } from './identifiers.ts';
import type { SeatBudgets } from './seat-budget.ts';

/** `free` of an organisation without a limit: large enough never to run out, small enough to stay an exact integer. */
export const unlimitedFree = 2 ** 52;

/**
 * A seat on its way: `take` or `giveBack` of one user, or `transfer` of a held one from budget to budget, under an id that is never sent twice.
 */
export interface SeatIntent {
  readonly id: string;
  readonly kind: 'take' | 'giveBack' | 'transfer';
  readonly at: Instant;
  /** The budget to which the seat is charged so far; absent: to none. */
  readonly from?: DepartmentId;
  /** The budget to which it will be charged; counted there already. */
  readonly to?: DepartmentId;
}

/** What comes back when an intent is closed: a seat of the organisation, one of a budget. */
export interface SeatReturn {
  readonly seat: boolean;
  readonly budget?: DepartmentId;
}

/** What an intent gives back once it is known whether the user's step happened. */
export function returnOf({ kind, from, to }: SeatIntent, applied: boolean): SeatReturn {
  const budget = applied ? from : to;
  const seat = kind === (applied ? 'giveBack' : 'take');
  return budget === undefined ? { seat } : { seat, budget };
}

/** One document per organisation. `used` and `free` change together; `licensed` null is unlimited. */
export interface SeatLedger {
  readonly licensed: number | null;
  readonly used: number;
  readonly free: number;
  /** How many may be used beyond `licensed` (policy `allowOver`), else 0. */
  readonly over: number;
  readonly intents: Readonly<Record<string, SeatIntent>>;
  /** Absent: no department has a budget. */
  readonly budgets?: SeatBudgets;
}

/** The ledger of a new organisation. */
export function createLedger(licensed: number | null): Omit<SeatLedger, 'budgets'> {
  return { licensed, used: 0, free: licensed ?? unlimitedFree, over: 0, intents: {} };
}

/** Whether one more seat can be taken. */
export function hasFreeSeat({ free, over }: Pick<SeatLedger, 'free' | 'over'>): boolean {
  return free > -over;
}

/** A change of the contract. Left-out parts stay. */
export interface SeatContract {
  readonly licensed?: number | null;
  readonly over?: number;
}

/** What may be done with a contract that is below use. */
export interface ContractRule {
  /**
   * It takes effect all the same: nobody loses a seat, `free` is below zero, and each seat that is given back is withdrawn until it is not. For
   * reductions whose day has come; whoever asks for one today is refused.
   */
  readonly evenBelowUse?: boolean;
}

/** The ledger under a changed contract, or how many seats too many are in use or reserved for it. What makes nothing narrower is never refused. */
export function applyContract(
  ledger: SeatLedger,
  contract: SeatContract,
  { evenBelowUse = false }: ContractRule = {},
): SeatLedger | { readonly tooMany: number } {
  const licensed = contract.licensed === undefined ? ledger.licensed : contract.licensed;
  const over = contract.over ?? ledger.over;
  const free = limitOf({ licensed }) - ledger.used;
  const isNarrower = free < ledger.free || over < ledger.over;
  if (free < -over && isNarrower && !evenBelowUse) return { tooMany: -over - free };
  return { ...ledger, licensed, over, free };
}

/** The seats there are, as a number that can be reckoned with. */
export function limitOf({ licensed }: Pick<SeatLedger, 'licensed'>): number {
  return licensed ?? unlimitedFree;
}

export const seatCountRule = 'A number of seats is a whole number from 0 to 100,000,000, or null for unlimited.';

/** Whether `count` can be a number of seats; null is unlimited. */
export function isSeatCount(count: number | null): boolean {
  return count === null || (Number.isSafeInteger(count) && count >= 0 && count <= 100_000_000);
}
