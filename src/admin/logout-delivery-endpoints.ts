// Logouts that apps are to hear of: which were delivered, which wait, which were given up, by person, app and state; one given up may be tried again.

import { z } from 'zod';
import {
  giveLogoutAnotherDay,
  listLogoutDeliveries,
  readLogoutDelivery,
  type StoredLogoutDelivery,
} from '#gate/logout/logout-delivery.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type AdminContext, type Call, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { change, instant, slug } from './contract-words.ts';
import { readCursor, toPage } from './paging.ts';
import { recordChange } from './recorded-change.ts';

const base = '/organizations/:org/logout-deliveries';
const states = ['waiting', 'delivered', 'dead', 'dropped'] as const;

const deliveryQuery = contract.pageQuery.extend({
  user: z.string().max(100).optional().describe('Id of a user.'),
  app: slug.optional(),
  state: z.enum(states).optional().describe('`dead`: given up after a day. `dropped`: the app wants none any more.'),
});

const deliveryAnswer = z.object({
  id: z.string(),
  app: z.string(),
  userId: z.string(),
  sid: z.string().describe('The session as the app’s ID tokens call it.'),
  cause: z.string(),
  state: z.enum(states),
  queuedAt: instant,
  attempts: z.number(),
  nextAt: instant.optional().describe('Of those that wait: when it is tried next.'),
  deliveredAt: instant.optional(),
  error: z.string().optional().describe('Of the last try.'),
});

export const logoutDeliveryOperations: readonly Operation[] = [
  defineOperation({
    id: 'logoutDeliveries.list',
    method: 'get',
    path: base,
    summary: 'Logouts that apps are to hear of, of the last 30 days, by person, app and state',
    query: deliveryQuery,
    answer: contract.pageOf(deliveryAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const found = await findDeliveries(context, call, readCursor(cursor), limit + 1);
      const page = toPage(found, limit, ({ id }) => id);
      return { body: { items: page.items.map(toAnswer), next: page.next } };
    },
  }),
  defineOperation({
    id: 'logoutDeliveries.retry',
    method: 'post',
    path: `${base}/:id/retry`,
    summary: 'Try a logout again that waits or was given up',
    answer: z.object({ delivery: deliveryAnswer, change }),
    run: async (context, call) => {
      const id = paramOf(call, 'id');
      for (let round = 0; round < 50; round += 1) {
        const record = await readLogoutDelivery(context.gate, call.organization.id, id);
        if (record === null) throw new AdminError('entryNotFound', 'There is no such delivery.');
        const { app, state } = record.value;
        if (state === 'delivered' || state === 'dropped') return { body: { delivery: toAnswer(record), change: null } };
        const target = { kind: 'app', id: app, name: app } as const;
        const words = { action: 'logoutDelivery.retried', target, after: { delivery: id } };
        const recorded = recordChange(context, call.organization.id, words, call.by);
        const renewed = await giveLogoutAnotherDay(context.gate, record, recorded.effects);
        if (renewed === null) continue;
        context.wakeRelay();
        return { body: { delivery: toAnswer(renewed), change: recorded.change } };
      }
      throw new AdminError('entryNotFound', 'This delivery is being changed too often; try again.');
    },
  }),
];

type ListCall = Call<unknown, z.output<typeof deliveryQuery>>;

/** By one of them there is an index; with several, those of the rarest are read until enough fit the others. */
async function findDeliveries(context: AdminContext, call: ListCall, after: string | undefined, limit: number) {
  const { user, app, state } = call.query;
  const found: StoredLogoutDelivery[] = [];
  for (let place = after; ; ) {
    const piece = await listLogoutDeliveries(context.gate, call.organization.id, {
      ...(user !== undefined ? { user } : app !== undefined ? { app } : state !== undefined ? { state } : {}),
      limit,
      ...(place === undefined ? {} : { after: place }),
    });
    found.push(
      ...piece.filter(
        ({ value }) => (app === undefined || value.app === app) && (state === undefined || value.state === state),
      ),
    );
    if (piece.length < limit || found.length >= limit) return found.slice(0, limit);
    place = piece.at(-1)?.id;
  }
}

function toAnswer({ id, value }: StoredLogoutDelivery) {
  const { queuedAt, nextAt, giveUpAt: _end, deliveredAt, ...rest } = value;
  return {
    id,
    ...rest,
    queuedAt: toIso(queuedAt),
    ...(value.state === 'waiting' ? { nextAt: toIso(nextAt) } : {}),
    ...(deliveredAt === undefined ? {} : { deliveredAt: toIso(deliveredAt) }),
  };
}
