// What a feed's request did, kept for a month so that it can be taken back as a whole. Written piece by piece behind the lines it is about: after a
// crash the last piece is missing here, and stands in the audit trail only.

import { createTimeOrderedId, type ConnectionId, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import type { ReportTrace } from '#provisioning/report-status.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { HrContext } from './hr-context.ts';

export interface BatchEntry extends ReportTrace {
  readonly user: UserId;
}

interface BatchPiece {
  readonly batch: string;
  readonly connection: ConnectionId;
  /** In the order in which they were carried out, as far as that matters: one person's stand in theirs. */
  readonly entries: readonly BatchEntry[];
}

export const statusBatchRecords: RecordKind<BatchPiece> = {
  name: 'statusBatch',
  keysOf: ({ batch }) => [`batch=${batch}`],
};

const keptMs = 30 * 86_400_000;
const piecesAtOnce = 20;

export async function keepPiece(
  context: Pick<HrContext, 'storage' | 'now' | 'randomBytes'>,
  organizationId: OrganizationId,
  piece: BatchPiece,
): Promise<void> {
  if (piece.entries.length === 0) return;
  const now = context.now();
  const id = createTimeOrderedId(now, context.randomBytes);
  const record = { id, organizationId, expiresAt: now + keptMs, value: piece };
  await context.storage.records(statusBatchRecords).insert(record);
}

/** The pieces of a batch of this connection, the last one first. */
export async function* readPieces(
  context: Pick<HrContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  connection: ConnectionId,
  batch: string,
): AsyncGenerator<readonly BatchEntry[]> {
  const records = context.storage.records(statusBatchRecords);
  for (let after: string | undefined; ; ) {
    const place = after === undefined ? {} : { after };
    const page = { key: `batch=${batch}`, newestFirst: true, limit: piecesAtOnce, ...place };
    const pieces = await records.list(organizationId, page, context.now());
    for (const { value } of pieces) if (value.connection === connection) yield value.entries;
    after = pieces.at(-1)?.id;
    if (pieces.length < piecesAtOnce) return;
  }
}
