// The provisioning log: what each call of a provisioning client did, or why not. By person, by connection, by outcome; one with its body.

import type { LoggedEntry } from '#provisioning/provisioning-log.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, writeCursor } from './paging.ts';

const base = '/organizations/:org/provisioning-log';

export const provisioningLogOperations: readonly Operation[] = [
  defineOperation({
    id: 'provisioningLog.list',
    method: 'get',
    path: base,
    summary: 'Calls of provisioning clients, newest first: every write, and what was refused',
    query: contract.provisioningLogQuery,
    answer: contract.pageOf(contract.provisioningLogAnswer),
    run: async (context, call) => {
      await context.provisioningLog.flush();
      const { cursor, user, ...query } = call.query;
      const after = readPlace(cursor);
      const { items, next } = await context.provisioningLog.list(call.organization.id, {
        limit: query.limit,
        ...(query.connection === undefined ? {} : { connection: query.connection }),
        ...(query.outcome === undefined ? {} : { outcome: query.outcome }),
        ...(user === undefined && query.resource === undefined ? {} : { resource: user ?? query.resource ?? '' }),
        ...(after === undefined ? {} : { after }),
      });
      return { body: { items: items.map(toAnswer), next: next === null ? null : writeCursor(next) } };
    },
  }),
  defineOperation({
    id: 'provisioningLog.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One call with the body that was sent, without passwords and secrets',
    answer: contract.provisioningLogWhole,
    run: async (context, call) => {
      await context.provisioningLog.flush();
      const id = paramOf(call, 'id');
      const entry = entryId.test(id) ? await context.provisioningLog.get(call.organization.id, id) : null;
      if (entry === null) throw new AdminError('entryNotFound', 'There is no such entry.');
      return { body: { ...toAnswer(entry), ...(entry.body === undefined ? {} : { body: readJson(entry.body) }) } };
    },
  }),
];

const entryId = /^[0-9a-f-]{36}\.\d{1,3}$/;

function readPlace(cursor: string | undefined): string | undefined {
  const place = readCursor(cursor);
  if (place === undefined || entryId.test(place)) return place;
  throw new AdminError('invalidCursor', 'This cursor is none of ours; start again without one.');
}

function toAnswer({ body: _body, changes, at, ...entry }: LoggedEntry) {
  return { ...entry, at: toIso(at), ...(changes === undefined ? {} : (readJson(changes) as object)) };
}

function readJson(text: string): unknown {
  return JSON.parse(text);
}
