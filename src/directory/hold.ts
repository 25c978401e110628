// Holds: the reasons why a user is not active, one per (kind, source). Whoever placed a hold can lift it; see model.md.

import type { Instant } from './identifiers.ts';

export const holdKinds = ['idp', 'admin', 'leave', 'hr', 'seat', 'start', 'dormant', 'security'] as const;
export type HoldKind = (typeof holdKinds)[number];

/** One reason. `source` is the connection for `idp` and `hr`, else the empty string. `by` is an actor in one line. */
export interface Hold {
  readonly kind: HoldKind;
  readonly source: string;
  readonly since: Instant;
  readonly by: string;
  readonly reason?: string;
  readonly note?: string;
  readonly until?: Instant;
}

/** The holds with `hold` among them. An equal (kind, source) that is already there stays as it is: the first reason counts, and writing it again changes nothing. */
export function placeHold(holds: readonly Hold[], hold: Hold): readonly Hold[] {
  return hasHold(holds, hold.kind, hold.source) ? holds : [...holds, hold];
}

/** The holds without the one of (kind, source); the same array when there is none. */
export function liftHold(holds: readonly Hold[], kind: HoldKind, source: string): readonly Hold[] {
  return hasHold(holds, kind, source) ? holds.filter((h) => h.kind !== kind || h.source !== source) : holds;
}

/** The holds without any of these kinds, whatever their source; the same array when there is none. */
export function liftKinds(holds: readonly Hold[], kinds: readonly HoldKind[]): readonly Hold[] {
  return holds.some((h) => kinds.includes(h.kind)) ? holds.filter((h) => !kinds.includes(h.kind)) : holds;
}

export function hasHold(holds: readonly Hold[], kind: HoldKind, source?: string): boolean {
  return holds.some((h) => h.kind === kind && (source === undefined || h.source === source));
}
