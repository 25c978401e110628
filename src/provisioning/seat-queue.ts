// The queue for seats: whoever waits longest gets the seat that came free, by the same take as everyone else. Whose budget is used up is passed over.
// Called by whoever gave a seat back, stored a waiting user, raised the contract or a budget, or settled a movement; a sweep calls it too, after crashes.

import { toEffects } from '#directory/effect.ts';
import { effectsBetween, type ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type DepartmentId, type OrganizationId } from '#directory/identifiers.ts';
import { hasFreeSeat } from '#directory/seat.ts';
import { listUsedUp, usedUpBudget, type Charge, type UsedUpBudget } from '#directory/seat-budget.ts';
import { asPromoted } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import type { CommitOutcome } from '#storage/user-store.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { reckonOn } from './seat-charge.ts';

const byQueue: ChangeContext = { actor: { kind: 'system', name: 'seat-queue' }, mouth: 'seatQueue' };

/** How many are promoted before whoever freed the seats is answered; a long queue goes on behind the answer. */
const promotedAtOnce = 20;
const piece = 500;

/**
 * Promotes waiting users, longest wait first, until the queue or the free seats are empty. Answers how many became active before the answer.
 * Never throws: the change that freed the seat is committed and stays so; what is left undone here the sweep does.
 */
export async function promoteWaiting(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  atOnce = promotedAtOnce,
): Promise<number> {
  const promoted = await promoteSome(context, organizationId, atOnce);
  if (promoted === atOnce) context.continueLater(() => promoteWaiting(context, organizationId, promotedAtOnce));
  return promoted;
}

async function promoteSome(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  limit: number,
): Promise<number> {
  const line: Line = { organizationId, limit, promoted: 0 };
  try {
    for (let tries = 0; line.promoted < limit && tries < limit * 20; tries += 1) {
      const outcome = await promoteFirst(context, organizationId);
      if (outcome === 'nobody' || outcome === 'noSeat') break;
      if (outcome === 'staleCharge') {
        await promoteWithinBudgets(context, line);
        break;
      }
      if (outcome === 'committed') line.promoted += 1;
    }
  } catch (error) {
    context.reportTrouble('waiting users could not be promoted now; the sweep will', error);
  }
  if (line.promoted > 0) {
    context.wakeRelay();
    context.seatsMoved?.(organizationId);
  }
  return line.promoted;
}

async function promoteFirst(
  context: ProvisioningContext,
  organizationId: OrganizationId,
): Promise<'nobody' | CommitOutcome['kind']> {
  const first = await context.storage.users.longestWaiting(organizationId);
  return first === null ? 'nobody' : (await promote(context, first)).kind;
}

function promote(context: ProvisioningContext, user: User, charge?: Charge): Promise<CommitOutcome> {
  const now = context.now();
  const after = { ...asPromoted(user, now), revision: user.revision + 1, modifiedAt: now };
  const change = createTimeOrderedId(now, context.randomBytes);
  return context.storage.users.commit({
    user: after,
    expectedRevision: user.revision,
    seat: 'take',
    ...(charge === undefined ? {} : { charge }),
    effects: toEffects(context, user.organizationId, effectsBetween(user, after, byQueue, change, 'take')),
  });
}

interface Line {
  readonly organizationId: OrganizationId;
  readonly limit: number;
  promoted: number;
}

/** Rounds of what others keep disturbing; the sweep comes to what is left. */
const rounds = 20;

/** Where departments have budgets: once along the queue, from its beginning to its end; again only where who is charged to what has changed. */
async function promoteWithinBudgets(context: ProvisioningContext, line: Line): Promise<void> {
  for (let round = 0; round < rounds; round += 1) if ((await goAlongQueue(context, line)) === 'over') return;
}

async function goAlongQueue(context: ProvisioningContext, line: Line): Promise<'over' | 'changed'> {
  const { organizationId, limit } = line;
  const ledger = await context.storage.seats.read(organizationId);
  if (ledger === null || !hasFreeSeat(ledger)) return 'over';
  const reckoning = ledger.budgets === undefined ? null : reckonOn(context, organizationId, ledger.budgets);
  const usedUp = new Set<DepartmentId>(listUsedUp(ledger.budgets));
  for await (const user of readInOrder(context, organizationId)) {
    const charge = await reckoning?.chargeOf(user);
    const budget = charge?.to ?? null;
    if (budget !== null && usedUp.has(budget)) continue;
    const outcome = await promoteUnlessGone(context, user, charge);
    if (outcome.kind === 'staleCharge') return 'changed';
    if (outcome.kind === 'noSeat') {
      if (outcome.budget === undefined) return 'over';
      usedUp.add(outcome.budget.department);
    }
    if (outcome.kind === 'committed') line.promoted += 1;
    if (line.promoted >= limit) return 'over';
  }
  return 'over';
}

/** Somebody else may write the same person meanwhile: whoever waits no longer is left alone, for whoever does the queue is looked at again. */
async function promoteUnlessGone(
  context: ProvisioningContext,
  user: User,
  charge: Charge | undefined,
): Promise<CommitOutcome> {
  const outcome = await promote(context, user, charge);
  if (outcome.kind !== 'conflict') return outcome;
  const now = await context.storage.users.get(user.organizationId, user.id);
  return now === null || now.waitingSince === undefined ? outcome : { kind: 'staleCharge' };
}

async function* readInOrder(
  { storage }: ProvisioningContext,
  organizationId: OrganizationId,
): AsyncGenerator<User, void> {
  for (let after: User | undefined; ; ) {
    const page = await storage.users.queue(organizationId, { ...(after === undefined ? {} : { after }), limit: piece });
    yield* page;
    after = page.at(-1);
    if (page.length < piece) return;
  }
}

/** Why a newcomer has to wait before the ledger is asked. */
export interface Wait {
  /** It is their own budget that is used up. */
  readonly budget?: UsedUpBudget;
}

/**
 * Whether this newcomer has to wait because others do; null: they need not. Nobody overtakes whoever was told to wait and could have the seat. Who waits
 * for another budget that is used up could not. Throws `StorageError`.
 */
export async function mustWait(context: ProvisioningContext, newcomer: User): Promise<Wait | null> {
  const { organizationId, id } = newcomer;
  const first = await context.storage.users.longestWaiting(organizationId);
  if (first === null || first.id === id) return null;
  const ledger = await context.storage.seats.read(organizationId);
  if (ledger?.budgets === undefined || !hasFreeSeat(ledger)) return {};
  const { budgets } = ledger;
  const reckoning = reckonOn(context, organizationId, budgets);
  const own = usedUpBudget(budgets, (await reckoning.chargeOf(newcomer)).to);
  // They get in line at once: the seat that may come free in this moment is for whoever waits for that budget already.
  if (own !== null) return { budget: own };
  for await (const user of readInOrder(context, organizationId)) {
    if (user.id === id) return null;
    if (usedUpBudget(budgets, (await reckoning.chargeOf(user)).to) === null) return {};
  }
  return null;
}
