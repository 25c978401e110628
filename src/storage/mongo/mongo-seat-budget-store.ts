// Budgets on MongoDB: counters inside the ledger document, so that a seat and its charge are one guarded step (mongo-ledger.ts). A budget that was
// removed stays until nobody is charged to it: whatever is under way finds the counter it has to bring down.

import { randomUUID } from 'node:crypto';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { SeatBudgetStore } from '../seat-budget-store.ts';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import { withEffects } from './mongo-effects.ts';
import { guard } from './mongo-errors.ts';
import { type LedgerDocument, type LedgerModel, type Ledgers, pathOfBudget, toLedger } from './mongo-ledger.ts';
import type { SeatMovement } from './mongo-seat-movement.ts';

const rounds = 100;

export function createSeatBudgetStore(
  ledgerModel: LedgerModel,
  ledgers: Ledgers,
  movement: SeatMovement,
): SeatBudgetStore {
  const anotherBasis = () => ({ 'budgets.basis': randomUUID() });
  const toBeCharged = { $unset: { 'budgets.chargedAt': '' } };

  return {
    set: (organizationId, department, limit, effects) =>
      guard(async () => {
        const of = pathOfBudget(department);
        for (let round = 0; round < rounds; round += 1) {
          const ledger = await readKnown(organizationId);
          const before = ledger.budgets?.of[department];
          const was = before?.limit ?? null;
          if (was === null && limit === null) return toLedger(ledger);
          const changesCharges = was === null || limit === null;
          const basis = changesCharges ? anotherBasis() : {};
          const guards =
            before === undefined ? { [of]: operators({ $exists: false }) } : { [`${of}.limit`]: before.limit };
          const update =
            before === undefined
              ? withEffects({ [of]: { limit, used: 0, free: limit }, ...basis }, effects, { version: 1 })
              : withEffects({ [`${of}.limit`]: limit, ...basis }, effects, {
                  [`${of}.free`]: (limit ?? 0) - (was ?? 0),
                  version: 1,
                });
          const changed = await ledgerModel
            .findOneAndUpdate(
              { _id: organizationId, ...guards },
              { ...update, ...(changesCharges ? toBeCharged : {}) },
              { returnDocument: 'after' },
            )
            .lean<LedgerDocument>();
          if (changed !== null) return toLedger(changed);
        }
        throw new StorageError('unavailable', 'The seat ledger changes too fast.');
      }),

    organizations: () =>
      guard(async () => {
        const budgeted = { 'budgets.basis': operators({ $gte: '' }) };
        const found = await ledgerModel.find(budgeted, { _id: 1 }).sort({ _id: 1 }).lean<{ _id: OrganizationId }[]>();
        return found.map(({ _id }) => _id);
      }),

    beginCharging: (organizationId) =>
      guard(async () => {
        const begun = await ledgerModel
          .findOneAndUpdate(
            { _id: organizationId, 'budgets.basis': operators({ $gte: '' }) },
            { $set: anotherBasis(), $inc: { version: 1 }, ...toBeCharged },
            { returnDocument: 'after' },
          )
          .lean<LedgerDocument>();
        if (begun === null) return toLedger(await readKnown(organizationId));
        // Step 1 of these was done on the basis before: who has the seat is to be seen by whoever goes through the holders now.
        for (const [user, intent] of Object.entries(begun.intents))
          if (intent.kind !== 'giveBack') await movement.settle(organizationId, user as UserId, intent);
        return toLedger(begun);
      }),

    endCharging: (organizationId, basis, move) =>
      guard(async () => {
        const ledger = await readKnown(organizationId);
        const of = Object.entries(ledger.budgets?.of ?? {});
        const drained = of.filter(([, { limit, used }]) => limit === null && used === 0);
        const gone = drained.map(([department]) => [pathOfBudget(department), ''] as const);
        // On one basis nobody comes to be charged to a budget without a limit: what is drained stays so.
        const ended = await ledgerModel.updateOne(
          { _id: organizationId, 'budgets.basis': basis },
          drained.length === of.length
            ? { $unset: { budgets: '' }, $inc: { version: 1 } }
            : {
                $set: { 'budgets.chargedAt': move },
                $inc: { version: 1 },
                ...(drained.length === 0 ? {} : { $unset: Object.fromEntries(gone) }),
              },
        );
        return ended.matchedCount === 1;
      }),
  };

  async function readKnown(organizationId: OrganizationId): Promise<LedgerDocument> {
    const ledger = await ledgers.read(organizationId);
    if (ledger === null)
      throw new StorageError('incompatible', 'There is no such organisation, and so no seat ledger.');
    return ledger;
  }
}
