// The queue for seats is first come, first served; an administrator may move somebody in it, with a reason. The place is the instant that the person
// counts as waiting from, so a move is mostly a change of that person alone.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { changeUser } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

const piece = 500;
/** Others change the queue meanwhile. */
const rounds = 20;

/** Where somebody stands: by the instant, then by id. */
interface Place {
  readonly id: UserId;
  readonly waitingSince: Instant;
}

/**
 * Moves a waiting user before another one, or to the end (`before` null). Where no instant lies between the neighbours, those before the place wait
 * from an earlier one, in the same order. Throws `DirectoryError` `userNotFound`, `notWaiting` where one of the two does not wait, `invalidValue`,
 * `tooManyConflicts`.
 */
export async function moveInQueue(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  before: UserId | null,
  by: ChangeContext,
): Promise<ChangeResult> {
  if (before === id) throw new DirectoryError('invalidValue', 'Nobody stands before themselves.', { field: 'before' });
  for (let round = 0; round < rounds; round += 1) {
    const queue = (await readQueue(context, organizationId)).flatMap(toPlace);
    const others = queue.filter((place) => place.id !== id);
    const at = before === null ? others.length : others.findIndex((place) => place.id === before);
    if (at === -1) throw new DirectoryError('notWaiting', `The user ${before ?? ''} does not wait for a seat.`);
    const waitingSince = placeBetween(id, others[at - 1], others[at]);
    const isMoving = waitingSince !== null && others.length < queue.length;
    const aside = isMoving ? makeRoom(others.slice(0, at), { id, waitingSince }) : [];
    if (!(await moveAside(context, organizationId, aside, by))) continue;
    const edit = (user: User) => {
      if (user.waitingSince === undefined)
        throw new DirectoryError('notWaiting', 'This user does not wait for a seat.');
      return waitingSince === null ? {} : { waitingSince };
    };
    return changeUser(context, organizationId, id, edit, by);
  }
  throw new DirectoryError('tooManyConflicts', 'The queue is being changed too often; try again.');
}

function toPlace({ id, waitingSince }: User): readonly Place[] {
  return waitingSince === undefined ? [] : [{ id, waitingSince }];
}

/** In the middle between the two; without room there, as late before the next as can be. null: alone in the queue. */
function placeBetween(id: UserId, previous: Place | undefined, next: Place | undefined): Instant | null {
  const [from, to] = [previous?.waitingSince, next?.waitingSince];
  if (next === undefined || to === undefined) return from === undefined ? null : from + 1;
  if (from === undefined) return to - 1;
  return to - from > 1 ? Math.floor((from + to) / 2) : latestBefore(id, next);
}

/** Ties are decided by id. */
function latestBefore(id: UserId, next: Place): Instant {
  return id < next.id ? next.waitingSince : next.waitingSince - 1;
}

interface Move {
  readonly from: Place;
  readonly to: Instant;
}

/** Whom of `ahead`, and to where, so that all of them stand before `place` as they stand now; the first in line first. */
function makeRoom(ahead: readonly Place[], place: Place): readonly Move[] {
  const moves: Move[] = [];
  let next = place;
  for (const from of ahead.toReversed()) {
    const to = latestBefore(from.id, next);
    if (from.waitingSince <= to) break;
    moves.unshift({ from, to });
    next = { id: from.id, waitingSince: to };
  }
  return moves;
}

/** In this order nobody overtakes anybody, wherever it ends. False: somebody is not where they were any more. */
async function moveAside(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  moves: readonly Move[],
  by: ChangeContext,
): Promise<boolean> {
  for (const { from, to } of moves) {
    let isThere = false;
    const edit = (user: User) => {
      isThere = user.waitingSince === from.waitingSince;
      return isThere ? { waitingSince: to } : {};
    };
    try {
      await changeUser(context, organizationId, from.id, edit, by);
    } catch (error) {
      if (!(error instanceof DirectoryError) || error.code !== 'userNotFound') throw error;
    }
    if (!isThere) return false;
  }
  return true;
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
