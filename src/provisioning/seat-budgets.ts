// What administrators do to the budgets of departments: set, change, remove. Who is charged to which one is seat-charge.ts; bringing everybody to where
// they belong is charge-people.ts.

import { DirectoryError } from '#directory/directory-error.ts';
import { toEffects } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type DepartmentId, type OrganizationId } from '#directory/identifiers.ts';
import { mostBudgets, type SeatBudget } from '#directory/seat-budget.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';
import { chargePeople } from './charge-people.ts';
import { auditOrganization } from './organization-audit.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { promoteWaiting } from './seat-queue.ts';

/** How long the answer waits for everybody to be charged; the rest goes on behind it. */
const patienceMs = 5_000;

export interface DepartmentBudget {
  readonly department: DepartmentId;
  readonly name: string;
  readonly limit: number;
  readonly used: number;
}

/** The budgets there are, by the name of the department. Throws `StorageError`. */
export async function readBudgets(
  { storage, now }: Pick<ProvisioningContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
): Promise<readonly DepartmentBudget[]> {
  const of = (await storage.seats.read(organizationId))?.budgets?.of ?? {};
  const budgets = Object.entries(of) as [DepartmentId, SeatBudget][];
  const ids = budgets.map(([department]) => department);
  const found = await createDepartmentReader(storage, now).getMany(organizationId, ids);
  const names = new Map(found.map(({ id, profile }) => [id, profile.name]));
  const shown = budgets.flatMap(([department, { limit, used }]) => {
    const name = names.get(department);
    // A budget whose department is gone is on its way out.
    return limit === null || name === undefined ? [] : [{ department, name, limit, used }];
  });
  return shown.toSorted((one, other) => one.name.localeCompare(other.name));
}

/**
 * Gives a department a budget, or changes it; below its use, too: then nobody new gets in until it is met. Whoever can have a seat by it now has it at
 * once. `change` is null when it was so already. Throws `DirectoryError` `departmentNotFound`, `invalidValue`.
 */
export async function setBudget(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  department: DepartmentId,
  limit: number,
  by: ChangeContext,
): Promise<{ readonly change: ChangeId | null }> {
  if (!Number.isSafeInteger(limit) || limit < 0 || limit > 100_000_000)
    throw new DirectoryError('invalidValue', 'A budget is a whole number of seats from 0 to 100,000,000.', {
      field: 'limit',
    });
  const of = (await context.storage.seats.read(organizationId))?.budgets?.of ?? {};
  if (of[department] === undefined && Object.keys(of).length >= mostBudgets)
    throw new DirectoryError('invalidValue', `An organisation has at most ${mostBudgets} budgets.`, { field: 'limit' });
  return changeBudget(context, organizationId, department, limit, by);
}

/** Takes a department's budget away; its people are charged to the next one above. As `setBudget`. */
export async function removeBudget(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  department: DepartmentId,
  by: ChangeContext,
): Promise<{ readonly change: ChangeId | null }> {
  return changeBudget(context, organizationId, department, null, by);
}

async function changeBudget(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  department: DepartmentId,
  limit: number | null,
  by: ChangeContext,
): Promise<{ readonly change: ChangeId | null }> {
  const { storage, now, randomBytes } = context;
  const found = await createDepartmentReader(storage, now).get(organizationId, department);
  if (found === null) throw new DirectoryError('departmentNotFound', 'There is no such department.');
  const was = (await storage.seats.read(organizationId))?.budgets?.of[department]?.limit ?? null;
  if (was === limit) return { change: null };
  const change = createTimeOrderedId(now(), randomBytes) as ChangeId;
  const budget = { department, name: found.profile.name };
  const difference = { before: { budget: { ...budget, limit: was } }, after: { budget: { ...budget, limit } } };
  const event = auditOrganization(context, by, 'seats.budgetChanged', organizationId, difference, change);
  const effects = toEffects(context, organizationId, [{ kind: 'audit', event }]);
  await storage.budgets.set(organizationId, department, limit, effects);
  context.wakeRelay();
  const passingOn = passOn(context, organizationId);
  if ((await waitAtMost(passingOn, patienceMs)) === undefined) context.continueLater(() => passingOn);
  return { change };
}

/** The budget is set, whatever happens now: what is left undone here the sweep does. */
async function passOn(context: ProvisioningContext, organizationId: OrganizationId): Promise<true> {
  try {
    await chargePeople(context, organizationId);
    await promoteWaiting(context, organizationId);
  } catch (error) {
    context.reportTrouble('people could not be charged to the budgets of their departments yet', error);
  }
  return true;
}
