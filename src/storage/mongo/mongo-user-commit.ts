// The commit: one guarded write of the user, and around it the steps that take a seat or give one back (model.md, "Seats").
// A take asks the ledger first; a lock-out closes the door first, and the ledger can neither refuse nor delay it.

import type { CommitOutcome, UserCommit } from '../user-store.ts';
import { waitAtMost } from '../wait-at-most.ts';
import { effectFields, withEffects } from './mongo-effects.ts';
import { guard, isDuplicateKey, isUnavailable, toStorageError } from './mongo-errors.ts';
import type { SeatIntent } from '#directory/seat.ts';
import type { Charge } from '#directory/seat-budget.ts';
import type { Ledgers, TakeOutcome } from './mongo-ledger.ts';
import type { SeatMovement } from './mongo-seat-movement.ts';
import { fromUserDocument, toUserFields, type UserDocument, type UserModel } from './mongo-user-document.ts';

type SeatFields = Partial<Pick<UserDocument, 'seat' | 'charge' | 'stamp' | 'releasingSince'>>;
/** How long a lock-out waits for its seat to arrive at the ledger before it is answered. */
const patienceMs = 1_000;
type Written = UserDocument | 'conflict' | 'userNameTaken';

/** `leaveToSweep` waits for a step that anyone can finish later; it answers undefined, and never throws, when that step failed. */
export function createUserCommit(
  users: UserModel,
  ledgers: Ledgers,
  movement: SeatMovement,
  leaveToSweep: <Value>(step: Promise<Value>) => Promise<Value | undefined>,
): (commit: UserCommit) => Promise<CommitOutcome> {
  return (commit) =>
    guard(async () => {
      const { seat } = commit.user;
      if (commit.seat === 'take' && seat === 'none') return take(commit);
      if (commit.seat === 'take' && seat === 'releasing') return finishFirst(commit);
      if (commit.seat === 'giveBack' && seat === 'held') return giveBack(commit);
      if (commit.seat === 'keep' && seat === 'held' && commit.charge !== undefined)
        return transfer(commit, commit.charge);
      return toOutcome(await write(commit, {}));
    });

  async function take(commit: UserCommit): Promise<CommitOutcome> {
    const { id, organizationId } = commit.user;
    const { to = null, basis } = commit.charge ?? {};
    const intent = movement.begin('take', null, to);
    const taken = await ledgers.take(organizationId, id, intent, basis);
    return carryOut(commit, intent, taken, { seat: 'held', charge: to });
  }

  /** A seat that is held is charged to another budget, by the steps of a take. */
  async function transfer(commit: UserCommit, { to, basis }: Charge): Promise<CommitOutcome> {
    const { id, organizationId, charge: from } = commit.user;
    const intent = movement.begin('transfer', from, to);
    return carryOut(commit, intent, await ledgers.transfer(organizationId, id, intent, basis), { charge: to });
  }

  /** Steps 2 and 3 of a take or a transfer whose step 1 ended so. */
  async function carryOut(
    commit: UserCommit,
    intent: SeatIntent,
    taken: TakeOutcome,
    seat: SeatFields,
  ): Promise<CommitOutcome> {
    const { id, organizationId } = commit.user;
    if (taken.kind === 'noSeat' || taken.kind === 'staleCharge') return taken;
    if (taken.kind === 'busy') {
      const { freed } = await movement.settle(organizationId, id, taken.intent);
      return toOutcome('conflict', freed);
    }
    let written: Written;
    try {
      written = await write(commit, { ...seat, stamp: intent.id });
    } catch (error) {
      // No definite answer: the fence tells what became of the write, and keeps it from coming true later.
      const settled = await movement.settleOwn(organizationId, id, intent);
      if (settled.applied) return toOutcome(settled.user, settled.freed);
      if (!isUnavailable(toStorageError(error))) throw error;
      return toOutcome('conflict', settled.freed);
    }
    if (typeof written === 'string') {
      // A revision that has passed never comes again, but a name may become free: a step that the driver sent twice may still come true.
      const over = written === 'conflict' ? movement.concede : movement.settleOwn;
      const { applied, user, freed } = await over(organizationId, id, intent);
      return applied && user !== null ? toOutcome(user, freed) : toOutcome(written, freed);
    }
    // The user has the seat from here on; an intent that cannot be closed now is closed by whoever meets it.
    const closed = await leaveToSweep(ledgers.close(organizationId, id, intent, true));
    return toOutcome(written, closed === true && intent.from !== undefined && intent.from !== intent.to);
  }

  async function giveBack(commit: UserCommit): Promise<CommitOutcome> {
    const written = await write(commit, { seat: 'releasing', releasingSince: Date.now() });
    if (typeof written === 'string') return toOutcome(written);
    // The door is closed. A ledger that does not answer must not keep the caller from hearing so: the seat arrives behind the answer.
    const released = await waitAtMost(leaveToSweep(movement.release(written)), patienceMs);
    return toOutcome(released?.user ?? written, released?.freed);
  }

  /** Someone comes back whose seat is still on its way to the ledger: bring it there, then let the caller read again. */
  async function finishFirst(commit: UserCommit): Promise<CommitOutcome> {
    const { id, organizationId } = commit.user;
    const user = await users.findOne({ _id: id, organizationId, tombstone: false }).lean<UserDocument>();
    const released = user === null ? null : await movement.release(user);
    return toOutcome('conflict', released?.freed);
  }

  function write(commit: UserCommit, seat: SeatFields): Promise<Written> {
    return commit.expectedRevision === null ? insert(commit, seat) : update(commit, commit.expectedRevision, seat);
  }

  async function insert({ user, effects }: UserCommit, seat: SeatFields): Promise<Written> {
    const none = { seat: 'none', charge: null, stamp: null, releasingSince: null, tombstone: false } as const;
    const document = { _id: user.id, ...toUserFields(user), ...none, ...seat, ...effectFields(effects) };
    try {
      await users.insertOne(document);
      return document;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Servers word it differently which index refused; whether the id exists tells the two apart on all of them.
      return (await users.exists({ _id: user.id })) === null ? 'userNameTaken' : 'conflict';
    }
  }

  async function update({ user, effects }: UserCommit, revision: number, seat: SeatFields): Promise<Written> {
    const read = { _id: user.id, organizationId: user.organizationId, revision, tombstone: false };
    try {
      const written = await users
        .findOneAndUpdate(read, withEffects({ ...toUserFields(user), ...seat }, effects), { returnDocument: 'after' })
        .lean<UserDocument>();
      return written ?? 'conflict';
    } catch (error) {
      if (isDuplicateKey(error)) return 'userNameTaken';
      throw error;
    }
  }
}

function toOutcome(written: Written, freed = false): CommitOutcome {
  const outcome: CommitOutcome =
    typeof written === 'string' ? { kind: written } : { kind: 'committed', user: fromUserDocument(written) };
  return freed ? { ...outcome, freedSeat: true } : outcome;
}
