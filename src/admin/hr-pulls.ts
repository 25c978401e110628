// What the admin API asks of whoever fetches from HR systems; hr/ does it, and build-house.ts brings the two together.

import type { Connection } from '#directory/connection.ts';
import type { Organization } from '#directory/organization.ts';
import type { HrPullState, PullCounts, PullOutcome } from '#storage/hr-pull-records.ts';

export interface PullReport {
  readonly dryRun: boolean;
  readonly outcome: PullOutcome | 'unfinished';
  readonly error?: string;
  readonly counts: PullCounts;
  readonly batches: readonly string[];
  readonly results: readonly object[];
}

export interface HrPulls {
  /** Runs now. Null: another run is under way. Throws `StorageError`. */
  run(organization: Organization, connection: Connection, dryRun: boolean): Promise<PullReport | null>;
  /** Null before the first run. */
  stateOf(connection: Connection): Promise<HrPullState | null>;
  /** What the connection has read so far counts no more. */
  forget(connection: Pick<Connection, 'id' | 'organizationId'>): Promise<void>;
}
