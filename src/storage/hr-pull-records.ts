// How far fetching from an HR system is, one record per connection: where the next run begins, where one that was cut off goes on, how the last
// ended. Written at the revision that was read and never under an older fence, so that a node that slept cannot set it back.

import type { ConnectionId, Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

export interface PullCounts {
  readonly read: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  /** People whom nobody here is. */
  readonly unknown: number;
}

/** A run that is under way, or was cut off. */
export interface PullRun {
  readonly startedAt: Instant;
  /** Everything is read, not only what has changed. */
  readonly isFull: boolean;
  /** Where it goes on; each source has its own words. Absent: at the beginning. */
  readonly position?: string;
  /** Something was refused that will be allowed later: what has changed is read again next time. */
  readonly isHeld: boolean;
  readonly counts: PullCounts;
}

export type PullOutcome = 'done' | 'limited' | 'failed';

/** A time off that made a leave. */
export interface PulledTimeOff {
  readonly employee: string;
  readonly from: string;
  readonly until: string;
  readonly type: string;
}

export interface HrPullState {
  readonly connection: ConnectionId;
  readonly fence: number;
  /** Which source it is about: with other settings everything is read again. */
  readonly source?: string;
  /** Since when changes are wanted. */
  readonly since?: Instant;
  readonly fullAt?: Instant;
  readonly nextAt: Instant;
  readonly run?: PullRun;
  readonly last?: {
    readonly startedAt: Instant;
    readonly endedAt: Instant;
    readonly outcome: PullOutcome;
    readonly counts: PullCounts;
    readonly error?: string;
  };
  /** While tries fail. */
  readonly failing?: { readonly since: Instant; readonly tries: number; readonly isTold: boolean };
  /** By id of the request. */
  readonly timeOff?: Readonly<Record<string, PulledTimeOff>>;
}

export const hrPullRecords: RecordKind<HrPullState> = {
  name: 'hrPull',
  carriesEffects: true,
  keysOf: () => [],
};

export function hrPullId(organizationId: OrganizationId, connection: ConnectionId): string {
  return `${organizationId}/${connection}`;
}
