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
import { StorageError } from '#storage/storage-error.ts';
import type { ContractEffects, RecountOutcome } from '#storage/seat-ledger-store.ts';
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
  const writeContract = () => changeContract(context, id, contract, rule, by, change);
  const writeRules = () => changeOrganization(context, id, rules, by, change);
  const parts = Object.keys(contract) as (keyof SeatContract)[];
  const differs = parts.some((name) => contract[name] !== undefined && contract[name] !== before[name]);
  if (differs && seatPolicy === 'allowOver' && organization.seatPolicy !== 'allowOver') {
    // The policy first, where it is what allows the over-use: a crash in between leaves nothing over without it.
    const applied = applyContract(before, contract, rule);
    if ('tooMany' in applied) throw belowUse(applied.tooMany);
    await writeRules();
    let written: SeatLedger;
    try {
      written = await writeContract();
    } catch (error) {
      // Somebody took a seat meanwhile.
      if (error instanceof DirectoryError) await takeBack(context, organization, rules, by, change);
      throw error;
    }
    return { ledger: await settle(context, id, written), change };
  }
  // Else the contract first: it can be refused, and then nothing is done.
  const written = differs ? await writeContract() : before;
  const changed = await writeRules();
  if (!differs && changed.change === null) return { ledger: before, change: null };
  return { ledger: await settle(context, id, written), change };
}

/**
 * The ledger after a change, and without over-use that no policy allows: of two who change the terms at once one may have written the policy and the
 * other the number. Whoever comes last sees both.
 */
async function settle(context: ProvisioningContext, id: OrganizationId, written: SeatLedger): Promise<SeatLedger> {
  try {
    await withdrawOverUse(context, id);
    return (await context.storage.seats.read(id)) ?? written;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // What was asked for is done; the sweep looks at the rest.
    context.reportTrouble('the ledger could not be read after the change', error);
    return written;
  }
}

const bySettling: ChangeContext = { actor: { kind: 'system', name: 'seat-contract' }, mouth: 'schedule' };

/** Nothing may go over without the policy that allows it; who is over already stays. Also for the sweep, after a crash between the two. Throws `StorageError`. */
export async function withdrawOverUse(context: ProvisioningContext, id: OrganizationId): Promise<void> {
  // The ledger is read first: a policy that is written after it is written by somebody who looks here later.
  const ledger = await context.storage.seats.read(id);
  if (ledger === null || ledger.over === 0) return;
  const organization = await context.storage.organizations.get(id);
  if (organization === null || organization.seatPolicy === 'allowOver') return;
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  await changeContract(context, id, { over: 0 }, { evenBelowUse: true }, bySettling, change);
}

/** The ledger cannot tell a seat that is kept for a return from one in use, and neither fits. */
function belowUse(over: number): DirectoryError {
  const seats = over === 1 ? '1 seat too many is' : `${over} seats too many are`;
  return new DirectoryError('belowUse', `${seats} in use or reserved for this.`, { over });
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

function noticeOf({ used, licensed, over }: SeatLedger): readonly EffectBody[] {
  const tooMany = licensed === null ? 0 : used - licensed - over;
  if (tooMany <= 0) return [];
  const values = { used: String(used), licensed: String(licensed), over: String(tooMany) };
  return [{ kind: 'notice', notice: { code: 'contractBelowUse', level: 'important', values, roles: seatRoles } }];
}

async function changeContract(
  context: ProvisioningContext,
  id: OrganizationId,
  contract: SeatContract,
  rule: ContractRule,
  by: ChangeContext,
  change: ChangeId,
): Promise<SeatLedger> {
  const termsOf = ({ licensed, over }: SeatLedger) => ({ licensed, over });
  const effectsOf: ContractEffects = (before, after) => {
    const words = { before: termsOf(before), after: termsOf(after) };
    return toEffects(context, id, [
      { kind: 'audit', event: auditOrganization(context, by, 'seats.changed', id, words, change) },
      { kind: 'seat', change: { kind: 'contract', ...termsOf(after) } },
      ...(rule.evenBelowUse === true ? noticeOf(after) : []),
    ]);
  };
  const outcome = await context.storage.seats.changeContract(id, contract, effectsOf, rule);
  if (outcome.kind === 'belowUse') throw belowUse(outcome.over);
  context.wakeRelay();
  context.seatsMoved?.(id);
  await promoteWaiting(context, id);
  return outcome.ledger;
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
