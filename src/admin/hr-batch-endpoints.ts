// What the HR feeds of an organisation did, batch by batch, and the way back for an administrator, who has no key of the connection.

import type { ConnectionId } from '#directory/identifiers.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readConnection } from './connection-changes.ts';
import type { HrBatch } from './hr-batches.ts';
import { readCursor, toPage } from './paging.ts';

const path = '/organizations/:org/connections/:id/batches';

export const hrBatchOperations: readonly Operation[] = [
  defineOperation({
    id: 'connections.batches',
    method: 'get',
    path,
    summary: 'What an HR connection reported in the last 30 days, sent or fetched, by batch, newest first',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.hrBatch),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor);
      const connection = paramOf(call, 'id') as ConnectionId;
      const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const listed = await context.hrBatches.list(call.organization.id, connection, page);
      // What a removed connection did can still be taken back.
      if (listed.length === 0) await readConnection(context, call.organization.id, connection);
      const shown = toPage(listed, limit, ({ id }) => id);
      return { body: { items: shown.items.map(toBatchAnswer), next: shown.next } };
    },
  }),
  defineOperation({
    id: 'connections.undoBatch',
    method: 'post',
    path: `${path}/:batch/undo`,
    summary: 'Take back what a batch of an HR connection did, as far as nobody changed that since',
    answer: contract.hrBatchUndone,
    run: async (context, call) => {
      const batch = paramOf(call, 'batch');
      const connection = paramOf(call, 'id') as ConnectionId;
      const lines = await context.hrBatches.undo(call.organization, connection, batch, call.by);
      if (lines === null)
        throw new AdminError('entryNotFound', 'This connection has no such batch, or it is too old to be undone.');
      return { body: { batch, lines } };
    },
  }),
];

function toBatchAnswer({ undone, at, ...batch }: HrBatch) {
  return { ...batch, at: toIso(at), undone: undone === undefined ? null : { ...undone, at: toIso(undone.at) } };
}
