// What the calendar asks for, in the order of its instants, late ones too: leaves, rows of the contract, the end of over-use. At one instant first what
// gives seats back, so that a reduction finds them free; then the contract; then what needs seats, so that who returns finds those that were bought.

import { dueOverUse } from './end-over-use.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { runLeaves, type TransitionNote } from './run-leaves.ts';
import { dueContracts } from './seat-contract.ts';

/** Throws `StorageError`; what was done is done, and the next run goes on. */
export async function runDue(
  context: ProvisioningContext,
  note: (transition: TransitionNote) => void = () => undefined,
): Promise<void> {
  const terms = [...(await dueContracts(context)), ...(await dueOverUse(context))].toSorted((a, b) => a.at - b.at);
  let until: number | undefined;
  for (const { at, carryOut } of terms) {
    if (at !== until) await runLeaves(context, note, at);
    until = at;
    await carryOut();
  }
  await runLeaves(context, note);
}

/** The same for whoever does not wait for the schedule; answers what became of each leave. It may run beside a server: each is carried out once. */
export async function runDueLeaves(context: ProvisioningContext): Promise<readonly TransitionNote[]> {
  const notes: TransitionNote[] = [];
  await runDue(context, (note) => notes.push(note));
  return notes;
}
