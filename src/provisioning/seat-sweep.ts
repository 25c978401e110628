// The sweep behind the seats: finishes what a crash left half done, and promotes whoever waits beside a free seat.

import type { ProvisioningContext } from './provisioning-context.ts';
import { promoteWaiting } from './seat-queue.ts';

/** A seat movement older than this belongs to a writer that died or was cut off. Settling a slow one is safe too: it loses at its next guard. */
const unfinishedAfterMs = 10_000;

/** Idempotent; safe beside running changes. Throws `StorageError`. */
export async function sweepSeats(context: ProvisioningContext): Promise<void> {
  await context.storage.seats.settle(Date.now() - unfinishedAfterMs);
  for (const { id } of await context.storage.organizations.list()) await promoteWaiting(context, id);
}
