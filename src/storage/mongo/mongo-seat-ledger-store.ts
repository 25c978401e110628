// The ledger for the rest of the house: read, change of contract, recount, and the sweep that settles what a crash left.
// The steps of one seat are mongo-seat-movement.ts.

import type { DepartmentId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { applyContract, limitOf, type SeatIntent } from '#directory/seat.ts';
import { driftOfBudgets } from '#directory/seat-budget.ts';
import type { RecountOutcome, SeatLedgerStore } from '../seat-ledger-store.ts';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import { withEffects } from './mongo-effects.ts';
import { guard, isUnavailable, toStorageError } from './mongo-errors.ts';
import { type LedgerDocument, type LedgerModel, type Ledgers, pathOfBudget, toLedger } from './mongo-ledger.ts';
import type { SeatMovement } from './mongo-seat-movement.ts';
import { seatHeld, type UserDocument, type UserModel } from './mongo-user-document.ts';

/** Tries of a change of contract while seats move. */
const contractRounds = 100;
/** An instant so far ahead comes from a clock that was wrong. */
const implausiblyAheadMs = 60_000;
const noneCharged: ReadonlyMap<DepartmentId, number> = new Map();
/** How many documents one round of the sweep looks at. */
const piece = 500;

export function createSeatLedgerStore(
  ledgerModel: LedgerModel,
  users: UserModel,
  ledgers: Ledgers,
  movement: SeatMovement,
  reportTrouble: (message: string, error: unknown) => void,
): SeatLedgerStore {
  return {
    read: (organizationId) =>
      guard(async () => {
        const ledger = await ledgers.read(organizationId);
        return ledger === null ? null : toLedger(ledger);
      }),

    changeContract: (organizationId, contract, effectsOf, rule) =>
      guard(async () => {
        for (let round = 0; round < contractRounds; round += 1) {
          const before = await readKnown(organizationId);
          const known = toLedger(before);
          const after = applyContract(known, contract, rule);
          if ('tooMany' in after) return { kind: 'belowUse', over: after.tooMany };
          const { licensed, over } = after;
          // Seats may move meanwhile: `free` is moved by the difference, and must still reach down to what may go over.
          // A ledger that waits for its recount is judged by `free` too: what cannot be written must not be tried for ever.
          const more = limitOf(after) - limitOf(before);
          const mayRefuse = rule?.evenBelowUse !== true && (more < 0 || over < before.over);
          const tooMany = -over - (before.free + more);
          if (mayRefuse && tooMany > 0) return { kind: 'belowUse', over: tooMany };
          const enough = mayRefuse ? { free: operators({ $gte: -over - more }) } : {};
          const changed = await ledgerModel
            .findOneAndUpdate(
              { _id: organizationId, licensed: before.licensed, over: before.over, ...enough },
              withEffects({ licensed, over }, effectsOf(known, after), { free: more, version: 1 }),
              { returnDocument: 'after' },
            )
            .lean<LedgerDocument>();
          if (changed !== null) return { kind: 'changed', ledger: toLedger(changed) };
        }
        throw new StorageError('unavailable', 'The seat ledger changes too fast.');
      }),

    recount: (organizationId, effectsOf) =>
      guard(async (): Promise<RecountOutcome> => {
        const ledger = await readKnown(organizationId);
        const before = toLedger(ledger);
        if (ledger.moving > 0) return { drift: 0, outcome: 'busy', ledger: before };
        const holders = await users.countDocuments({ organizationId, seat: operators({ $in: seatHeld }) });
        const drift = ledger.used - holders;
        const free = limitOf(ledger) - holders;
        const counted = ledger.budgets === undefined ? noneCharged : await countCharged(organizationId);
        const budgets = driftOfBudgets(ledger.budgets, counted);
        const right = rightCounters(ledger, counted);
        if (drift === 0 && free === ledger.free && Object.keys(right).length === 0)
          return { drift, outcome: 'exact', ledger: before };
        const found = budgets === undefined ? {} : { budgets };
        // A compare-and-set on the whole ledger: whatever changed since it was read, this count is of no use.
        const repaired = await ledgerModel
          .findOneAndUpdate(
            { _id: organizationId, version: ledger.version, moving: 0 },
            withEffects({ used: holders, free, ...right }, effectsOf(drift, budgets), { version: 1 }),
            { returnDocument: 'after' },
          )
          .lean<LedgerDocument>();
        if (repaired === null) return { drift: 0, outcome: 'busy', ledger: before };
        return { drift, ...found, outcome: 'repaired', ledger: toLedger(repaired) };
      }),

    settle: (olderThan) =>
      guard(async () => {
        const freed = new Set<OrganizationId>();
        const finish = async (organizationId: OrganizationId, work: Promise<{ readonly freed: boolean }>) => {
          try {
            if ((await work).freed) freed.add(organizationId);
          } catch (error) {
            // One movement that cannot be finished must not keep the others waiting; a store that is away keeps them all.
            if (isUnavailable(toStorageError(error))) throw error;
            reportTrouble('a seat movement could not be finished', error);
          }
        };
        const moving = { moving: operators({ $gt: 0 }) };
        for (const ledger of await ledgerModel.find(moving).limit(piece).lean<LedgerDocument[]>()) {
          const organizationId = ledger._id as OrganizationId;
          for (const [user, intent] of oldIntents(ledger, olderThan)) {
            await finish(organizationId, movement.settle(organizationId, user, intent));
          }
        }
        const late = { releasingSince: operators({ $lt: olderThan }) };
        const ahead = { releasingSince: operators({ $gt: Date.now() + implausiblyAheadMs }) };
        for (const releasing of [late, ahead]) {
          for (const user of await users.find(releasing).limit(piece).lean<UserDocument[]>()) {
            await finish(user.organizationId as OrganizationId, movement.release(user));
          }
        }
        return [...freed];
      }),
  };

  async function countCharged(organizationId: OrganizationId): Promise<ReadonlyMap<DepartmentId, number>> {
    const charged = await users.aggregate<{ _id: DepartmentId; count: number }>([
      { $match: { organizationId, seat: { $in: seatHeld }, charge: { $gte: '' } } },
      { $group: { _id: '$charge', count: { $sum: 1 } } },
    ]);
    return new Map(charged.map(({ _id, count }) => [_id, count]));
  }

  async function readKnown(organizationId: OrganizationId): Promise<LedgerDocument> {
    const ledger = await ledgers.read(organizationId);
    if (ledger === null)
      throw new StorageError('incompatible', 'There is no such organisation, and so no seat ledger.');
    return ledger;
  }
}

/** The counters of budgets that are wrong, as they are to be. */
function rightCounters(
  { budgets }: LedgerDocument,
  counted: ReadonlyMap<DepartmentId, number>,
): Readonly<Record<string, object>> {
  const departments = new Set([...Object.keys(budgets?.of ?? {}), ...counted.keys()] as DepartmentId[]);
  const right: Record<string, object> = {};
  for (const department of departments) {
    const stored = budgets?.of[department];
    const [limit, used] = [stored?.limit ?? null, counted.get(department) ?? 0];
    const free = (limit ?? 0) - used;
    if (stored?.used !== used || stored.free !== free) right[pathOfBudget(department)] = { limit, used, free };
  }
  return right;
}

function oldIntents(ledger: LedgerDocument, olderThan: number): readonly (readonly [UserId, SeatIntent])[] {
  return Object.entries(ledger.intents)
    .filter(([, intent]) => intent.at < olderThan || intent.at > Date.now() + implausiblyAheadMs)
    .map(([user, intent]) => [user as UserId, intent] as const);
}
