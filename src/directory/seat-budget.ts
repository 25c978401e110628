// Budgets: how many seats the people of a department may use, inside what the organisation has. Pure; who is charged to which one is decided in
// provisioning/seat-charge.ts, and counted by storage in the same step as the seat itself. docs/decisions/0023-department-budgets.md.

import type { DepartmentId } from './identifiers.ts';

export interface SeatBudget {
  /** null: it was removed, and is kept until nobody is charged to it any more. */
  readonly limit: number | null;
  /** Seats of people who are charged to it; may be above the limit after a move or a lower limit. */
  readonly used: number;
}

/** Part of the ledger; a ledger without budgets has none of it. */
export interface SeatBudgets {
  /**
   * Another one whenever it may have changed who is charged to what. A seat is taken, or charged elsewhere, only on the basis on which its charge was
   * reckoned.
   */
  readonly basis: string;
  /** The last move of a department up to which everybody is charged on this basis; absent: that is still to be done. */
  readonly chargedAt?: number;
  /** By department. */
  readonly of: Readonly<Record<string, SeatBudget>>;
}

/** To which budget somebody is charged (null: to none), and on which basis that was reckoned. */
export interface Charge {
  readonly to: DepartmentId | null;
  readonly basis: string;
}

/** A budget that keeps somebody from having a seat. */
export interface UsedUpBudget {
  readonly department: DepartmentId;
  readonly limit: number;
  readonly used: number;
}

/** Every take reads and writes them with the ledger. */
export const mostBudgets = 500;

/** The budget of this department, if it is used up. */
export function usedUpBudget(budgets: SeatBudgets | undefined, department: DepartmentId | null): UsedUpBudget | null {
  if (department === null) return null;
  const { limit = null, used = 0 } = budgets?.of[department] ?? {};
  return limit === null || used < limit ? null : { department, limit, used };
}

/** The departments whose budget is used up. */
export function listUsedUp(budgets: SeatBudgets | undefined): readonly DepartmentId[] {
  const departments = Object.keys(budgets?.of ?? {}) as DepartmentId[];
  return departments.filter((department) => usedUpBudget(budgets, department) !== null);
}

/** `used` minus those who were counted, of the budgets that are wrong; undefined: all are right. */
export function driftOfBudgets(
  budgets: SeatBudgets | undefined,
  counted: ReadonlyMap<DepartmentId, number>,
): Readonly<Record<string, number>> | undefined {
  const departments = new Set([...Object.keys(budgets?.of ?? {}), ...counted.keys()] as DepartmentId[]);
  const drift = [...departments].map(
    (department) => [department, (budgets?.of[department]?.used ?? 0) - (counted.get(department) ?? 0)] as const,
  );
  const wrong = drift.filter(([, by]) => by !== 0);
  return wrong.length === 0 ? undefined : Object.fromEntries(wrong);
}

/** The nearest department at or above the first one of this chain that has a budget. */
export function nearestBudget(budgets: SeatBudgets, chain: Iterable<DepartmentId>): DepartmentId | null {
  for (const department of chain) if ((budgets.of[department]?.limit ?? null) !== null) return department;
  return null;
}
