// What a connector is to the run that drives it: it reads one step at a time and turns it into lines of the feed; where it goes on is text, so a run
// that was cut off anywhere goes on there.

import type { PulledTimeOff } from '#storage/hr-pull-records.ts';

export interface PulledLine {
  /** As it would be sent to the feed. */
  readonly line: Readonly<Record<string, unknown>>;
  /** What is known of a time off once the line is carried out; null: nothing any more. */
  readonly settles?: { readonly request: string; readonly as: PulledTimeOff | null };
}

export interface PullStep {
  readonly lines: readonly PulledLine[];
  readonly read: number;
  /** People whom nobody here is, already found out. */
  readonly unknown: number;
  /** Requests that need not be known any more. */
  readonly forgets?: readonly string[];
  /** Where it goes on; null: that was all. */
  readonly next: string | null;
}

export interface PullSource {
  /** Throws `PullLimited`, `PullFailure`, `OutboundRefusal`, `StorageError`. */
  read(position: string | undefined, timeOff: Readonly<Record<string, PulledTimeOff>>): Promise<PullStep>;
}

/** What a run asks for. */
export interface PullScope {
  /** Undefined: everything. */
  readonly since: number | undefined;
  /** Which day it is in the organisation. */
  readonly today: string;
  readonly now: () => number;
}

/** So many days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export function isDate(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}
