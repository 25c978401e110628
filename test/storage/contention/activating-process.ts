/**
 * One of several processes that activate people at the same moment. Arguments: the store, the organisation, which of how many processes
 * this is. Says "ready", waits for a word, activates its share all at once and says how it went.
 */
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { createSide, sideRecordKinds } from '../../provisioning/relayed-write-side.ts';

const [address = '', organization = '', index = '0', processes = '1'] = process.argv.slice(2);
const organizationId = organization as OrganizationId;
const by: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };
const storage = address.startsWith('mongodb:')
  ? await openMongoStorage(address, { recordKinds: sideRecordKinds })
  : await openSqliteStorage({ path: address, recordKinds: sideRecordKinds });
const side = createSide(storage);
const everybody = await storage.users.list(organizationId, { limit: 1_000 });
const mine = everybody.filter((_user, n) => n % Number(processes) === Number(index));
await new Promise((go) => {
  process.once('message', go);
  process.send?.('ready');
});
const outcomes = await Promise.all(mine.map((user) => activate(user.id)));
const count = (what: string): number => outcomes.filter((outcome) => outcome === what).length;
process.send?.({ active: count('active'), waiting: count('waiting'), refused: count('refused') });
await side.finished();
await storage.close();
process.disconnect?.();

/** As a client does: refused is an answer, "try again later" is tried again. */
async function activate(id: (typeof mine)[number]['id']): Promise<'active' | 'waiting' | 'refused'> {
  for (;;) {
    try {
      const { user } = await side.reactivateUser(organizationId, id, {}, by);
      return user.active ? 'active' : 'waiting';
    } catch (error) {
      const code: unknown = Reflect.get(error as object, 'code');
      if (code === 'noFreeSeat') return 'refused';
      if (code !== 'unavailable') throw error;
    }
  }
}
