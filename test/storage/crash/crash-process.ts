/**
 * A process that carries out one operation of the crash contract once it is told to, and is killed on the way. Arguments: the store, the
 * organisation, the person or `-`, the operation, on SQLite at which place to die (2n-1 before the n-th statement, 2n after it, 0 never), and the
 * departments of the scene, if it has any.
 */
import type { DepartmentId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Storage } from '#storage/storage.ts';
import { createSide, sideRecordKinds } from '../../provisioning/relayed-write-side.ts';
import { operations } from './crash-operations.ts';
import { flushed, type LookOn, openWatchedStorage } from './statement-hook.ts';

const [address = '', organization = '', person = '', name = '', place = '0', first, second] = process.argv.slice(2);
const operation = operations.find((one) => one.name === name);
if (operation === undefined) throw new Error(`no operation is called ${name}`);
let places = 0;
const look: { on?: LookOn } = {};
const watched = address.startsWith('mongodb:') ? null : await openWatchedStorage(address, look);
const storage = watched?.storage ?? (await openMongo());
const side = createSide(storage);
const scene = {
  organization: organization as OrganizationId,
  person: person === '-' ? null : (person as UserId),
  name: 'person',
  ...(first === undefined || second === undefined
    ? {}
    : { departments: [first as DepartmentId, second as DepartmentId] as const }),
};
await new Promise((go) => {
  process.once('message', go);
  process.send?.('ready');
});
let [commits, flushes] = [0, 0];
look.on = (moment, sql) => {
  places += 1;
  if (moment === 'after' && sql === 'COMMIT') commits += 1;
  if (moment === 'after' && sql === flushed && commits > 0) flushes += 1;
  if (places === Number(place)) process.kill(process.pid, 'SIGKILL');
};
await operation.run(side, scene);
delete look.on;
const answer = { answered: true, places, isFlushed: flushes === commits, journal: ask('journal_mode') };
process.send?.(answer);
await side.finished();
await storage.close();
process.disconnect?.();

/** How durable the connection is that served. */
function ask(pragma: string): unknown {
  return Object.values(watched?.connection.prepare<object>(`PRAGMA ${pragma}`).get() ?? {})[0];
}

/** Loaded only where it is used: most of these processes live for a moment. */
async function openMongo(): Promise<Storage> {
  const { openMongoStorage } = await import('#storage/mongo/mongo-storage.ts');
  return openMongoStorage(address, { recordKinds: sideRecordKinds });
}
