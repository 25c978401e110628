// The seat protocol between the ledger and a user (model.md, "Seats"): settling an intent whose fate nobody knows, and bringing a
// release to its end. An intent's id is never sent twice; whoever meets someone else's intent settles it at once.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { SeatIntent } from '#directory/seat.ts';
import { randomUUID } from 'node:crypto';
import { isDuplicateKey, toStorageError } from './mongo-errors.ts';
import type { Ledgers } from './mongo-ledger.ts';
import { toTombstone, type UserDocument, type UserModel } from './mongo-user-document.ts';

/** What became of an intent: whether the user's step had happened, the user as fenced, whether a seat came free by closing it. */
export interface Settlement {
  readonly applied: boolean;
  readonly user: UserDocument;
  readonly freed: boolean;
}

export interface SeatMovement {
  /** A fresh intent, dated by the system's clock: its age only says when the sweep looks, settling is right at any age. */
  begin(kind: SeatIntent['kind']): SeatIntent;
  /** Fences the user and closes the intent by what the fence shows. Right at any age and any number of times. */
  settle(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<Settlement>;
  /**
   * After a definite answer "the guard did not hold" to the user's step: that step is over, so reading without a fence
   * is enough. Answers the user if the step had happened after all (an answer the driver asked for twice).
   */
  concede(organizationId: OrganizationId, user: UserId, intent: SeatIntent): Promise<UserDocument | null>;
  /** Brings a user whose seat is `releasing` to `none`. The user as it is then, and whether this call freed the seat. */
  release(document: UserDocument): Promise<{ readonly user: UserDocument; readonly freed: boolean }>;
}

/** Rounds of a release that others keep disturbing, before it is left to the sweep. */
const rounds = 8;

export function createSeatMovement(users: UserModel, ledgers: Ledgers): SeatMovement {
  const begin = (kind: SeatIntent['kind']): SeatIntent => ({ id: randomUUID(), kind, at: Date.now() });

  async function settle(organizationId: OrganizationId, id: UserId, intent: SeatIntent): Promise<Settlement> {
    const user = await fence(organizationId, id);
    const applied = user.stamp === intent.id;
    const givesBack = applied === (intent.kind === 'giveBack');
    const closed = await ledgers.close(organizationId, id, intent, givesBack);
    return { applied, user, freed: closed && givesBack };
  }

  /** From here on a writer who was only slow loses: the revision it was guarded by is gone. */
  async function fence(organizationId: OrganizationId, id: UserId): Promise<UserDocument> {
    for (;;) {
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
  }

  async function concede(organizationId: OrganizationId, id: UserId, intent: SeatIntent): Promise<UserDocument | null> {
    const user = await users.findOne({ _id: id, organizationId }).lean<UserDocument>();
    const applied = user?.stamp === intent.id;
    await ledgers.close(organizationId, id, intent, applied === (intent.kind === 'giveBack'));
    return applied ? user : null;
  }

  async function release(document: UserDocument): Promise<{ user: UserDocument; freed: boolean }> {
    const organizationId = document.organizationId as OrganizationId;
    const id = document._id as UserId;
    let user = document;
    let freed = false;
    for (let round = 0; round < rounds && user.seat === 'releasing'; round += 1) {
      const intent = begin('giveBack');
      const other = await ledgers.announce(organizationId, id, intent);
      if (other !== null) {
        const settled = await settle(organizationId, id, other);
        user = settled.user;
        freed ||= settled.freed;
        continue;
      }
      const outcome = await giveUp(user, intent);
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
          { $set: { seat: 'none', stamp: intent.id, releasingSince: null }, $inc: { revision: 1 } },
          { returnDocument: 'after' },
        )
        .lean<UserDocument>();
    } catch (error) {
      const settled = await settle(organizationId, id, intent);
      if (toStorageError(error) === error && !settled.applied) throw error;
      return settled;
    }
    if (user !== null) return { user, freed: await ledgers.close(organizationId, id, intent, true) };
    const done = await concede(organizationId, id, intent);
    if (done !== null) return { user: done, freed: true };
    const current = await users.findOne({ _id: id, organizationId }).lean<UserDocument>();
    return { user: current ?? before, freed: false };
  }

  return { begin, settle, concede, release };
}
