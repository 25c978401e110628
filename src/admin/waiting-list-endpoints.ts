// The waiting list: who waits for a seat, since when, why, and when their turn is to be expected; and moving somebody in it.

import type { UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { usedUpBudget } from '#directory/seat-budget.ts';
import { turnsOf } from '#directory/seat-forecast.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import { readQueue } from '#provisioning/move-in-queue.ts';
import { readBudgets, type DepartmentBudget } from '#provisioning/seat-budgets.ts';
import { beginReckoning } from '#provisioning/seat-charge.ts';
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
  const budgets = await findBudgetsInTheWay(context, organization, queue);
  const passedOver = queue.filter(({ id }) => budgets.has(id)).length;
  const { seats, people, contract: rows } = await readKnownFuture(context, organization, daysAhead);
  const turns = turnsOf({ ...seats, waiting: queue.length - passedOver }, { people, contract: rows });
  const coming = turns.values();
  return queue.map((user, at) => {
    const budget = budgets.get(user.id);
    return toEntry(user, at + 1, budget === undefined ? (coming.next().value ?? null) : null, budget);
  });
}

/** Who waits for a budget, whatever else is free: what is reckoned of turns does not know when that will be. */
async function findBudgetsInTheWay(
  context: AdminContext,
  { id }: Organization,
  queue: readonly User[],
): Promise<ReadonlyMap<UserId, DepartmentBudget>> {
  const reckoning = await beginReckoning(context, id);
  const found = new Map<UserId, DepartmentBudget>();
  if (reckoning === null) return found;
  const budgets = new Map((await readBudgets(context, id)).map((budget) => [budget.department, budget] as const));
  for (const user of queue) {
    const usedUp = usedUpBudget(reckoning.budgets, (await reckoning.chargeOf(user)).to);
    const budget = usedUp === null ? undefined : budgets.get(usedUp.department);
    if (budget !== undefined) found.set(user.id, budget);
  }
  return found;
}

function toEntry(
  { id, profile, holds, waitingSince = 0 }: User,
  place: number,
  turn: number | null,
  budget: DepartmentBudget | undefined,
) {
  const seat = holds.find(({ kind }) => kind === 'seat');
  return {
    place,
    user: { id, userName: profile.userName, displayName: displayNameOf(profile) },
    since: toIso(seat?.since ?? waitingSince),
    for: seat === undefined ? 'return' : 'seat',
    ...(seat === undefined ? {} : { by: seat.by }),
    ...(seat?.reason === undefined ? {} : { reason: seat.reason }),
    ...(budget === undefined ? {} : { budget }),
    turn: turn === null ? null : toIso(turn),
  };
}
