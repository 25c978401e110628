/** As directory-history.test.ts on MongoDB, where the connection is cut before or after a command; a file of its own, so that both run at once. */
import fc from 'fast-check';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { runsOn } from '../harness/test-scale.ts';
import { sideRecordKinds } from '../provisioning/relayed-write-side.ts';
import { liveThrough } from './directory-history.ts';
import { openMortalMongo } from './mortal-store.ts';
import { histories, length } from './random-history.ts';

describeWithMongo('on a real network', () => {
  test('C02 the write side on MongoDB behaves like the model, whatever is cut on the way', async () => {
    const store = await openMortalMongo(requireTestMongo().freshDatabaseUri(), sideRecordKinds);
    const property = fc.asyncProperty(histories(length, 15), fc.nat(3), (steps, licensed) =>
      liveThrough(store, steps, licensed),
    );
    await fc.assert(property, { numRuns: runsOn('mongodb', 3, 1_000) }).finally(() => store.close());
  }, 3_600_000);
});
