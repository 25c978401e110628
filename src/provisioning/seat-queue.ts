// The queue for seats: whoever waits longest gets the seat that came free, by the same take as everyone else.
// Called by whoever gave a seat back, stored a waiting user, raised the contract or settled a movement; a sweep calls it too, after crashes.

import { toEffects } from '#directory/effect.ts';
import { effectsBetween, type ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type OrganizationId } from '#directory/identifiers.ts';
import { asPromoted } from '#directory/user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

const byQueue: ChangeContext = { actor: { kind: 'system', name: 'seat-queue' }, mouth: 'seatQueue' };

/** How many are promoted before whoever freed the seats is answered; a long queue goes on behind the answer. */
const promotedAtOnce = 20;

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
  let promoted = 0;
  try {
    for (let tries = 0; promoted < limit && tries < limit * 20; tries += 1) {
      const outcome = await promoteFirst(context, organizationId);
      if (outcome === 'nobody' || outcome === 'noSeat') break;
      if (outcome === 'promoted') promoted += 1;
    }
  } catch (error) {
    context.reportTrouble('waiting users could not be promoted now; the sweep will', error);
  }
  if (promoted > 0) {
    context.wakeRelay();
    context.seatsMoved?.(organizationId);
  }
  return promoted;
}

async function promoteFirst(
  context: ProvisioningContext,
  organizationId: OrganizationId,
): Promise<'nobody' | 'noSeat' | 'promoted' | 'conflict'> {
  const first = await context.storage.users.longestWaiting(organizationId);
  if (first === null) return 'nobody';
  const now = context.now();
  const after = { ...asPromoted(first, now), revision: first.revision + 1, modifiedAt: now };
  const change = createTimeOrderedId(now, context.randomBytes);
  const outcome = await context.storage.users.commit({
    user: after,
    expectedRevision: first.revision,
    seat: 'take',
    effects: toEffects(context, organizationId, effectsBetween(first, after, byQueue, change, 'take')),
  });
  if (outcome.kind === 'committed') return 'promoted';
  return outcome.kind === 'noSeat' ? 'noSeat' : 'conflict';
}
