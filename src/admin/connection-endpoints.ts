// Connections: add, list, show, replace, remove, try out. Secrets go in and never come out.

import { z } from 'zod';
import type { Connection } from '#directory/connection.ts';
import type { ConnectionId, UserId } from '#directory/identifiers.ts';
import { statusOf, type User } from '#directory/user.ts';
import { connectionRecords } from '#storage/connection-records.ts';
import { listDomainsOf } from '#storage/domain-records.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type AdminContext, type Answer, type Operation } from './admin-operation.ts';
import {
  addConnection,
  readConnection,
  removeConnection,
  replaceConnection,
  type ConnectionChange,
} from './connection-changes.ts';
import { checkConnection } from './connection-check.ts';
import { readConnectionInput } from './connection-input.ts';
import { withMetadata } from './metadata-endpoints.ts';
import { toConnectionAnswer } from './connection-sign-in.ts';
import { assertNotTaken, claimListed } from './domain-changes.ts';
import { readCursor, toPage } from './paging.ts';
import { toHoldAnswer } from './user-view.ts';

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
      const input = await withMetadata(context, readConnectionInput(call.body));
      if (call.reachesAll) await assertNotTaken(context, call.organization.id, input.domains);
      const added = await addConnection(context, call.organization.id, input, call.by);
      await claimListed(context, call.organization.id, added.connection.domains, call.reachesAll, call.by);
      return answer(context, added);
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
      const items = await answersOf(
        context,
        shown.items.map(({ value }) => value),
      );
      return { body: { items, next: shown.next } };
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
      const [shown] = await answersOf(context, [connection]);
      return { body: { ...shown, ...(await countDiffering(context, connection)) } };
    },
  }),
  defineOperation({
    id: 'connections.differences',
    method: 'get',
    path: `${base}/:id/differences`,
    summary: 'People whom this connection takes for active and something else holds, in order of creation',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.differenceAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor) as UserId | undefined;
      const connection = await readConnection(context, call.organization.id, idOf(call));
      const key = { kind: 'differs', value: connection.id } as const;
      const page = { key, limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const shown = toPage(await context.storage.users.list(call.organization.id, page), limit, ({ id }) => id);
      return { body: { items: shown.items.map(toDifference), next: shown.next } };
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
      if (call.reachesAll) await assertNotTaken(context, call.organization.id, input.domains);
      const replaced = await replaceConnection(context, call.organization.id, idOf(call), input, call.by);
      await claimListed(context, call.organization.id, replaced.connection.domains, call.reachesAll, call.by);
      return answer(context, replaced);
    },
  }),
  defineOperation({
    id: 'connections.remove',
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Remove a connection and revoke its credentials; holds it placed stay',
    answer: contract.connectionChanged,
    run: async (context, call) =>
      answer(context, await removeConnection(context, call.organization.id, idOf(call), call.by)),
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

/** So many are counted at most: 200 stands for that many or more. */
const mostCounted = 200;

/** Only of what provisions: how many people it takes for active who are not. By index, however many people there are. */
async function countDiffering(context: AdminContext, { organizationId, id, provisioning }: Connection) {
  if (provisioning?.kind !== 'scim') return {};
  const page = { key: { kind: 'differs', value: id }, limit: mostCounted } as const;
  return { differs: (await context.storage.users.list(organizationId, page)).length };
}

function toDifference(user: User) {
  const { id, profile, holds } = user;
  return { user: id, userName: profile.userName, status: statusOf(user), holds: holds.map(toHoldAnswer) };
}

async function answer(context: AdminContext, { connection, change }: ConnectionChange): Promise<Answer> {
  const [shown] = await answersOf(context, [connection]);
  return { body: { connection: shown, change } };
}

/** As they are told, of one organisation; which of their domains it has is read for all of them together. */
async function answersOf(context: AdminContext, connections: readonly Connection[]) {
  const organizationId = connections[0]?.organizationId;
  if (organizationId === undefined) return [];
  const domains = [...new Set(connections.flatMap((connection) => connection.domains))];
  const verified = new Set<string>();
  for (let from = 0; from < domains.length; from += 1_000) {
    const some = domains.slice(from, from + 1_000);
    for (const one of await listDomainsOf(context.storage, organizationId, some, context.now())) verified.add(one);
  }
  const braked = connections.filter(({ provisioning }) => provisioning?.brake !== undefined).map(({ id }) => id);
  const brakes = await context.provisioning.readBrakes(organizationId, braked);
  return connections.map((one) => toConnectionAnswer(context, one, verified, brakes.get(one.id)));
}
