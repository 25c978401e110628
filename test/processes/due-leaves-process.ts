// One of several processes that carry out what is due of people's leaves. Arguments: the store, the organisation. Says "ready", waits for a word, goes on
// until nothing is due any more, as a server's schedule does, and says so.

import { setTimeout as wait } from 'node:timers/promises';
import type { OrganizationId } from '#directory/identifiers.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { createSide, sideRecordKinds } from '../provisioning/relayed-write-side.ts';

const [address = '', organization = ''] = process.argv.slice(2);
const storage = address.startsWith('mongodb:')
  ? await openMongoStorage(address, { recordKinds: sideRecordKinds })
  : await openSqliteStorage({ path: address, recordKinds: sideRecordKinds });
const side = createSide(storage);
await new Promise((go) => {
  process.once('message', go);
  process.send?.('ready');
});
for (;;) {
  try {
    await side.catchUp(organization as OrganizationId);
    if ((await storage.users.dueTransitions(Date.now(), 1)).length === 0) break;
  } catch (error) {
    // A file that a paused process has locked: the next tick tries again.
    if (Reflect.get(error as object, 'code') !== 'unavailable') throw error;
    await wait(50);
  }
}
await side.finished();
await storage.close();
process.send?.('done');
process.disconnect?.();
