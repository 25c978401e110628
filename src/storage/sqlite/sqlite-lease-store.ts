// Named leases on SQLite, by the clock of the process: all processes of one file run on one machine.

import type { LeaseStore } from '../lease-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

export function createSqliteLeaseStore(connection: SqliteConnection): LeaseStore {
  const acquire = connection.prepare<{ fence: number }>(
    `INSERT INTO lease (name, holder, fence, until) VALUES (?1, ?2, 1, ?4)
     ON CONFLICT (name) DO UPDATE SET holder = ?2, until = ?4, fence = fence + (holder IS NOT ?2)
       WHERE holder IS ?2 OR holder IS NULL OR until <= ?3
     RETURNING fence`,
  );
  // The row stays without a holder: the fence goes on from where it was.
  const release = connection.prepare('UPDATE lease SET holder = NULL WHERE name = ? AND holder = ?');

  return {
    acquire(name, holder, ttlMs) {
      return connection.write(() => {
        const now = Date.now();
        const lease = acquire.get(name, holder, now, now + ttlMs);
        return lease === undefined ? null : { fence: lease.fence };
      });
    },
    async release(name, holder) {
      await connection.write(() => release.run(name, holder));
    },
  };
}
