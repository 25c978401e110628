// When people are told that seats run out: at shares of what is licensed, once for each crossing upwards. Pure.

export interface SeatAlertRule {
  /** Per cent of the licensed seats, ascending. */
  readonly thresholds: readonly number[];
  /** A shortage within so many days is told of; 0: none is. */
  readonly shortageDays: number;
}

export const usualAlerts: SeatAlertRule = { thresholds: [80, 90, 100], shortageDays: 30 };

/** Days before a return for which there will be no seat, descending; 0 is the day itself. */
export const usualNoticeDays: readonly number[] = [14, 7, 1, 0];

/** A threshold is told of again only after the use was clearly below it, or one person to and fro would tell it every day. */
const clearlyBelow = 0.95;

export interface Crossing {
  /** The thresholds that were reached and have not been left since. */
  readonly reached: readonly number[];
  /** The highest that is reached anew; undefined: nothing to tell. */
  readonly crossed?: number;
}

/** `reached` as it was the last time. Without a limit nothing is ever reached. */
export function crossThresholds(
  thresholds: readonly number[],
  reached: readonly number[],
  { used, licensed }: { readonly used: number; readonly licensed: number | null },
): Crossing {
  const share = licensed === null || used === 0 ? 0 : licensed === 0 ? Infinity : (used * 100) / licensed;
  const kept = reached.filter((threshold) => thresholds.includes(threshold) && share >= threshold * clearlyBelow);
  const anew = thresholds.filter((threshold) => share >= threshold && !kept.includes(threshold));
  const all = [...kept, ...anew].toSorted((a, b) => a - b);
  return anew.length === 0 ? { reached: all } : { reached: all, crossed: Math.max(...anew) };
}

/**
 * Which announcement is due `daysAhead` days before something: the nearest of `noticeDays` that is not past. After a downtime the ones that
 * were missed are one. Undefined: none yet.
 */
export function dueNotice(noticeDays: readonly number[], daysAhead: number): number | undefined {
  if (daysAhead < 0) return undefined;
  const ahead = noticeDays.filter((days) => daysAhead <= days);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

/** Whole days from one local date to another, as `2027-04-01`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
