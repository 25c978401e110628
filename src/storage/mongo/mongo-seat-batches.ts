// Seats taken by several people of one organisation at the same moment (a Bulk request, a sync) are taken in one step of the ledger instead of one
// each: the guards are those of all of them together, so the step equals single ones that follow each other. What cannot be taken together
// is taken one by one; what is charged to a budget always is. A give-back is never gathered: nothing may keep a lock-out waiting.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { returnOf, type SeatIntent } from '#directory/seat.ts';
import { gatherCalls } from './gather-calls.ts';
import { operators } from './mongo-connection.ts';
import { givesBack, type LedgerModel, type Ledgers, type TakeOutcome } from './mongo-ledger.ts';
import { asMapKey } from './mongo-storable.ts';

interface Movement {
  readonly organizationId: OrganizationId;
  readonly user: UserId;
  readonly intent: SeatIntent;
}

/** The single steps of `ledgers`, gathered where several takes come at once. */
export function createSeatBatches(model: LedgerModel, ledgers: Ledgers): Ledgers {
  const takeOne = ({ organizationId, user, intent }: Movement) => ledgers.take(organizationId, user, intent);
  const closeOne = ({ organizationId, user, intent }: Movement) => ledgers.close(organizationId, user, intent, true);

  async function takeTogether(takes: readonly Movement[]): Promise<readonly Promise<TakeOutcome>[]> {
    const [first] = takes;
    if (first === undefined || takes.length === 1 || !areOfDifferentPeople(takes)) return takes.map(takeOne);
    const { organizationId } = first;
    const ledger = await ledgers.read(organizationId);
    if (ledger === null || ledger.budgets !== undefined) return takes.map(takeOne);
    const fitting = takes.slice(0, Math.max(0, ledger.free + ledger.over));
    if (fitting.length < 2) return takes.map(takeOne);
    const taken = await model.updateOne(
      {
        _id: organizationId,
        over: ledger.over,
        budgets: null,
        free: operators({ $gte: fitting.length - ledger.over }),
        ...Object.fromEntries(fitting.map(({ user }) => [nameOf(user), operators({ $exists: false })])),
      },
      {
        $set: Object.fromEntries(fitting.map(({ user, intent }) => [nameOf(user), intent])),
        $inc: { used: fitting.length, free: -fitting.length, moving: fitting.length, version: 1 },
      },
    );
    const together = taken.matchedCount === 1 ? fitting.length : 0;
    return takes.map((take, n) => (n < together ? Promise.resolve({ kind: 'taken' }) : takeOne(take)));
  }

  async function closeTogether(movements: readonly Movement[]): Promise<readonly Promise<boolean>[]> {
    const [first] = movements;
    if (first === undefined || movements.length === 1 || !areOfDifferentPeople(movements))
      return movements.map(closeOne);
    const closed = await model.updateOne(
      {
        _id: first.organizationId,
        ...Object.fromEntries(movements.map(({ user, intent }) => [`${nameOf(user)}.id`, intent.id])),
      },
      {
        $unset: Object.fromEntries(movements.map(({ user }) => [nameOf(user), ''])),
        $inc: { moving: -movements.length, version: 1 },
      },
    );
    return closed.matchedCount === 1 ? movements.map(() => Promise.resolve(true)) : movements.map(closeOne);
  }

  const take = gatherCalls(takeTogether);
  const close = gatherCalls(closeTogether);
  return {
    ...ledgers,
    take: (organizationId, user, intent, basis) =>
      basis === undefined
        ? take(organizationId, { organizationId, user, intent })
        : ledgers.take(organizationId, user, intent, basis),
    close: (organizationId, user, intent, applied) =>
      intent.kind !== 'take' || givesBack(returnOf(intent, applied))
        ? ledgers.close(organizationId, user, intent, applied)
        : close(organizationId, { organizationId, user, intent }),
  };
}

/** Two movements of one person cannot be one step: the second waits for the first. */
function areOfDifferentPeople(movements: readonly Movement[]): boolean {
  return new Set(movements.map(({ user }) => user)).size === movements.length;
}

function nameOf(user: UserId): string {
  return `intents.${asMapKey(user)}`;
}
