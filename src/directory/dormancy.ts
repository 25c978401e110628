// Dormancy: an optional rule by which people who have not signed in for a long time are warned, and held some days later. Pure.

import type { Instant } from './identifiers.ts';
import type { User } from './user.ts';

export interface DormancyRule {
  /** Days without a sign-in. */
  readonly afterDays: number;
  /** So many days before that the person is warned; nobody is held without having been. */
  readonly warnDays: number;
}

/** Since when somebody has not been seen: the latest of their creation, the last sign-in, and the last time they became active. */
export function idleSince(user: Pick<User, 'createdAt' | 'activeSince'>, lastSeenAt: Instant | undefined): Instant {
  return Math.max(user.createdAt, user.activeSince ?? 0, lastSeenAt ?? 0);
}

/** A warning, and which idleness it was about. */
export interface DormancyWarning {
  readonly idleSince: Instant;
  /** The local day. */
  readonly day: string;
}

export type DormancyStep = 'none' | 'warn' | 'hold';

/**
 * What is due for an active person who has been idle for `idleDays`. Whoever is past the limit without a warning (the rule is new, or the clock
 * was put forward) is warned first and held `warnDays` later.
 */
export function dormancyStep(
  { afterDays, warnDays }: DormancyRule,
  idleDays: number,
  warnedDaysAgo: number | undefined,
): DormancyStep {
  if (warnedDaysAgo === undefined) return idleDays >= afterDays - warnDays ? 'warn' : 'none';
  return idleDays >= afterDays && warnedDaysAgo >= warnDays ? 'hold' : 'none';
}
