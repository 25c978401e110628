// Whether the store can serve requests now: it can be read and written. A disk that is full and a file that is locked can still be read, and a
// server that can switch nobody off is not ready. Asked by whoever likes at `/readyz`, so the store is asked once at a time.

import type { Storage } from './storage.ts';

/** The check; it throws `StorageError` when the store cannot be read or written. Whoever asks while it is being found out hears the same. */
export function createReadinessCheck(storage: Pick<Storage, 'ping' | 'leases'>): () => Promise<void> {
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    await storage.ping();
    // The smallest write there is, as durable as any; nobody waits for this lease.
    await storage.leases.acquire('readiness', 'readiness', 1);
  }

  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}
