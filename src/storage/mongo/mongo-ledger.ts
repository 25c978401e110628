// The ledger document, one per organisation, and its single-document steps: take or announce with an intent, close an intent, read.
// Every step changes `used` and `free` together and raises `version`. Which step follows which is mongo-seat-movement.ts (model.md, "Seats").

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { createLedger, hasFreeSeat, type SeatIntent, type SeatLedger } from '#directory/seat.ts';
import { type Connection, type Model, Schema } from 'mongoose';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import { type EffectFields, effectFields, effectSchema } from './mongo-effects.ts';
import { isDuplicateKey } from './mongo-errors.ts';
import type { OrganizationModel } from './mongo-organization-store.ts';
import { asMapKey } from './mongo-storable.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

export interface LedgerDocument extends SeatLedger, EffectFields {
  readonly _id: string;
  /** How many intents there are, so that ledgers with any can be found by an index. */
  readonly moving: number;
  /** Rises with every change: what a recount compares. */
  readonly version: number;
}

export type LedgerModel = Model<LedgerDocument>;

export type TakeOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'noSeat' }
  | { readonly kind: 'busy'; readonly intent: SeatIntent };

export interface Ledgers {
  /** The ledger as stored, null when the organisation is unknown. */
  read(organizationId: OrganizationId): Promise<LedgerDocument | null>;
  /** Step 1 of a take: one seat and the intent, if none of this user is under way and a seat is free. */
  take(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<TakeOutcome>;
  /** Step 1 of a give-back: the intent alone. Answers the intent that is in the way, if one is. */
  announce(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<SeatIntent | null>;
  /** Step 3: unsets the intent, and gives one seat back if so decided. False when it was closed already. */
  close(organizationId: OrganizationId, user: UserId, intent: SeatIntent, givesBack: boolean): Promise<boolean>;
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
      moving: Number,
      version: Number,
      ...effectSchema,
    },
    { versionKey: false, minimize: false, collection: 'seatLedgers' },
  );
  schema.index({ moving: 1 }, { name: 'moving' });
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

    async take(organizationId, user, intent) {
      const mine = `intents.${asMapKey(user)}`;
      // Nobody goes over in most organisations: try that first, read only if it was wrong.
      let over = 0;
      for (let round = 0; round < rounds; round += 1) {
        const guards = { over, free: operators({ $gt: -over }), [mine]: operators({ $exists: false }) };
        const taken = await ledgers.updateOne(
          { _id: organizationId, ...guards },
          { $set: { [mine]: intent }, $inc: { used: 1, free: -1, moving: 1, version: 1 } },
        );
        if (taken.matchedCount === 1) return { kind: 'taken' };
        const ledger = await read(organizationId);
        if (ledger === null) return { kind: 'noSeat' };
        const other = ledger.intents[user];
        if (other !== undefined) return { kind: 'busy', intent: other };
        if (!hasFreeSeat(ledger)) return { kind: 'noSeat' };
        over = ledger.over;
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

    async close(organizationId, user, intent, givesBack) {
      const mine = `intents.${asMapKey(user)}`;
      const seat = givesBack ? { used: -1, free: 1 } : {};
      const closed = await ledgers.updateOne(
        { _id: organizationId, [`${mine}.id`]: intent.id },
        { $unset: { [mine]: '' }, $inc: { ...seat, moving: -1, version: 1 } },
      );
      return closed.matchedCount === 1;
    },
  };
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

export function toLedger({ licensed, used, free, over, intents }: LedgerDocument): SeatLedger {
  return { licensed, used, free, over, intents };
}
