// Seats as numbers: the ledger's shape and what may be read off it. Who takes and gives back is storage/ and provisioning/.

import type { Instant } from './identifiers.ts';

/** `free` of an organisation without a limit: large enough never to run out, small enough to stay an exact integer. */
export const unlimitedFree = 2 ** 52;

/** A seat on its way: `take` or `giveBack` of one user, under an id that is never sent twice. */
export interface SeatIntent {
  readonly id: string;
  readonly kind: 'take' | 'giveBack';
  readonly at: Instant;
}

/** One document per organisation. `used` and `free` change together; `licensed` null is unlimited. */
export interface SeatLedger {
  readonly licensed: number | null;
  readonly used: number;
  readonly free: number;
  /** How many may be used beyond `licensed` (policy `allowOver`), else 0. */
  readonly over: number;
  /** Seats kept for people who return; newcomers do not get these. */
  readonly reserved: number;
  readonly intents: Readonly<Record<string, SeatIntent>>;
}

/** The ledger of a new organisation. */
export function createLedger(licensed: number | null): SeatLedger {
  return { licensed, used: 0, free: licensed ?? unlimitedFree, over: 0, reserved: 0, intents: {} };
}

/** Whether one more seat can be taken; newcomers leave the reserved ones alone. */
export function hasFreeSeat(ledger: Pick<SeatLedger, 'free' | 'over' | 'reserved'>, newcomer: boolean): boolean {
  return newcomer && ledger.reserved > 0 ? ledger.free > ledger.reserved : ledger.free > -ledger.over;
}

/** A change of the contract. Left-out parts stay. */
export interface SeatContract {
  readonly licensed?: number | null;
  readonly over?: number;
  readonly reserved?: number;
}

/** The ledger under a changed contract, or by how many people too many are active for it. */
export function applyContract(ledger: SeatLedger, contract: SeatContract): SeatLedger | { readonly tooMany: number } {
  const licensed = contract.licensed === undefined ? ledger.licensed : contract.licensed;
  const over = contract.over ?? ledger.over;
  const reserved = contract.reserved ?? ledger.reserved;
  const free = licensed === null ? unlimitedFree - ledger.used : licensed - ledger.used;
  if (free < -over) return { tooMany: -over - free };
  return { ...ledger, licensed, over, reserved, free };
}

export const seatCountRule = 'A number of seats is a whole number from 0 to 100,000,000, or null for unlimited.';

/** Whether `count` can be a number of seats; null is unlimited. */
export function isSeatCount(count: number | null): boolean {
  return count === null || (Number.isSafeInteger(count) && count >= 0 && count <= 100_000_000);
}
