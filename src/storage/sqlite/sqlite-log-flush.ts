// Brings SQLite's write-ahead log to the disk beside the event loop: the driver itself would stop everything for as long as the disk takes.
// The log keeps its file for as long as a connection is open (https://sqlite.org/wal.html), and no lock of SQLite's lies on it.

import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const fdatasyncOf = promisify(fdatasync);

export interface LogFlush {
  /** Resolves when all that was written to the log before this call is on the disk; rejects when that cannot be said. */
  flush(): Promise<void>;
  close(): void;
}

/** The flush of the log beside the database file at `path`; of a database in memory: nothing to do. */
export function createLogFlush(path: string): LogFlush {
  let file: number | undefined;
  if (path === ':memory:') return { flush: () => Promise.resolve(), close: () => undefined };
  return {
    async flush() {
      // Writing is what a flush needs on some systems.
      file ??= openSync(`${path}-wal`, 'r+');
      await fdatasyncOf(file);
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
