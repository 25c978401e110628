// Taking back what a batch did, for the feed itself and for an administrator: the last line first, and only what nobody has changed since.

import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { FeedContext } from './hr-context.ts';
import { listHeads, noteUndone, readPieces } from './status-batch.ts';

type UndoContext = Pick<FeedContext, 'storage' | 'provisioning' | 'now' | 'randomBytes'>;

/** Lines of the batch by what became of them. `refused`: it would have taken the last owner through a person's door. */
export interface UndoneLines {
  readonly restored: number;
  readonly unchanged: number;
  readonly gone: number;
  readonly refused: number;
}

interface Undo {
  readonly organization: Organization;
  readonly connection: ConnectionId;
  readonly by: ChangeContext;
  /** Throws where nothing more may be done. */
  readonly assertStillIn: () => Promise<void>;
}

/** Null: the connection has no such batch. The second time there is nothing left to do. Throws `StorageError`; asking again does the rest. */
export async function undoBatch(
  context: UndoContext,
  { organization, connection, by, assertStillIn }: Undo,
  batch: string,
): Promise<UndoneLines | null> {
  const lines = { restored: 0, unchanged: 0, gone: 0, refused: 0 };
  let isKnown = false;
  for await (const entries of readPieces(context, organization.id, connection, batch)) {
    isKnown = true;
    for (const { user, ...trace } of entries.toReversed()) {
      await assertStillIn();
      try {
        const { changed } = await context.provisioning.undoReport(organization, user, trace, connection, by);
        lines[changed ? 'restored' : 'unchanged'] += 1;
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        if (error.code === 'userNotFound') lines.gone += 1;
        else if (error.code === 'lastOwner') lines.refused += 1;
        else throw error;
      }
    }
  }
  if (!isKnown) return null;
  await noteUndone(context, organization.id, batch, describeActor(by.actor));
  return lines;
}

/** What the admin API is given of batches (admin/hr-batches.ts). */
export function createHrBatches(context: UndoContext) {
  return {
    list: listHeads.bind(null, context),
    undo: (organization: Organization, connection: ConnectionId, batch: string, by: ChangeContext) =>
      undoBatch(context, { organization, connection, by, assertStillIn: async () => undefined }, batch),
  };
}
