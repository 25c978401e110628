// To which budget somebody's seat is charged: the nearest at or above the person's primary department. A budget further down is so carved out of the
// one above. Whoever is in no department, or has no budget above, is charged to none. docs/decisions/0023-department-budgets.md.

import { deepestLevel, type Department } from '#directory/department.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { primaryDepartmentOf } from '#directory/person.ts';
import { nearestBudget, type Charge, type SeatBudgets, type UsedUpBudget } from '#directory/seat-budget.ts';
import type { User } from '#directory/user.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

type Place = Pick<ProvisioningContext, 'storage' | 'now'>;

/** Reckons charges on one basis; a department is asked about once. */
export interface Reckoning {
  readonly budgets: SeatBudgets;
  chargeOf(user: Pick<User, 'profile'>): Promise<Charge>;
}

/** Null: the organisation has no budgets. Throws `StorageError`. */
export async function beginReckoning(context: Place, organizationId: OrganizationId): Promise<Reckoning | null> {
  const budgets = (await context.storage.seats.read(organizationId))?.budgets;
  return budgets === undefined ? null : reckonOn(context, organizationId, budgets);
}

/** On a basis that was read already; `known` are departments that need not be asked for. */
export function reckonOn(
  { storage, now }: Place,
  organizationId: OrganizationId,
  budgets: SeatBudgets,
  known: ReadonlyMap<DepartmentId, Department> = new Map(),
): Reckoning {
  const departments = createDepartmentReader(storage, now);
  const parents = new Map<DepartmentId, DepartmentId | undefined>();
  const parentOf = async (id: DepartmentId): Promise<DepartmentId | undefined> => {
    if (!parents.has(id)) {
      const department = known.get(id) ?? (await departments.get(organizationId, id));
      parents.set(id, department?.profile.parent);
    }
    return parents.get(id);
  };
  return {
    budgets,
    async chargeOf({ profile }) {
      const chain: DepartmentId[] = [];
      for (let id = primaryDepartmentOf(profile.person); id !== undefined; id = await parentOf(id)) {
        chain.push(id);
        if (nearestBudget(budgets, [id]) !== null || chain.length > deepestLevel) break;
      }
      return { to: nearestBudget(budgets, chain), basis: budgets.basis };
    },
  };
}

/** Whether a change of the profile may have changed to what a person is charged. */
export function changesPrimaryDepartment(before: Pick<User, 'profile'>, after: Pick<User, 'profile'>): boolean {
  return primaryDepartmentOf(before.profile.person) !== primaryDepartmentOf(after.profile.person);
}

/** A used-up budget in words, as `Sales: 5 of 5`. */
export async function describeUsedUp(
  { storage, now }: Place,
  organizationId: OrganizationId,
  { department, limit, used }: UsedUpBudget,
): Promise<{ readonly name: string; readonly numbers: string }> {
  const found = await createDepartmentReader(storage, now).get(organizationId, department);
  return { name: found?.profile.name ?? department, numbers: `${used} of ${limit}` };
}
