// What has expired is gone, however its effects are carried out beside the sweep: an id that was free once stayed taken, because they finished
// between the sweep's two steps.

import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { startMongoProxy } from '../../harness/mongo-proxy.ts';
import { contractRecordKinds, makeEffect, openOrganization, things } from '../contract/contract-world.ts';

describeWithMongo('expired records on MongoDB', () => {
  test.each(['update', 'delete'])(
    'effects carried out while the sweep waits at its %s: the id is free',
    async (command) => {
      const uri = requireTestMongo().freshDatabaseUri();
      const proxy = await startMongoProxy(uri);
      const witness = await openMongoStorage(uri, { recordKinds: contractRecordKinds });
      const storage = await openMongoStorage(proxy.uri(), { recordKinds: contractRecordKinds });
      try {
        const organization = await openOrganization(witness, 1);
        const record = { id: 'r', organizationId: organization, value: { colour: 'red' } };
        await witness.records(things).insert({ ...record, expiresAt: 1 }, [makeEffect(organization)]);
        const hold = proxy.hold({ command });
        const sweep = storage.records(things).deleteExpired(1_000, 10);
        await hold.struck;
        for (const claim of await witness.effects.claimDue(10, 60_000)) {
          await witness.effects.complete(
            claim,
            claim.effects.map(({ id }) => id),
          );
        }
        hold.release();
        await sweep;
        expect(await witness.records(things).get('r', 0)).toBeNull();
        await witness.records(things).insert(record);
        expect((await witness.records(things).get('r', 5_000))?.value).toEqual({ colour: 'red' });
      } finally {
        await storage.close();
        await witness.close();
        await proxy.close();
      }
    },
  );
});
