// The ledger document, one per organisation, and its single-document steps: take or announce with an intent, close an intent, read.
// Every step changes `used` and `free` together and raises `version`. Which step follows which is mongo-seat-movement.ts (model.md, "Seats").

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import {
  createLedger,
  hasFreeSeat,
  returnOf,
  type SeatIntent,
  type SeatLedger,
  type SeatReturn,
} from '#directory/seat.ts';
import { usedUpBudget, type SeatBudget, type SeatBudgets, type UsedUpBudget } from '#directory/seat-budget.ts';
import { type Connection, type Model, Schema } from 'mongoose';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import { type EffectFields, effectFields, effectSchema } from './mongo-effects.ts';
import { isDuplicateKey } from './mongo-errors.ts';
import type { OrganizationModel } from './mongo-organization-store.ts';
import { asMapKey } from './mongo-storable.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

/** `free` is what is left of the limit (of none: of 0), so that a take can be guarded by it. */
type StoredBudgets = SeatBudgets & { readonly of: Readonly<Record<string, SeatBudget & { readonly free: number }>> };

export interface LedgerDocument extends SeatLedger, EffectFields {
  readonly _id: string;
  readonly budgets?: StoredBudgets;
  /** How many intents there are, so that ledgers with any can be found by an index. */
  readonly moving: number;
  /** Rises with every change: what a recount compares. */
  readonly version: number;
}

export type LedgerModel = Model<LedgerDocument>;

export type TakeOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'noSeat'; readonly budget?: UsedUpBudget }
  | { readonly kind: 'staleCharge' }
  | { readonly kind: 'busy'; readonly intent: SeatIntent };

export interface Ledgers {
  /** The ledger as stored, null when the organisation is unknown. */
  read(organizationId: OrganizationId): Promise<LedgerDocument | null>;
  /**
   * Step 1 of a take: one seat, one of the budget `intent.to`, and the intent, if none of this user is under way and both are free. `basis` is the one
   * on which the charge was reckoned; undefined: without budgets.
   */
  take(organizationId: OrganizationId, user: UserId, intent: SeatIntent, basis?: string): Promise<TakeOutcome>;
  /** Step 1 of a transfer: one more of the budget `intent.to`, free or not, and the intent. */
  transfer(organizationId: OrganizationId, user: UserId, intent: SeatIntent, basis: string): Promise<TakeOutcome>;
  /** Step 1 of a give-back: the intent alone. Answers the intent that is in the way, if one is. */
  announce(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<SeatIntent | null>;
  /** Step 3: unsets the intent, and gives back what is to be given back (`returnOf`). False when it was closed already. */
  close(organizationId: OrganizationId, user: UserId, intent: SeatIntent, applied: boolean): Promise<boolean>;
}

/** Each round was lost to someone else's change, or the ledger cannot be found. */
const rounds = 100;
const tooFast = (): StorageError => new StorageError('unavailable', 'The seat ledger changes too fast.');

export function defineLedgers(connection: Connection): LedgerModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      licensed: Number,
      used: Number,
      free: Number,
      over: Number,
      intents: Schema.Types.Mixed,
      budgets: Schema.Types.Mixed,
      moving: Number,
      version: Number,
      ...effectSchema,
    },
    { versionKey: false, minimize: false, collection: 'seatLedgers' },
  );
  schema.index({ moving: 1 }, { name: 'moving' });
  schema.index({ 'budgets.basis': 1 }, { name: 'budgets' });
  schema.index({ effectsDue: 1 }, { name: 'effectsDue' });
  return defineModel<LedgerDocument>(connection, 'seatLedgers', schema);
}

export function createLedgers(ledgers: LedgerModel, organizations: OrganizationModel): Ledgers {
  /** The organisation is written first and says how many seats it began with: a crash in between is repaired by whoever reads next. */
  async function read(organizationId: OrganizationId): Promise<LedgerDocument | null> {
    const found = await ledgers.findById(organizationId).lean<LedgerDocument>();
    if (found !== null) return found;
    const organization = await organizations.findById(organizationId).lean<{ licensedAtStart: number | null }>();
    if (organization === null) return null;
    await insertLedger(ledgers, organizationId, organization.licensedAtStart);
    return ledgers.findById(organizationId).lean<LedgerDocument>();
  }

  return {
    read,

    async take(organizationId, user, intent, basis) {
      const mine = `intents.${asMapKey(user)}`;
      const budget = guardOfBudgets(intent, basis);
      // Nobody goes over in most organisations: try that first, read only if it was wrong.
      let over = 0;
      for (let round = 0; round < rounds; round += 1) {
        const guards = { over, free: operators({ $gt: -over }), [mine]: operators({ $exists: false }) };
        const taken = await ledgers.updateOne(
          { _id: organizationId, ...guards, ...budget },
          { $set: { [mine]: intent }, $inc: { used: 1, free: -1, moving: 1, version: 1, ...countTo(intent) } },
        );
        if (taken.matchedCount === 1) return { kind: 'taken' };
        const ledger = await read(organizationId);
        if (ledger === null) return { kind: 'noSeat' };
        const other = ledger.intents[user];
        if (other !== undefined) return { kind: 'busy', intent: other };
        if (ledger.budgets?.basis !== basis) return { kind: 'staleCharge' };
        if (!hasFreeSeat(ledger)) return { kind: 'noSeat' };
        const usedUp = usedUpBudget(ledger.budgets, intent.to ?? null);
        if (usedUp !== null) return { kind: 'noSeat', budget: usedUp };
        over = ledger.over;
      }
      throw tooFast();
    },

    async transfer(organizationId, user, intent, basis) {
      const mine = `intents.${asMapKey(user)}`;
      for (let round = 0; round < rounds; round += 1) {
        const moved = await ledgers.updateOne(
          { _id: organizationId, 'budgets.basis': basis, [mine]: operators({ $exists: false }) },
          { $set: { [mine]: intent }, $inc: { moving: 1, version: 1, ...countTo(intent) } },
        );
        if (moved.matchedCount === 1) return { kind: 'taken' };
        const ledger = await read(organizationId);
        const other = ledger?.intents[user];
        if (other !== undefined) return { kind: 'busy', intent: other };
        if (ledger?.budgets?.basis !== basis) return { kind: 'staleCharge' };
      }
      throw tooFast();
    },

    async announce(organizationId, user, intent) {
      const mine = `intents.${asMapKey(user)}`;
      for (let round = 0; round < rounds; round += 1) {
        const announced = await ledgers.updateOne(
          { _id: organizationId, [mine]: operators({ $exists: false }) },
          { $set: { [mine]: intent }, $inc: { moving: 1, version: 1 } },
        );
        if (announced.matchedCount === 1) return null;
        const other = (await read(organizationId))?.intents[user];
        if (other !== undefined) return other;
      }
      throw tooFast();
    },

    async close(organizationId, user, intent, applied) {
      const mine = `intents.${asMapKey(user)}`;
      const back = returnOf(intent, applied);
      const seat = back.seat ? { used: -1, free: 1 } : {};
      const closeWith = async (guard: object, budget: object): Promise<boolean> => {
        const closed = await ledgers.updateOne(
          { _id: organizationId, [`${mine}.id`]: intent.id, ...guard },
          { $unset: { [mine]: '' }, $inc: { ...seat, ...budget, moving: -1, version: 1 } },
        );
        return closed.matchedCount === 1;
      };
      if (back.budget === undefined) return closeWith({}, {});
      const of = pathOfBudget(back.budget);
      const budget = { [`${of}.used`]: -1, [`${of}.free`]: 1 };
      if (await closeWith({ [`${of}.used`]: operators({ $exists: true }) }, budget)) return true;
      // A budget that somebody is charged to stays, so it is there; were it not, the seat must come back all the same.
      return closeWith({ [`${of}.used`]: operators({ $exists: false }) }, {});
    },
  };
}

/** Where the counters of a department's budget are. */
export function pathOfBudget(department: string): string {
  return `budgets.of.${asMapKey(department)}`;
}

/** Whether closing gives anything back. */
export function givesBack({ seat, budget }: SeatReturn): boolean {
  return seat || budget !== undefined;
}

function guardOfBudgets({ to }: SeatIntent, basis: string | undefined): Record<string, unknown> {
  // null: the field is not there.
  if (basis === undefined) return { budgets: null };
  const left = to === undefined ? {} : { [`${pathOfBudget(to)}.free`]: operators({ $gt: 0 }) };
  return { 'budgets.basis': basis, ...left };
}

function countTo({ to }: SeatIntent): Record<string, number> {
  if (to === undefined) return {};
  return { [`${pathOfBudget(to)}.used`]: 1, [`${pathOfBudget(to)}.free`]: -1 };
}

/** The ledger of a new organisation; one that exists already stays as it is. */
export async function insertLedger(
  ledgers: LedgerModel,
  organizationId: OrganizationId,
  licensed: number | null,
): Promise<void> {
  const fields = { ...createLedger(licensed), moving: 0, version: 0, ...effectFields([]) };
  try {
    await ledgers.insertOne({ _id: organizationId, organizationId, ...fields });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

export function toLedger({ licensed, used, free, over, intents, budgets }: LedgerDocument): SeatLedger {
  const numbers = { licensed, used, free, over, intents };
  if (budgets === undefined) return numbers;
  const { basis, chargedAt } = budgets;
  const of = Object.entries(budgets.of).map(([department, { limit, used: charged }]) => {
    return [department, { limit, used: charged }] as const;
  });
  const kept = { basis, ...(chargedAt === undefined ? {} : { chargedAt }), of: Object.fromEntries(of) };
  return { ...numbers, budgets: kept };
}
