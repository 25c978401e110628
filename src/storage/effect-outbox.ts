// Port: effects that wait to be carried out. They lie inside (or beside) the document whose change made them; the relay claims one document at a time.

import type { Effect } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';

/** The effects of one document, oldest first, claimed for a while. `claim` proves the claim to `complete` and `postpone`. */
export interface ClaimedEffects {
  readonly organizationId: OrganizationId;
  /** Which document: opaque, from storage. */
  readonly source: string;
  readonly claim: string;
  readonly effects: readonly Effect[];
}

export type LookWhere = 'everywhere' | 'whereWritten';

export interface EffectOutbox {
  /**
   * Claims due documents for `leaseMs`: nobody else gets them meanwhile; after that they are due again. `where`: a store that must look in many
   * places may look in those only that this program's own writes touched since the last such look.
   */
  claimDue(limit: number, leaseMs: number, where?: LookWhere): Promise<readonly ClaimedEffects[]>;
  /** Claims the effects of one user at once, claimed by someone else or not: carrying out is idempotent, and the caller wants them done now. */
  claimOfUser(organizationId: OrganizationId, userId: string, leaseMs: number): Promise<ClaimedEffects | null>;
  /** Removes carried-out effects by id; effects added meanwhile stay, and are due at once when none of the claimed ones is left. Changes no revision of the document. */
  complete(claimed: ClaimedEffects, effectIds: readonly string[]): Promise<void>;
  /** The same for all effects of several documents. */
  completeAll(claims: readonly ClaimedEffects[]): Promise<void>;
  /** One more failed try for these effects; the document is due again in `delayMs`, at once if effects were added meanwhile. Does nothing when someone else holds the claim by now. */
  postpone(claimed: ClaimedEffects, effectIds: readonly string[], delayMs: number): Promise<void>;
  /** How many documents have effects waiting. */
  backlog(): Promise<number>;
}
