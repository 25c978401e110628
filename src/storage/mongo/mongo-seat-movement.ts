// The seat protocol between the ledger and a user (model.md, "Seats"): settling an intent whose fate nobody knows, and bringing a
// release to its end. An intent's id is never sent twice; whoever meets someone else's intent settles it at once.

import type { DepartmentId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { returnOf, type SeatIntent } from '#directory/seat.ts';
import { randomUUID } from 'node:crypto';
import { StorageError } from '../storage-error.ts';
import { isDuplicateKey, isUnavailable, toStorageError } from './mongo-errors.ts';
import { givesBack, type Ledgers } from './mongo-ledger.ts';
import { toTombstone, type UserDocument, type UserModel } from './mongo-user-document.ts';

/** What became of an intent: whether the user's step had happened, the user as read, whether a seat, of the organisation or a budget, came free by closing it. */
export interface Settlement<FoundUser = UserDocument> {
  readonly applied: boolean;
  readonly user: FoundUser;
  readonly freed: boolean;
}

export interface SeatMovement {
  /** A fresh intent, dated by the system's clock: its age only says when the sweep looks, settling is right at any age. */
  begin(kind: SeatIntent['kind'], from: string | null | undefined, to: string | null | undefined): SeatIntent;
  /** Fences the user and closes the intent by what the fence shows. Right at any age and any number of times. */
  settle(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<Settlement>;
  /**
   * The writer's own settling: the same fence, but an intent that cannot be closed then is left to whoever meets it, because
   * what became of the user's step is known and true already.
   */
  settleOwn(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<Settlement>;
  /**
   * After a definite "the revision has passed" to the user's step: that step is over for good, so reading without a fence
   * is enough. It may have happened after all (an answer the driver asked for twice).
   */
  concede(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<Settlement<UserDocument | null>>;
  /** Brings a user whose seat is `releasing` to `none`. The user as it is then, and whether this call freed the seat. */
  release(document: UserDocument): Promise<{ readonly user: UserDocument; readonly freed: boolean }>;
}

/** Rounds of what others keep disturbing: a release is then left to the sweep, a fence given up. */
const rounds = 8;

/** `leaveToSweep` waits for a step that anyone can finish later; it answers undefined, and never throws, when that step failed. */
export function createSeatMovement(
  users: UserModel,
  ledgers: Ledgers,
  leaveToSweep: <Value>(step: Promise<Value>) => Promise<Value | undefined>,
): SeatMovement {
  const begin: SeatMovement['begin'] = (kind, from, to) => ({
    id: randomUUID(),
    kind,
    at: Date.now(),
    ...(from === null || from === undefined ? {} : { from: from as DepartmentId }),
    ...(to === null || to === undefined ? {} : { to: to as DepartmentId }),
  });

  async function settle(organizationId: OrganizationId, id: UserId, intent: SeatIntent): Promise<Settlement> {
    const user = await fence(organizationId, id);
    return { user, ...(await close(organizationId, id, intent, user)) };
  }

  async function settleOwn(organizationId: OrganizationId, id: UserId, intent: SeatIntent): Promise<Settlement> {
    const user = await fence(organizationId, id);
    return { user, ...(await tryToClose(organizationId, id, intent, user)) };
  }

  /** From here on a writer who was only slow loses: the revision it was guarded by is gone. */
  async function fence(organizationId: OrganizationId, id: UserId): Promise<UserDocument> {
    for (let round = 0; round < rounds; round += 1) {
      const fenced = await users
        .findOneAndUpdate({ _id: id, organizationId }, { $inc: { revision: 1 } }, { returnDocument: 'after' })
        .lean<UserDocument>();
      if (fenced !== null) return fenced;
      const tombstone = toTombstone(organizationId, id);
      try {
        await users.insertOne(tombstone);
        return tombstone;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    throw new StorageError('incompatible', 'A user could not be fenced: the id is in use elsewhere.');
  }

  /** What became of the intent is read off a user whom its step cannot reach any more; then it is closed, by whoever comes first. */
  async function close(
    organizationId: OrganizationId,
    id: UserId,
    intent: SeatIntent,
    user: UserDocument | null,
  ): Promise<{ applied: boolean; freed: boolean }> {
    const applied = user?.stamp === intent.id;
    const closed = await ledgers.close(organizationId, id, intent, applied);
    return { applied, freed: closed && givesBack(returnOf(intent, applied)) };
  }

  async function tryToClose(...of: Parameters<typeof close>): Promise<{ applied: boolean; freed: boolean }> {
    const [, , intent, user] = of;
    return (await leaveToSweep(close(...of))) ?? { applied: user?.stamp === intent.id, freed: false };
  }

  async function concede(
    organizationId: OrganizationId,
    id: UserId,
    intent: SeatIntent,
  ): Promise<Settlement<UserDocument | null>> {
    const user = await users.findOne({ _id: id, organizationId }).lean<UserDocument>();
    return { user, ...(await tryToClose(organizationId, id, intent, user)) };
  }

  async function release(document: UserDocument): Promise<{ user: UserDocument; freed: boolean }> {
    const organizationId = document.organizationId as OrganizationId;
    const id = document._id as UserId;
    let user = document;
    let freed = false;
    for (let round = 0; round < rounds && user.seat === 'releasing'; round += 1) {
      const intent = begin('giveBack', user.charge, null);
      const other = await ledgers.announce(organizationId, id, intent);
      const outcome = other === null ? await giveUp(user, intent) : await settle(organizationId, id, other);
      user = outcome.user;
      freed ||= outcome.freed;
    }
    return { user, freed };
  }

  /** Steps 2 and 3 of a give-back whose step 1 is done. */
  async function giveUp(before: UserDocument, intent: SeatIntent): Promise<{ user: UserDocument; freed: boolean }> {
    const organizationId = before.organizationId as OrganizationId;
    const id = before._id as UserId;
    let user: UserDocument | null;
    try {
      user = await users
        .findOneAndUpdate(
          { _id: id, organizationId, revision: before.revision, seat: 'releasing' },
          { $set: { seat: 'none', charge: null, stamp: intent.id, releasingSince: null }, $inc: { revision: 1 } },
          { returnDocument: 'after' },
        )
        .lean<UserDocument>();
    } catch (error) {
      // Whatever the error says, the step may have happened, or happen still.
      const settled = await settleOwn(organizationId, id, intent);
      if (!settled.applied && !isUnavailable(toStorageError(error))) throw error;
      return settled;
    }
    if (user !== null) return { user, ...(await tryToClose(organizationId, id, intent, user)) };
    const conceded = await concede(organizationId, id, intent);
    return { user: conceded.user ?? before, freed: conceded.freed };
  }

  return { begin, settle, settleOwn, concede, release };
}
