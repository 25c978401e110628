// A seat that comes free by somebody's change that did not come true is passed on at once; it once waited for the sweep.

import { statusOf } from '#directory/user.ts';
import { recordKinds } from '#record-kinds.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { startMongoProxy } from '../harness/mongo-proxy.ts';
import { acme, byOkta, createWriteSide } from './write-side.ts';

describeWithMongo('a seat taken for a user who was refused', () => {
  test('goes to whoever was told to wait meanwhile', async () => {
    const uri = requireTestMongo().freshDatabaseUri();
    const proxy = await startMongoProxy(uri);
    const witness = await openMongoStorage(uri, { recordKinds });
    const storage = await openMongoStorage(proxy.uri(), { recordKinds });
    try {
      const side = await createWriteSide(witness, 1);
      await side.add('taken', { active: false });
      const away = await side.add('away', { active: false });
      const hold = proxy.hold({ command: 'findAndModify', collection: 'users' });
      const profile = { ...away.profile, userName: 'taken' };
      const refused = side.on(storage).changeUser(acme, away.id, () => ({ profile, holds: [] }), byOkta);
      await hold.struck;
      const waiting = await side.add('waiting');
      expect(statusOf(waiting)).toBe('waiting');
      hold.release();
      await expect(refused).rejects.toMatchObject({ code: 'userNameTaken' });
      expect(statusOf(await side.user(waiting.id))).toBe('active');
      expect(await side.seats()).toEqual([1, 0, 0]);
    } finally {
      await storage.close();
      await witness.close();
      await proxy.close();
    }
  });
});
