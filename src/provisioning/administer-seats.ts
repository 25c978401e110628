// The contract of seats: how many are licensed, what happens at the limit, and counting anew. Who takes a seat is commit-user-change.ts.

import { toEffects, type EffectBody } from '#directory/effect.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type OrganizationId } from '#directory/identifiers.ts';
import { seatRoles } from '#directory/notices-between.ts';
import type { Organization, SeatPolicy } from '#directory/organization.ts';
import {
  applyContract,
  isSeatCount,
  seatCountRule,
  type ContractRule,
  type SeatContract,
  type SeatLedger,
} from '#directory/seat.ts';
import type { RecountOutcome } from '#storage/seat-ledger-store.ts';
import { changeOrganization, type OrganizationEdit } from './administer-organization.ts';
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
  const { seatPolicy, reserveForReturn, overUntil, ...asked } = terms;
  // Whoever leaves `allowOver` gives the over-use up with it.
  const leaves = seatPolicy !== undefined && seatPolicy !== 'allowOver';
  const contract: SeatContract = leaves ? { over: 0, ...asked } : asked;
  assertTerms(contract, seatPolicy ?? organization.seatPolicy);
  if (typeof overUntil === 'string')
    assertAhead(context, organization, overUntil, seatPolicy ?? organization.seatPolicy);
  // What the terms do not name is not written: somebody else may be changing it.
  const rules = {
    ...(seatPolicy === undefined ? {} : { seatPolicy }),
    ...(reserveForReturn === undefined ? {} : { reserveForReturn }),
    ...(overUntil === undefined ? {} : { overUntil }),
  };
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const writeContract = () => changeContract(context, id, { contract, before, rule }, by, change);
  const writeRules = () => changeOrganization(context, id, rules, by, change);
  const parts = Object.keys(contract) as (keyof SeatContract)[];
  const differs = parts.some((name) => contract[name] !== undefined && contract[name] !== before[name]);
  if (differs && seatPolicy === 'allowOver' && organization.seatPolicy !== 'allowOver') {
    // The policy first, where it is what allows the over-use: a crash in between leaves nothing over without it.
    const applied = applyContract(before, contract, rule);
    if ('tooMany' in applied) throw belowUse(applied.tooMany);
    await writeRules();
    try {
      return { ledger: await writeContract(), change };
    } catch (error) {
      // Somebody took a seat meanwhile.
      if (error instanceof DirectoryError) await takeBack(context, organization, rules, by, change);
      throw error;
    }
  }
  // Else the contract first: it can be refused, and then nothing is done.
  const ledger = differs ? await writeContract() : before;
  const changed = await writeRules();
  return { ledger, change: differs || changed.change !== null ? change : null };
}

function belowUse(over: number): DirectoryError {
  const people = `${over} ${over === 1 ? 'user' : 'users'}`;
  return new DirectoryError('belowUse', `${people} too many are active for this.`, { over });
}

/** What the rules were before, of those that were written. */
async function takeBack(
  context: ProvisioningContext,
  { id, seatPolicy, reserveForReturn = 0 }: Organization,
  rules: OrganizationEdit,
  by: ChangeContext,
  change: ChangeId,
): Promise<void> {
  const reservation = rules.reserveForReturn === undefined ? {} : { reserveForReturn };
  await changeOrganization(context, id, { seatPolicy, ...reservation }, by, change);
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
  if (outcome.kind === 'belowUse') throw belowUse(outcome.over);
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
