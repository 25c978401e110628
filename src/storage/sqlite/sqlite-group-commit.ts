// Writes that come together are committed together: one flush to the disk for all of them, and each is still written wholly or not at all.
// The flush is what a durable write costs; with ten clients it is paid once instead of ten times, and beside the event loop (decision 3).

import type { DatabaseSync } from '@photostructure/sqlite';
import { StorageError } from '../storage-error.ts';
import { createBusyError, isBusy, toStorageError } from './sqlite-errors.ts';

export type Database = InstanceType<typeof DatabaseSync>;

export interface GroupCommitOptions {
  /** A group takes no further write after so long; the event loop turns between groups. Milliseconds. */
  readonly groupMs: number;
  /** How long a lock of another process is waited for. Milliseconds. */
  readonly patienceMs: number;
  /** Brings what is committed to the disk. SQLite does not by itself (`synchronous = NORMAL`), except before it writes the log back. */
  readonly flush: () => Promise<void>;
}

interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Ran = { readonly waiting: Waiting } & ({ readonly value: unknown } | { readonly error: unknown });

export interface GroupCommit {
  /**
   * Each work runs in a savepoint of its own, so one that throws takes nothing with it; nobody is answered before the group is on the disk. Rejects
   * with the work's own error, or `StorageError('unavailable')`.
   */
  write<Value>(work: () => Value): Promise<Value>;
  /** Resolves when all that is committed, and so can be read, is on the disk. Rejects as `write` does. */
  settled(): Promise<void>;
}

/** How a connection writes. */
export function createGroupCommit(database: Database, options: GroupCommitOptions): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const savepoint = database.prepare('SAVEPOINT one');
  const release = database.prepare('RELEASE one');
  let queue: Waiting[] = [];
  let isWriting = false;
  /** A flush failed: nobody knows what of the log is on the disk, and a later flush would not say. */
  let isLogDoubtful = false;
  /** Of the group that is committed and not on the disk yet. Never rejects. */
  let flushing: Promise<void> | null = null;

  async function writeAll(): Promise<void> {
    let busySince: number | undefined;
    while (queue.length > 0) {
      // Whoever else wants to write in this turn of the event loop joins.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        if (isLogDoubtful) writeLogBack();
        const committed = commitGroup();
        busySince = undefined;
        await answer(committed);
      } catch (error) {
        if (!isBusy(error)) rejectAll(toStorageError(error));
        else if (performance.now() - (busySince ??= performance.now()) < options.patienceMs) await pause();
        else rejectAll(new StorageError('unavailable', 'The database is locked by another process.', error));
      }
    }
    isWriting = false;
  }

  /** All of the log goes into the database file, which is flushed, and the log begins anew. Throws as `commitGroup` does. */
  function writeLogBack(): void {
    const [isBlocked] = Object.values(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {});
    if (isBlocked !== 0) throw createBusyError('Somebody reads the log.');
    isLogDoubtful = false;
  }

  /** Nobody is told of a commit that is not on the disk. Never throws. */
  async function answer(committed: readonly Ran[]): Promise<void> {
    if (committed.length === 0) return;
    if (committed.some((each) => !('error' in each))) {
      let unknown: StorageError | undefined;
      flushing = options.flush().catch((error: unknown) => {
        isLogDoubtful = true;
        unknown = new StorageError('unavailable', 'The log could not be brought to the disk.', error);
      });
      await flushing;
      flushing = null;
      if (unknown !== undefined) {
        for (const { waiting } of committed) waiting.reject(unknown);
        return;
      }
    }
    for (const each of committed) {
      if ('error' in each) each.waiting.reject(toStorageError(each.error));
      else each.waiting.resolve(each.value);
    }
  }

  /**
   * One transaction; answers what is committed by it. Throws when it could not begin or somebody is in the way, and then all wait on; every other
   * failure is answered to whom it concerns.
   */
  function commitGroup(): readonly Ran[] {
    // A rollback that itself failed must not poison the next transaction.
    if (database.isTransaction) database.exec('ROLLBACK');
    begin.run();
    const until = performance.now() + options.groupMs;
    const ran: Ran[] = [];
    do {
      const waiting = queue.shift();
      if (waiting === undefined) break;
      const outcome = runOne(waiting, queue.length > 0 || ran.length > 0);
      if ('error' in outcome && isBusy(outcome.error)) {
        rollback(database);
        queue = [...ran.map((each) => each.waiting), waiting, ...queue];
        throw outcome.error;
      }
      if ('error' in outcome && !database.isTransaction) {
        // A full disk takes the whole transaction with it: the others are innocent and try again.
        queue = [...ran.map((each) => each.waiting), ...queue];
        waiting.reject(toStorageError(outcome.error));
        return [];
      }
      ran.push(outcome);
    } while (performance.now() < until);
    try {
      commit.run();
    } catch (error) {
      rollback(database);
      if (isBusy(error)) {
        queue = [...ran.map((each) => each.waiting), ...queue];
        throw error;
      }
      for (const { waiting } of ran) waiting.reject(toStorageError(error));
      return [];
    }
    return ran;
  }

  /** `amongOthers`: then a savepoint keeps apart what fails; alone, the transaction does. */
  function runOne(waiting: Waiting, amongOthers: boolean): Ran {
    if (!amongOthers) return runAlone(waiting);
    savepoint.run();
    try {
      const value = waiting.work();
      release.run();
      return { waiting, value };
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK TO one; RELEASE one');
      return { waiting, error };
    }
  }

  function runAlone(waiting: Waiting): Ran {
    try {
      return { waiting, value: waiting.work() };
    } catch (error) {
      rollback(database);
      return { waiting, error };
    }
  }

  function rejectAll(error: unknown): void {
    for (const waiting of queue.splice(0)) waiting.reject(error);
  }

  function write<Value>(work: () => Value): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (isWriting) return;
      isWriting = true;
      void writeAll();
    });
  }

  return {
    write,
    async settled() {
      if (flushing !== null) await flushing;
      // Whatever is written next brings all of the log to the disk first.
      if (isLogDoubtful) await write(() => undefined);
    },
  };
}

/** Between tries the event loop is free; not in step with the other process. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 45));
}

/** SQLite has rolled back by itself after some errors (a full disk); what is left to roll back is rolled back here. */
function rollback(database: Database): void {
  try {
    if (database.isTransaction) database.exec('ROLLBACK');
  } catch {
    // The next transaction tries again; the error that led here is the one to report.
  }
}
