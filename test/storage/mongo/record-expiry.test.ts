// What has expired or was deleted is gone, however its effects are carried out beside the sweep, or beside whoever uses the id again: an id that
// was free once stayed taken, because they finished between two steps.

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

  test('effects carried out while an insert wants to take the place of a deleted record: it is inserted all the same', async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    const proxy = await startMongoProxy(uri);
    const witness = await openMongoStorage(uri, { recordKinds: contractRecordKinds });
    const storage = await openMongoStorage(proxy.uri(), { recordKinds: contractRecordKinds });
    try {
      const organization = await openOrganization(witness, 1);
      const record = { id: 'r', organizationId: organization, value: { colour: 'red' } };
      await witness.records(things).insert(record, [makeEffect(organization)]);
      expect(await witness.records(things).delete('r')).toBe(true);
      const hold = proxy.hold({ command: 'update' });
      const again = storage.records(things).insert({ ...record, value: { colour: 'blue' } });
      await hold.struck;
      for (const claim of await witness.effects.claimDue(10, 60_000)) {
        await witness.effects.complete(
          claim,
          claim.effects.map(({ id }) => id),
        );
      }
      hold.release();
      await again;
      expect((await witness.records(things).get('r', 0))?.value).toEqual({ colour: 'blue' });
      await expect(storage.records(things).insert(record)).rejects.toMatchObject({ code: 'duplicate' });
    } finally {
      await storage.close();
      await witness.close();
      await proxy.close();
    }
  });
});
