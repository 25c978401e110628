// Records that nearly every request asks for, kept as they were read for as long as the file says that nothing has changed. SQLite counts what other
// connections commit (`PRAGMA data_version`); what this one writes is forgotten here. So what is answered is what is stored now, found for a third of the cost.

import type { StoredRecord } from '../record-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

const mostKept = 500;

export interface RecentRecords {
  /** Call it within `connection.read`. */
  find(kind: string, id: string): StoredRecord<unknown> | undefined;
  /** As it was just read. Whoever gets it gets the same object, so it is frozen. */
  keep(kind: string, record: StoredRecord<unknown>): void;
  forget(kind: string, id: string): void;
  forgetAll(): void;
}

export function createRecentRecords(connection: SqliteConnection): RecentRecords {
  const version = connection.prepare<{ data_version: number }>('PRAGMA data_version');
  const kept = new Map<string, StoredRecord<unknown>>();
  let readUnder: number | undefined;
  const nameOf = (kind: string, id: string): string => `${kind} ${id}`;
  return {
    find(kind, id) {
      const now = version.get()?.data_version;
      if (now !== readUnder) kept.clear();
      readUnder = now;
      return kept.get(nameOf(kind, id));
    },
    keep(kind, record) {
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      kept.set(nameOf(kind, record.id), freeze(record));
    },
    forget: (kind, id) => void kept.delete(nameOf(kind, id)),
    forgetAll: () => kept.clear(),
  };
}

function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
