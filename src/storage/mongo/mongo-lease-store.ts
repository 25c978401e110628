// Named leases by the store's time: renewed by their holder, taken over when they have run out, with a fence that rises with every
// new holder. A release keeps the document, so that the fence never starts again.

import { type Connection, type Model } from 'mongoose';
import type { LeaseStore } from '../lease-store.ts';
import type { StoreClock } from './mongo-clock.ts';
import { operators } from './mongo-connection.ts';
import { guard, isDuplicateKey } from './mongo-errors.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

interface LeaseDocument {
  readonly _id: string;
  readonly holder: string;
  readonly until: number;
  readonly fence: number;
}

export type LeaseModel = Model<LeaseDocument>;

export function defineLeases(connection: Connection): LeaseModel {
  const schema = new DocumentSchema(
    { _id: { type: String, required: true }, holder: String, until: Number, fence: Number },
    { versionKey: false, collection: 'leases' },
  );
  return defineModel<LeaseDocument>(connection, 'leases', schema);
}

export function createLeaseStore(leases: LeaseModel, clock: StoreClock): LeaseStore {
  const after = { returnDocument: 'after' } as const;

  /** Renewed under the same fence for the holder, taken over under the next one if it has run out; null while someone else holds it. */
  async function hold(name: string, holder: string, now: number, until: number): Promise<LeaseDocument | null> {
    const mine = { _id: name, holder, until: operators({ $gt: now }) };
    const renewed = await leases.findOneAndUpdate(mine, { $set: { until } }, after).lean<LeaseDocument>();
    if (renewed !== null) return renewed;
    const over = { _id: name, until: operators({ $lte: now }) };
    return leases.findOneAndUpdate(over, { $set: { holder, until }, $inc: { fence: 1 } }, after).lean<LeaseDocument>();
  }

  return {
    acquire: (name, holder, ttlMs) =>
      guard(async () => {
        const now = await clock();
        const until = now + ttlMs;
        const held = await hold(name, holder, now, until);
        if (held !== null) return { fence: held.fence };
        try {
          await leases.insertOne({ _id: name, holder, until, fence: 1 });
          return { fence: 1 };
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          // Someone holds it; perhaps another call of the same holder, a moment ago.
          const again = await hold(name, holder, now, until);
          return again === null ? null : { fence: again.fence };
        }
      }),

    release: (name, holder) =>
      guard(async () => {
        await leases.updateOne({ _id: name, holder }, { $set: { until: 0 } });
      }),
  };
}
