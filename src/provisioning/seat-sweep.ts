// The sweeps behind the seats: finish what a crash left half done, of groups and departments too, promote whoever waits beside a free seat,
// charge them to the budgets of their departments, count anew.

import type { ChangeContext } from '#directory/effects-between.ts';
import { chargePeople } from './charge-people.ts';
import { settleTree } from './department-tree.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { recountSeats, withdrawOverUse } from './administer-seats.ts';
import { promoteWaiting } from './seat-queue.ts';

/** A seat movement older than this belongs to a writer that died or was cut off. Settling a slow one is safe too: it loses at its next guard. */
const unfinishedAfterMs = 10_000;

/** Idempotent; safe beside running changes. Throws `StorageError`. */
export async function sweepSeats(context: ProvisioningContext): Promise<void> {
  await context.storage.seats.settle(Date.now() - unfinishedAfterMs);
  await context.storage.groups.settle(Date.now() - unfinishedAfterMs);
  for (const { id } of await context.storage.organizations.list()) {
    await promoteWaiting(context, id);
    await settleTree(context, id);
  }
  for (const id of await context.storage.budgets.organizations()) await chargePeople(context, id);
}

const bySchedule: ChangeContext = { actor: { kind: 'system', name: 'recount' }, mouth: 'schedule' };

/** Counts the seats of every organisation anew and repairs what is wrong, which should never be; takes over-use back that no policy allows. Throws `StorageError`. */
export async function recountAll(context: ProvisioningContext): Promise<void> {
  for (const { id } of await context.storage.organizations.list()) {
    await withdrawOverUse(context, id);
    const { drift, budgets = {}, outcome } = await recountSeats(context, id, bySchedule);
    const wrong = Object.keys(budgets).length;
    const words = wrong === 0 ? `off by ${drift}` : `off by ${drift}, and ${wrong} of its budgets were wrong,`;
    if (outcome === 'repaired') context.reportTrouble(`the ledger of ${id} was ${words} and is repaired`, null);
  }
  // Whoever was locked out in the same change that moved them to another department, and kept the seat, is charged anew here.
  for (const id of await context.storage.budgets.organizations()) await chargePeople(context, id, 'inAnyCase');
}
