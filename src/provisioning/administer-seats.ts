// The contract of seats: how many are licensed, what happens at the limit, and counting anew. Who takes a seat is commit-user-change.ts.

import { toEffects, type EffectBody } from '#directory/effect.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type OrganizationId } from '#directory/identifiers.ts';
import { seatRoles } from '#directory/notices-between.ts';
import type { Organization, SeatPolicy } from '#directory/organization.ts';
import { isSeatCount, seatCountRule, type ContractRule, type SeatContract, type SeatLedger } from '#directory/seat.ts';
import type { RecountOutcome } from '#storage/seat-ledger-store.ts';
import { changeOrganization } from './administer-organization.ts';
import { toInstant } from './leave-dates.ts';
import { auditOrganization } from './organization-audit.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { promoteWaiting } from './seat-queue.ts';

/** A contract of seats together with what happens at its limit. Left-out parts stay. */
export interface SeatTerms extends SeatContract {
  readonly seatPolicy?: SeatPolicy;
  /** With `allowOver`: the first local day without over-use; null: until somebody says so. */
  readonly overUntil?: string | null;
  readonly reserveForReturn?: number;
}

/**
 * Changes what is licensed, the allowed over-use, the policy. Throws `belowUse` with `{over}`, `invalidValue` for over-use without the policy that
 * allows it; then nothing is changed. A raised contract promotes who waits at once. `change` is null when all was so already.
 */
export async function changeSeats(
  context: ProvisioningContext,
  id: OrganizationId,
  terms: SeatTerms,
  by: ChangeContext,
  rule: ContractRule = {},
): Promise<{ readonly ledger: SeatLedger; readonly change: ChangeId | null }> {
  const [organization, before] = await Promise.all([
    context.storage.organizations.get(id),
    context.storage.seats.read(id),
  ]);
  if (organization === null || before === null)
    throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  const { seatPolicy = organization.seatPolicy, reserveForReturn, overUntil, ...asked } = terms;
  // Whoever leaves `allowOver` gives the over-use up with it.
  const contract: SeatContract = seatPolicy === 'allowOver' ? asked : { over: 0, ...asked };
  assertTerms(contract, seatPolicy);
  if (typeof overUntil === 'string') assertAhead(context, organization, overUntil, seatPolicy);
  const was = { licensed: before.licensed, over: before.over };
  const parts = Object.keys(contract) as (keyof SeatContract)[];
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const differs = parts.some((name) => contract[name] !== undefined && contract[name] !== was[name]);
  const ledger = differs ? await changeContract(context, id, { contract, before, rule }, by, change) : before;
  const reservation = {
    ...(reserveForReturn === undefined ? {} : { reserveForReturn }),
    ...(overUntil === undefined ? {} : { overUntil }),
  };
  // The contract first: it can be refused, and then nothing is done.
  const changed = await changeOrganization(context, id, { seatPolicy, ...reservation }, by, change);
  return { ledger, change: differs || changed.change !== null ? change : null };
}

function assertTerms(contract: SeatContract, policy: SeatPolicy): void {
  for (const [field, count] of Object.entries(contract)) {
    if (!isSeatCount(count)) throw new DirectoryError('invalidValue', seatCountRule, { field });
  }
  if ((contract.over ?? 0) > 0 && policy !== 'allowOver') {
    throw new DirectoryError('invalidValue', 'Over-use needs the policy allowOver.', { field: 'over' });
  }
}

function assertAhead(
  context: ProvisioningContext,
  { timeZone }: Organization,
  overUntil: string,
  policy: SeatPolicy,
): void {
  const field = { field: 'overUntil' };
  if (policy !== 'allowOver') throw new DirectoryError('invalidValue', 'Over-use needs the policy allowOver.', field);
  if (toInstant(overUntil, 0, timeZone, 'overUntil') <= context.now())
    throw new DirectoryError('invalidValue', 'The day on which over-use ends must be ahead.', field);
}

interface ContractChange {
  readonly contract: SeatContract;
  readonly before: SeatLedger;
  readonly rule: ContractRule;
}

/** By the use as it was read: a seat more or less that moves meanwhile makes no other message. */
function noticeOf({ used, licensed, over }: SeatLedger): readonly EffectBody[] {
  const tooMany = licensed === null ? 0 : used - licensed - over;
  if (tooMany <= 0) return [];
  const values = { used: String(used), licensed: String(licensed), over: String(tooMany) };
  return [{ kind: 'notice', notice: { code: 'contractBelowUse', level: 'important', values, roles: seatRoles } }];
}

async function changeContract(
  context: ProvisioningContext,
  id: OrganizationId,
  { contract, before, rule }: ContractChange,
  by: ChangeContext,
  change: ChangeId,
): Promise<SeatLedger> {
  const was = { licensed: before.licensed, over: before.over };
  const event = auditOrganization(
    context,
    by,
    'seats.changed',
    id,
    { before: { ...was }, after: { ...was, ...contract } },
    change,
  );
  const { licensed, over } = { ...was, ...contract };
  const effects = toEffects(context, id, [
    { kind: 'audit', event },
    { kind: 'seat', change: { kind: 'contract', licensed, over } },
    ...(rule.evenBelowUse === true ? noticeOf({ ...before, licensed, over }) : []),
  ]);
  const outcome = await context.storage.seats.changeContract(id, contract, effects, rule);
  if (outcome.kind === 'belowUse') {
    const people = `${outcome.over} ${outcome.over === 1 ? 'user' : 'users'}`;
    throw new DirectoryError('belowUse', `${people} too many are active for this.`, { over: outcome.over });
  }
  context.wakeRelay();
  context.seatsMoved?.(id);
  await promoteWaiting(context, id);
  try {
    return (await context.storage.seats.read(id)) ?? outcome.ledger;
  } catch (error) {
    context.reportTrouble('the ledger could not be read after the change', error);
    return outcome.ledger;
  }
}

/** Counts the seats anew and repairs the ledger if it is wrong, which is audited. A seat that was only lost goes to whoever waits. */
export async function recountSeats(
  context: ProvisioningContext,
  id: OrganizationId,
  by: ChangeContext,
): Promise<RecountOutcome & { readonly change: ChangeId | null }> {
  if ((await context.storage.seats.read(id)) === null)
    throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const outcome = await context.storage.seats.recount(id, (drift, budgets) => {
    const after = budgets === undefined ? { drift } : { drift, budgets };
    const event = auditOrganization(context, by, 'seats.recounted', id, { after }, change);
    return toEffects(context, id, [{ kind: 'audit', event }]);
  });
  if (outcome.outcome === 'repaired') {
    context.wakeRelay();
    await promoteWaiting(context, id);
  }
  return { ...outcome, change: outcome.outcome === 'repaired' ? change : null };
}
