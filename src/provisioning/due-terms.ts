import type { Instant } from '#directory/identifiers.ts';

/** A change of what is licensed, or of what may go over it, whose instant has come. */
export interface DueTerms {
  readonly at: Instant;
  /** Does nothing where somebody has changed it since. Throws `StorageError`. */
  carryOut(): Promise<void>;
}
