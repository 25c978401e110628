// What became of one line of a feed.

import type { UserId } from '#directory/identifiers.ts';
import type { UserStatus } from '#directory/user.ts';
import type { LineFault } from './status-line.ts';

/** `changed`, `unchanged`: as reported from now on. `repeated`, `late`: left alone. */
export type LineOutcomeKind = 'changed' | 'unchanged' | 'repeated' | 'late' | 'failed';

export interface LineOutcome {
  readonly index: number;
  readonly outcome: LineOutcomeKind;
  /** As they are now; of a dry run, as they would be if a seat is free. */
  readonly user?: {
    readonly id: UserId;
    readonly userName: string;
    readonly status: UserStatus;
    readonly active: boolean;
    /** Kinds of what holds them, whoever placed it. */
    readonly heldBy: readonly string[];
  };
  /** Of what failed. */
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly LineFault[];
  readonly change?: string;
}
