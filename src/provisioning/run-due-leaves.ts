// All that is due of leaves, at once, for whoever does not wait for the schedule.

import { endOverUse } from './end-over-use.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { runLeaves, type TransitionNote } from './run-leaves.ts';
import { runSeatContracts } from './seat-contract.ts';

/** What the schedule would do now, in its order; answers what became of each leave. It may run beside a server: each is carried out once. Throws `StorageError`. */
export async function runDueLeaves(context: ProvisioningContext): Promise<readonly TransitionNote[]> {
  // First what was bought from today on: who returns on that day finds it.
  await runSeatContracts(context);
  await endOverUse(context);
  const notes: TransitionNote[] = [];
  await runLeaves(context, (note) => notes.push(note));
  return notes;
}
