// The store's time, for leases and claims: nodes with wrong clocks agree on it. Measured with `$currentDate` and carried on by
// this process's monotonic clock in between; safety never depends on it, guards and fences do that (gate.md 8).

import { type Connection } from 'mongoose';
import { defineModel, DocumentSchema } from './mongo-model.ts';

/** Milliseconds since 1970 as the store counts them. */
export type StoreClock = () => Promise<number>;

interface ClockDocument {
  readonly _id: string;
  readonly time?: Date;
}

const measuredFor = 30_000;

export function createStoreClock(connection: Connection): StoreClock {
  const clocks = defineModel<ClockDocument>(
    connection,
    'clock',
    new DocumentSchema({ _id: String, time: Date }, { versionKey: false, collection: 'clock' }),
  );
  let measured: { readonly at: number; readonly offset: number } | undefined;

  return async () => {
    const before = performance.now();
    if (measured === undefined || before - measured.at > measuredFor) {
      const clock = await clocks
        .findOneAndUpdate({ _id: 'clock' }, { $currentDate: { time: true } }, { upsert: true, returnDocument: 'after' })
        .lean();
      // The answer was made after the question: counting from the question errs towards leases that last a little longer.
      measured = { at: before, offset: (clock.time?.getTime() ?? Date.now()) - performance.now() };
    }
    return Math.floor(performance.now() + measured.offset);
  };
}
