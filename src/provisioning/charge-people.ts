// Charges people anew whose seats are charged to another budget than they should be: a department was moved, a budget was set or removed. One by one,
// each exact; what was charged stays so, and whatever crashed in between goes on from the beginning.

import type { Department } from '#directory/department.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import type { SeatBudgets } from '#directory/seat-budget.ts';
import type { User } from '#directory/user.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { settleTree } from './department-tree.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { reckonOn, type Reckoning } from './seat-charge.ts';
import { promoteWaiting } from './seat-queue.ts';

const piece = 500;
/** How often one person is tried whom others keep writing. */
const rounds = 50;

/**
 * Charges everybody who holds a seat to the budget it belongs to, if that is due (`inAnyCase`: also if it is not). Idempotent; safe beside running
 * changes and other runs: the one that began last goes on. Nobody is refused or loses a seat. Throws `StorageError`.
 */
export async function chargePeople(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  when: 'ifDue' | 'inAnyCase' = 'ifDue',
): Promise<void> {
  const { storage } = context;
  const before = (await storage.seats.read(organizationId))?.budgets;
  if (before === undefined) return;
  // A tree that is half changed would be read as it was.
  const move = (await settleTree(context, organizationId))?.value.moved ?? 0;
  if (when === 'ifDue' && before.chargedAt === move) return;
  await removeOfDeleted(context, organizationId, before);
  const { budgets } = await storage.budgets.beginCharging(organizationId);
  if (budgets === undefined) return;
  // Read again: whoever took a seat on the basis of now has seen at least this tree.
  const reckoning = reckonOn(context, organizationId, budgets, await readTree(context, organizationId));
  if (!(await chargeHolders(context, organizationId, reckoning))) return;
  await storage.budgets.endCharging(organizationId, budgets.basis, move);
  await promoteWaiting(context, organizationId);
}

/** Behind the answer of whoever moved a department; what cannot be done now the sweep does. */
export async function chargeAfterMove(context: ProvisioningContext, organizationId: OrganizationId): Promise<void> {
  try {
    await chargePeople(context, organizationId);
  } catch (error) {
    context.reportTrouble('people could not be charged to the budgets of their departments yet', error);
  }
}

async function removeOfDeleted(
  { storage, now }: ProvisioningContext,
  organizationId: OrganizationId,
  { of }: SeatBudgets,
): Promise<void> {
  const ids = Object.keys(of) as DepartmentId[];
  const found = await createDepartmentReader(storage, now).getMany(organizationId, ids);
  const present = new Set(found.map(({ id }) => id));
  for (const id of ids) if (!present.has(id)) await storage.budgets.set(organizationId, id, null, []);
}

/** False: the basis is another one by now. */
async function chargeHolders(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  reckoning: Reckoning,
): Promise<boolean> {
  for (let after: User | undefined; ; ) {
    const place = after === undefined ? {} : { after: after.id };
    const page = await context.storage.users.list(organizationId, { ...place, limit: piece });
    for (const user of page) if (!(await chargeOne(context, user, reckoning))) return false;
    after = page.at(-1);
    if (page.length < piece) return true;
  }
}

async function chargeOne({ storage }: ProvisioningContext, listed: User, reckoning: Reckoning): Promise<boolean> {
  let user: User | null = listed;
  for (let round = 0; round < rounds && user?.seat === 'held'; round += 1) {
    const charge = await reckoning.chargeOf(user);
    if ((user.charge ?? null) === charge.to) return true;
    const outcome = await storage.users.commit({
      user: { ...user, revision: user.revision + 1 },
      expectedRevision: user.revision,
      seat: 'keep',
      charge,
      effects: [],
    });
    if (outcome.kind === 'committed') return true;
    if (outcome.kind === 'staleCharge') return false;
    user = await storage.users.get(user.organizationId, user.id);
  }
  return user?.seat !== 'held';
}

async function readTree(
  { storage, now }: ProvisioningContext,
  organizationId: OrganizationId,
): Promise<ReadonlyMap<DepartmentId, Department>> {
  const reader = createDepartmentReader(storage, now);
  const departments = new Map<DepartmentId, Department>();
  for (let after: DepartmentId | undefined; ; ) {
    const page = await reader.list(organizationId, { limit: piece, ...(after === undefined ? {} : { after }) });
    for (const department of page) departments.set(department.id, department);
    after = page.at(-1)?.id;
    if (page.length < piece) return departments;
  }
}
