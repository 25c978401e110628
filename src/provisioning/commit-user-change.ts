// The only way a user changes: from before and after to one atomic commit with epoch, seat and effects (model.md, "One way in for changes").
// Its callers are the write side's own functions; the mouths that reach them are listed in directory/actor.ts and tested (L01).

import { DirectoryError } from '#directory/directory-error.ts';
import { describeActor } from '#directory/actor.ts';
import { toEffects, partsOf, type Difference } from '#directory/effect.ts';
import { effectsBetween, type ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type OrganizationId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import { asInLine, asWaiting, type SeatNeed } from '#directory/user-change.ts';
import { isSame } from '#directory/same-value.ts';
import { seatStepOf } from '#directory/seat-history.ts';
import type { User } from '#directory/user.ts';
import type { CommitOutcome, UserCommit } from '#storage/user-store.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { mustWait, promoteWaiting } from './seat-queue.ts';
import { beginReckoning, changesPrimaryDepartment, describeUsedUp } from './seat-charge.ts';
import type { Charge, UsedUpBudget } from '#directory/seat-budget.ts';
import { countReservedSeats, describeReserved } from './reserved-seats.ts';

/** How long a lock-out waits for its seat to be passed on before it is answered. */
const patienceMs = 1_000;

export interface UserChange {
  /** As read, or null for a new user. */
  readonly before: User | null;
  /** As it should be if the seat need is met; `revision` and `epoch` are set here. */
  readonly after: User;
  readonly need: SeatNeed;
  /** The epoch rises: sessions, codes, grants and tokens made so far are dead from this commit on. */
  readonly endsSessions: boolean;
  /** What happens when no seat is free; the organisation's policy unless the caller says otherwise. */
  readonly ifNoSeat: SeatPolicy;
}

export interface ChangeResult {
  readonly user: User;
  readonly before: User | null;
  /** False: everything was as asked already; nothing was written. */
  readonly changed: boolean;
  readonly change: ChangeId | null;
  /** What of the content changed; left out: nothing. */
  readonly difference?: Difference;
}

/**
 * Commits one change. Answers null when someone else wrote first: read again and start over.
 * Throws `DirectoryError` `noFreeSeat` (nothing stored) or `userNameTaken`; `StorageError` when the store is away.
 */
export async function commitUserChange(
  context: ProvisioningContext,
  change: UserChange,
  by: ChangeContext,
): Promise<ChangeResult | null> {
  const { before, after } = change;
  if (before !== null && !change.endsSessions && isSame(before, after)) {
    await context.storage.settled();
    return { user: before, before, changed: false, change: null };
  }

  const takesSeat = change.need === 'activate' || change.need === 'reserve';
  const wait = takesSeat ? await mustWait(context, after) : null;
  if (wait !== null) return commitWithoutSeat(context, change, by, wait.budget);
  const seat = takesSeat ? 'take' : change.need === 'giveBack' ? 'giveBack' : 'keep';
  const charge = movesSeat(change) ? await reckonCharge(context, after) : undefined;
  let attempt = await commitAs(context, change, after, seat, by, charge);
  // Only now it is known that there are budgets: without any, nobody has read them.
  if (attempt.kind === 'staleCharge' && takesSeat)
    attempt = await commitAs(context, change, after, seat, by, await reckonCharge(context, after));
  return attempt.kind === 'noSeat'
    ? commitWithoutSeat(context, change, by, attempt.budget)
    : conclude(context, change, attempt);
}

/** A seat that is held goes to another department with its person. A lock-out does not wait for that: whoever charges people anew comes to it. */
function movesSeat({ before, after, need, endsSessions }: UserChange): boolean {
  if (before === null || before.seat !== 'held' || need !== 'none' || endsSessions) return false;
  return changesPrimaryDepartment(before, after);
}

async function reckonCharge(context: ProvisioningContext, user: User): Promise<Charge | undefined> {
  return (await beginReckoning(context, user.organizationId))?.chargeOf(user);
}

type Attempt = CommitOutcome & Pick<ChangeResult, 'change' | 'difference'>;

async function commitAs(
  context: ProvisioningContext,
  change: UserChange,
  after: User,
  seat: UserCommit['seat'],
  by: ChangeContext,
  charge?: Charge,
): Promise<Attempt> {
  const now = context.now();
  const id = createTimeOrderedId(now, context.randomBytes) as ChangeId;
  const { before } = change;
  const givesUp = seatStepOf(before, after, seat) === 'given';
  const user: User = {
    ...after,
    ...(givesUp ? { seatUsedUntil: now } : {}),
    revision: (before?.revision ?? 0) + 1,
    epoch: change.endsSessions ? after.epoch + 1 : after.epoch,
  };
  const bodies = effectsBetween(before, user, by, id, seat);
  const event = bodies.find((body) => body.kind === 'audit')?.event;
  // Ended sessions are no content.
  const isContent = event !== undefined && event.after !== undefined;
  const stored = !isContent || before === null ? user : { ...user, modifiedAt: now };
  const outcome = await context.storage.users.commit({
    user: stored,
    expectedRevision: before?.revision ?? null,
    ...(before === null ? {} : { before }),
    seat,
    ...(charge === undefined ? {} : { charge }),
    effects: toEffects(context, user.organizationId, bodies),
  });
  return event === undefined ? { ...outcome, change: null } : { ...outcome, change: id, difference: partsOf(event) };
}

/** No seat, or none within the budget: refused with nothing stored, or stored truthfully as waiting, and the queue looked at once in case a seat came free meanwhile. */
async function commitWithoutSeat(
  context: ProvisioningContext,
  change: UserChange,
  by: ChangeContext,
  budget?: UsedUpBudget,
): Promise<ChangeResult | null> {
  const { after } = change;
  // A reservation is never refused: the person stands in line for it.
  if (change.need === 'activate' && change.ifNoSeat === 'refuse')
    throw await (budget === undefined ? toNoFreeSeat(context, after) : toBudgetUsedUp(context, after, budget));
  const waiting =
    change.need === 'reserve'
      ? asInLine(after, context.now())
      : asWaiting(after, context.now(), describeActor(by.actor), await describeWait(context, after, budget));
  const result = await conclude(context, change, await commitAs(context, change, waiting, 'keep', by));
  if (result === null) return null;
  await promoteWaiting(context, after.organizationId);
  return { ...result, user: await readAfterCommit(context, result.user) };
}

/** Why a free seat is not to be had, in one line; undefined: there is none. */
async function describeWait(
  context: ProvisioningContext,
  user: User,
  budget: UsedUpBudget | undefined,
): Promise<string | undefined> {
  if (budget === undefined) return describeReserved(context, user);
  const { name, numbers } = await describeUsedUp(context, user.organizationId, budget);
  return `the budget of ${name} is used up: ${numbers}`;
}

async function toBudgetUsedUp(
  context: ProvisioningContext,
  { organizationId }: User,
  budget: UsedUpBudget,
): Promise<DirectoryError> {
  const { department, limit, used } = budget;
  const { name, numbers } = await describeUsedUp(context, organizationId, budget);
  const words = `The budget of the department "${name}" is used up: ${numbers} seats are in use.`;
  return new DirectoryError('noFreeSeat', words, { budget: department, limit, used });
}

async function toNoFreeSeat(context: ProvisioningContext, { organizationId }: User): Promise<DirectoryError> {
  const [ledger, reserved] = await Promise.all([
    context.storage.seats.read(organizationId),
    countReservedSeats(context.storage, organizationId),
  ]);
  const licensed = ledger?.licensed ?? null;
  const used = ledger === null ? null : ledger.used - reserved;
  const words =
    (ledger?.free ?? 0) > 0
      ? 'The free seats are for people who wait already.'
      : reserved > 0
        ? `The free seats are reserved for people who return from leave: ${reserved} of ${licensed ?? 'all'}.`
        : `All ${licensed ?? 'licensed'} seats are in use.`;
  return new DirectoryError('noFreeSeat', words, { licensed, used, ...(reserved > 0 ? { reserved } : {}) });
}

async function conclude(
  context: ProvisioningContext,
  change: UserChange,
  outcome: Attempt,
): Promise<ChangeResult | null> {
  const { organizationId } = change.after;
  // Whoever freed a seat passes it on at once, also where its own change did not come true; a give-back does so even if it cannot tell.
  const mayHaveFreed = outcome.kind === 'committed' && change.need === 'giveBack';
  if (mayHaveFreed) await passOn(context, organizationId);
  else if (outcome.freedSeat === true) await promoteWaiting(context, organizationId, 2);
  switch (outcome.kind) {
    case 'conflict':
    case 'staleCharge':
    case 'noSeat':
      return null;
    case 'userNameTaken':
      throw new DirectoryError(
        'userNameTaken',
        `The userName "${change.after.profile.userName}" belongs to another user.`,
      );
    case 'committed': {
      context.wakeRelay();
      if (change.need !== 'none') context.seatsMoved?.(organizationId);
      const { user, difference } = outcome;
      const result = { user, before: change.before, changed: true, change: outcome.change };
      return difference === undefined ? result : { ...result, difference };
    }
    default:
      return outcome satisfies never;
  }
}

/** After a lock-out: a ledger that does not answer must not hold up the word that the person is out. */
async function passOn(context: ProvisioningContext, organizationId: OrganizationId): Promise<void> {
  const promoting = promoteWaiting(context, organizationId, 2);
  if ((await waitAtMost(promoting, patienceMs)) === undefined) context.continueLater(() => promoting);
}

/** The user as stored now, or as just committed: a read that fails must not turn a commit into a failure. */
export async function readAfterCommit(context: ProvisioningContext, committed: User): Promise<User> {
  try {
    return (await context.storage.users.get(committed.organizationId, committed.id)) ?? committed;
  } catch (error) {
    context.reportTrouble('a user could not be read after the commit', error);
    return committed;
  }
}
