// What a feed's request did, kept for a month so that it can be taken back as a whole. Written piece by piece behind the lines it is about: after a
// crash the last piece is missing here, and stands in the audit trail only.

import {
  createTimeOrderedId,
  type ConnectionId,
  type Instant,
  type OrganizationId,
  type UserId,
} from '#directory/identifiers.ts';
import type { ReportTrace } from '#provisioning/report-status.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { HrContext } from './hr-context.ts';
import type { LineOutcomeKind } from './line-outcome.ts';

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

/** What there is to be said of a batch without reading its pieces. Its id is the batch's. */
export interface BatchHead {
  readonly connection: ConnectionId;
  /** Sent by the feed, or fetched by us. */
  readonly source: 'feed' | 'pull';
  readonly at: Instant;
  readonly summary: Readonly<Record<LineOutcomeKind, number>>;
  readonly people: { readonly in: number; readonly out: number; readonly waiting: number };
  /** Set by the first undo. */
  readonly undone?: { readonly at: Instant; readonly by: string };
}

export const statusBatchHeadRecords: RecordKind<BatchHead> = {
  name: 'statusBatchHead',
  keysOf: ({ connection }) => [connectionKey(connection)],
};

const connectionKey = (connection: ConnectionId): string => `connection=${connection}`;
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

/** Writes what is to be said of the batch so far. */
export async function keepHead(
  context: Pick<HrContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  batch: string,
  head: Omit<BatchHead, 'at' | 'undone'>,
): Promise<void> {
  const records = context.storage.records(statusBatchHeadRecords);
  const now = context.now();
  const known = await records.get(batch, now);
  if (known === null) {
    const value = { ...head, at: now };
    await records.insertOnce({ id: batch, organizationId, expiresAt: now + keptMs, value });
  } else await records.replace({ ...known, value: { ...known.value, ...head } });
}

/** The batches of a connection that changed somebody, newest first. */
export async function listHeads(
  context: Pick<HrContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  connection: ConnectionId,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly (BatchHead & { readonly id: string })[]> {
  const place = { ...page, key: connectionKey(connection), newestFirst: true };
  const found = await context.storage.records(statusBatchHeadRecords).list(organizationId, place, context.now());
  return found.map(({ id, value }) => ({ ...value, id }));
}

/** Notes that the batch was taken back, the first time. */
export async function noteUndone(
  context: Pick<HrContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  batch: string,
  by: string,
): Promise<void> {
  const records = context.storage.records(statusBatchHeadRecords);
  const known = await records.get(batch, context.now());
  if (known === null || known.organizationId !== organizationId || known.value.undone !== undefined) return;
  // Where somebody else writes at the same moment, it is their undo that is noted.
  await records.replace({ ...known, value: { ...known.value, undone: { at: context.now(), by } } });
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
