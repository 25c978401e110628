// Carries the changes of members from the group's document to the rows. A row is written only by a change with a higher revision than the one
// that wrote it last, so changes may be carried out in any order, twice, or late by someone who was only slow, and end the same.

import type { GroupMember } from '#directory/group.ts';
import type { mongo } from 'mongoose';
import { operators } from './mongo-connection.ts';
import { isUnavailable, toStorageError } from './mongo-errors.ts';
import {
  type GroupDocument,
  type GroupModel,
  type MemberModel,
  memberRowId,
  type PendingMembers,
} from './mongo-group-document.ts';

/** Rows of one command. */
const piece = 1_000;
/** Groups looked at in one sweep. */
const mostSwept = 200;

export interface GroupMembersCarrier {
  /** Carries out everything that is pending in this group. */
  settle(group: Pick<GroupDocument, '_id' | 'organizationId' | 'pending'>): Promise<void>;
  /** The same for groups with anything pending since before `olderThan`; a sweep, so some are enough. */
  settleAll(olderThan: number): Promise<void>;
}

export function createGroupMembersCarrier(
  groups: GroupModel,
  members: MemberModel,
  reportTrouble: (message: string, error: unknown) => void,
): GroupMembersCarrier {
  async function settle(group: Pick<GroupDocument, '_id' | 'organizationId' | 'pending'>): Promise<void> {
    const changes = Object.entries(group.pending).toSorted(([, a], [, b]) => a.rev - b.rev);
    for (const [id, change] of changes) {
      await carryOut(group, change);
      const mine = `pending.${id}`;
      await groups.updateOne(
        { _id: group._id, [mine]: operators({ $exists: true }) },
        { $unset: { [mine]: '' }, $inc: { pendingCount: -1 } },
      );
    }
  }

  async function carryOut(
    { _id: groupId, organizationId }: Pick<GroupDocument, '_id' | 'organizationId'>,
    { rev, add, remove, empties }: PendingMembers,
  ): Promise<void> {
    // A row that somebody slow still makes belongs to a group that nobody is shown.
    if (empties === true) await members.deleteMany({ organizationId, groupId });
    const come = add.map((member) => toWrite(groupId, organizationId, member, true, rev));
    // What kind of member it was does not matter any more.
    const go = remove.map((id) => toWrite(groupId, organizationId, { kind: 'user', id }, false, rev));
    const writes = [...come, ...go];
    for (let from = 0; from < writes.length; from += piece) await write(writes.slice(from, from + piece));
  }

  /** An upsert whose guard does not hold runs into the row that is there: a newer change was first, and that is right. */
  async function write(writes: readonly ReturnType<typeof toWrite>[]): Promise<void> {
    try {
      // The driver's own: the documents are of our making, and casting a thousand of them would hold up the event loop.
      await members.collection.bulkWrite(writes as never, { ordered: false });
    } catch (error) {
      if (!onlyNewerRows(error)) throw error;
    }
  }

  return {
    settle,
    async settleAll(olderThan) {
      const pending = { pendingCount: operators({ $gt: 0 }), pendingSince: operators({ $lt: olderThan }) };
      const parts = { pending: 1, organizationId: 1 };
      for (const group of await groups.find(pending, parts).limit(mostSwept).lean<GroupDocument[]>()) {
        try {
          await settle(group);
        } catch (error) {
          // One group that cannot be finished must not keep the others waiting; a store that is away keeps them all.
          if (isUnavailable(toStorageError(error))) throw error;
          reportTrouble('the members of a group could not be settled', error);
        }
      }
    },
  };
}

/** Whether every row that was refused is there already with a newer revision, and the rest is safely written. */
function onlyNewerRows(error: unknown): boolean {
  const { writeErrors, result } = error as Partial<mongo.MongoBulkWriteError>;
  const refused = writeErrors === undefined ? [] : [writeErrors].flat();
  const isWritten = (result?.getWriteConcernError() ?? undefined) === undefined;
  return refused.length > 0 && isWritten && refused.every(({ code }) => code === 11_000);
}

function toWrite(groupId: string, organizationId: string, member: GroupMember, isIn: boolean, rev: number) {
  const kind = isIn ? { kind: member.kind } : {};
  return {
    updateOne: {
      filter: { _id: memberRowId(groupId, member.id), rev: operators({ $lt: rev }) },
      update: { $set: { organizationId, groupId, memberId: member.id, in: isIn, rev, ...kind } },
      upsert: true,
    },
  };
}
