// What the admin API asks of the batches of HR feeds; hr/ does it, and build-house.ts brings the two together.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, Instant, OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';

/** What a feed's request, or a piece of what was fetched, did. */
export interface HrBatch {
  readonly id: string;
  readonly source: 'feed' | 'pull';
  readonly at: Instant;
  readonly summary: Readonly<Record<'changed' | 'unchanged' | 'repeated' | 'late' | 'failed', number>>;
  readonly people: { readonly in: number; readonly out: number; readonly waiting: number };
  readonly undone?: { readonly at: Instant; readonly by: string };
}

/** Lines of a batch by what became of them when it was taken back. */
export type UndoneBatch = Readonly<Record<'restored' | 'unchanged' | 'gone' | 'refused', number>>;

export interface HrBatches {
  /** Newest first. Throws `StorageError`. */
  list(
    organizationId: OrganizationId,
    connection: ConnectionId,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly HrBatch[]>;
  /** Null: there is no such batch. Throws `StorageError`. */
  undo(
    organization: Organization,
    connection: ConnectionId,
    batch: string,
    by: ChangeContext,
  ): Promise<UndoneBatch | null>;
}
