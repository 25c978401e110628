// Connections: add, list, show, replace, remove, try out. Secrets go in and never come out.

import { z } from 'zod';
import type { ConnectionId } from '#directory/identifiers.ts';
import { connectionRecords } from '#storage/connection-records.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type Operation } from './admin-operation.ts';
import { addConnection, readConnection, removeConnection, replaceConnection } from './connection-changes.ts';
import { checkConnection } from './connection-check.ts';
import { readConnectionInput } from './connection-input.ts';
import { withMetadata } from './metadata-endpoints.ts';
import { toConnectionAnswer } from './connection-sign-in.ts';
import { readCursor, toPage } from './paging.ts';

const base = '/organizations/:org/connections';
const idOf = (call: Parameters<typeof paramOf>[0]) => paramOf(call, 'id') as ConnectionId;

/** Either form. Checked by `readConnectionInput`, whose refusals name the member of the form that was meant. */
const eitherForm = z
  .record(z.string(), z.unknown())
  .meta({ description: 'The long form with `signIn` and `provisioning`, or the short form with `kind`.' });

export const connectionOperations: readonly Operation[] = [
  defineOperation({
    id: 'connections.add',
    method: 'post',
    path: base,
    summary: 'Add a connection: SAML or OIDC to sign in, SCIM or HR to provision',
    body: eitherForm,
    answer: contract.connectionChanged,
    status: 201,
    run: async (context, call) => {
      const { connection, change } = await addConnection(
        context,
        call.organization.id,
        await withMetadata(context, readConnectionInput(call.body)),
        call.by,
      );
      return { body: { connection: toConnectionAnswer(context, connection), change } };
    },
  }),
  defineOperation({
    id: 'connections.list',
    method: 'get',
    path: base,
    summary: 'Connections, by id',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.connectionAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor);
      const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const records = await context.storage.records(connectionRecords).list(call.organization.id, page, context.now());
      const shown = toPage(records, limit, ({ id }) => id);
      return { body: { items: shown.items.map(({ value }) => toConnectionAnswer(context, value)), next: shown.next } };
    },
  }),
  defineOperation({
    id: 'connections.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One connection',
    answer: contract.connectionAnswer,
    run: async (context, call) => {
      const connection = await readConnection(context, call.organization.id, idOf(call));
      return { body: toConnectionAnswer(context, connection) };
    },
  }),
  defineOperation({
    id: 'connections.replace',
    method: 'put',
    path: `${base}/:id`,
    summary: 'Write a connection anew; a client secret that is left out stays',
    body: eitherForm,
    answer: contract.connectionChanged,
    run: async (context, call) => {
      const input = await withMetadata(context, readConnectionInput(call.body));
      const { connection, change } = await replaceConnection(context, call.organization.id, idOf(call), input, call.by);
      return { body: { connection: toConnectionAnswer(context, connection), change } };
    },
  }),
  defineOperation({
    id: 'connections.remove',
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Remove a connection and revoke its credentials; holds it placed stay',
    answer: contract.connectionChanged,
    run: async (context, call) => {
      const { connection, change } = await removeConnection(context, call.organization.id, idOf(call), call.by);
      return { body: { connection: toConnectionAnswer(context, connection), change } };
    },
  }),
  defineOperation({
    id: 'connections.test',
    method: 'post',
    path: `${base}/:id/test`,
    summary: 'Try a connection without signing anyone in',
    answer: contract.connectionTested,
    readsOnly: true,
    run: async (context, call) => {
      const checks = await checkConnection(context, await readConnection(context, call.organization.id, idOf(call)));
      return { body: { ok: checks.every((check) => check.ok), checks } };
    },
  }),
];
