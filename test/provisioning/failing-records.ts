// A store whose records stop being written at some point, as for a process that dies there: before the write, or after it and before its answer.

import type { RecordKind, RecordStore } from '#storage/record-store.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';

/** From the write number `at` (0 is the first) of one of these kinds on, every write fails. */
export function dyingAt(
  storage: Storage,
  kinds: readonly string[],
  at: number,
  when: 'before' | 'after',
): { readonly storage: Storage; readonly died: () => boolean } {
  let writes = 0;
  let died = false;
  async function write<Result>(perform: () => Promise<Result>): Promise<Result> {
    const number = writes;
    writes += 1;
    if (number < at) return perform();
    died = true;
    if (number === at && when === 'after') await perform();
    throw new StorageError('unavailable', 'The process died here.');
  }
  const records = <Value>(kind: RecordKind<Value>): RecordStore<Value> => {
    const store = storage.records(kind);
    if (!kinds.includes(kind.name)) return store;
    return {
      ...store,
      insert: (...given) => write(() => store.insert(...given)),
      insertOnce: (...given) => write(() => store.insertOnce(...given)),
      replace: (...given) => write(() => store.replace(...given)),
    };
  };
  return { storage: { ...storage, records }, died: () => died };
}
