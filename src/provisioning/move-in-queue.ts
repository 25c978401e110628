// The queue for seats is first come, first served; an administrator may move somebody in it, with a reason. The place is the instant that the person
// counts as waiting from, so a move is a change of that person alone.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { changeUser } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

const piece = 500;

/**
 * Moves a waiting user before another one, or to the end (`before` null). Throws `DirectoryError` `userNotFound`, `notWaiting` where one of the two
 * does not wait.
 */
export async function moveInQueue(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  before: UserId | null,
  by: ChangeContext,
): Promise<ChangeResult> {
  if (before === id) throw new DirectoryError('invalidValue', 'Nobody stands before themselves.', { field: 'before' });
  const queue = (await readQueue(context, organizationId)).filter((user) => user.id !== id);
  const at = before === null ? queue.length : queue.findIndex((user) => user.id === before);
  if (at === -1) throw new DirectoryError('notWaiting', `The user ${before ?? ''} does not wait for a seat.`);
  const waitingSince = placeBetween(id, queue[at - 1], queue[at]);
  const edit = (user: User) => {
    if (user.waitingSince === undefined) throw new DirectoryError('notWaiting', 'This user does not wait for a seat.');
    return waitingSince === null ? {} : { waitingSince };
  };
  return changeUser(context, organizationId, id, edit, by);
}

/** An instant after the one's and before the other's; ties are decided by id. null: alone in the queue. */
function placeBetween(id: UserId, previous: User | undefined, next: User | undefined): Instant | null {
  const [from, to] = [previous?.waitingSince, next?.waitingSince];
  if (to === undefined) return from === undefined ? null : from + 1;
  if (from === undefined || from < to - 1) return to - 1;
  // No instant lies between the two: beside one of them, where the ids allow it.
  return next !== undefined && id < next.id ? to : from;
}

/** Everybody who waits, in order. Throws `StorageError`. */
export async function readQueue(
  { storage }: Pick<ProvisioningContext, 'storage'>,
  organizationId: OrganizationId,
): Promise<readonly User[]> {
  const queue: User[] = [];
  for (;;) {
    const after = queue.at(-1);
    const page = await storage.users.queue(organizationId, { ...(after === undefined ? {} : { after }), limit: piece });
    queue.push(...page);
    if (page.length < piece) return queue;
  }
}
