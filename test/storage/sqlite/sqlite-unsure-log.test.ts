// A disk that does not say whether the log has reached it: a change whose answer was "nobody knows" is not acknowledged the second time either, though it
// can be read, until the log has been brought to the disk.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeActive } from '#directory/user-change.ts';
import { createLogFlush, type LogFlush } from '#storage/sqlite/sqlite-log-flush.ts';
import { migrateSchema } from '#storage/sqlite/sqlite-schema.ts';
import { createSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { openConnection, openDatabase } from '#storage/sqlite/sqlite-transaction.ts';
import { recordKinds } from '#record-kinds.ts';
import { acme, byOkta, createWriteSide, okta } from '../../provisioning/write-side.ts';

const unavailable = expect.objectContaining({ name: 'StorageError', code: 'unavailable' }) as Error;

test('a lock-out that is asked for again is refused as long as the disk does not say that it has it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-unsure-'));
  const path = join(folder, 'furlough.db');
  /** So many flushes succeed from now on. */
  let good = Infinity;
  const real = createLogFlush(path);
  const log: LogFlush = {
    flush: () => ((good -= 1) < 0 ? Promise.reject(new Error('the disk says no')) : real.flush()),
    close: () => real.close(),
  };
  const connection = openConnection(path, openDatabase(path), log);
  await migrateSchema(connection);
  const storage = createSqliteStorage(connection, { recordKinds });
  const side = await createWriteSide(storage, 5);
  const aoki = await side.add('aoki');
  const off = () =>
    side.changeUser(
      acme,
      aoki.id,
      ({ holds }) => ({ holds: writeActive(holds, okta, false, side.clock.now, 'connection:okta') }),
      byOkta,
    );
  good = 0;
  await expect(off()).rejects.toEqual(unavailable);
  // It can be read, and so would be told as done already.
  expect((await side.user(aoki.id)).active).toBe(false);
  await expect(off()).rejects.toEqual(unavailable);
  good = Infinity;
  expect(await off()).toMatchObject({ changed: false, user: { active: false } });

  // The first one is that of the names it leaves behind.
  good = 1;
  await expect(side.removeUser(acme, aoki.id, byOkta)).rejects.toEqual(unavailable);
  await expect(side.removeUser(acme, aoki.id, byOkta)).rejects.toEqual(unavailable);
  good = Infinity;
  await expect(side.removeUser(acme, aoki.id, byOkta)).rejects.toMatchObject({ code: 'userNotFound' });
  await storage.close();
  rmSync(folder, { recursive: true });
});
