// The waiting list: who waits for a seat, since when, why, and when their turn is to be expected; and moving somebody in it.

import type { UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { turnsOf } from '#directory/seat-forecast.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import { readQueue } from '#provisioning/move-in-queue.ts';
import { defineOperation, paramOf, toIso, type AdminContext, type Operation } from './admin-operation.ts';
import { readKnownFuture } from './seat-forecast.ts';
import * as contract from './waiting-list-contract.ts';

const base = '/organizations/:org/seats/waiting';
const daysAhead = 366;

export const waitingListOperations: readonly Operation[] = [
  defineOperation({
    id: 'seats.waiting',
    method: 'get',
    path: base,
    summary: 'Who waits for a seat, in order, and when their turn is to be expected',
    answer: contract.waitingListAnswer,
    run: async (context, call) => ({ body: { items: await readWaitingList(context, call.organization) } }),
  }),
  defineOperation({
    id: 'seats.moveWaiting',
    method: 'post',
    path: `${base}/:id/move`,
    summary: 'Move somebody in the queue, with a reason',
    body: contract.queueMove,
    answer: contract.queueMoved,
    run: async (context, call) => {
      const { before, reason } = call.body;
      const id = paramOf(call, 'id') as UserId;
      const by = { ...call.by, reason };
      const moved = await context.provisioning.moveInQueue(call.organization.id, id, before as UserId | null, by);
      return { body: { items: await readWaitingList(context, call.organization), change: moved.change } };
    },
  }),
];

async function readWaitingList(context: AdminContext, organization: Organization) {
  const queue = await readQueue(context, organization.id);
  if (queue.length === 0) return [];
  const { seats, people, contract: rows } = await readKnownFuture(context, organization, daysAhead);
  const turns = turnsOf(
    { ...seats, used: seats.used + seats.reserved, waiting: queue.length },
    { people, contract: rows },
  );
  return queue.map((user, at) => toEntry(user, at + 1, turns[at] ?? null));
}

function toEntry({ id, profile, holds, waitingSince = 0 }: User, place: number, turn: number | null) {
  const seat = holds.find(({ kind }) => kind === 'seat');
  return {
    place,
    user: { id, userName: profile.userName, displayName: displayNameOf(profile) },
    since: toIso(seat?.since ?? waitingSince),
    for: seat === undefined ? 'return' : 'seat',
    ...(seat === undefined ? {} : { by: seat.by }),
    ...(seat?.reason === undefined ? {} : { reason: seat.reason }),
    turn: turn === null ? null : toIso(turn),
  };
}
