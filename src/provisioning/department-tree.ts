// How the tree of departments changes. What is checked may stand in many records (is the parent there, is the code free, is there no circle),
// and no store must be asked for a transaction over them. So every change is one write of the organisation's tree record, guarded by its revision:
// it names the departments as they are to be. Then it is carried out on their own records, by the writer, or after a crash by whoever changes
// the tree next and by a sweep. Nobody checks anything before the change before is carried out, so changes follow one another.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { Department } from '#directory/department.ts';
import { departmentEvent } from '#directory/department-audit.ts';
import { toEffects, partsOf, type Difference } from '#directory/effect.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { createTimeOrderedId, type ChangeId, type OrganizationId } from '#directory/identifiers.ts';
import { departmentRecords, departmentTreeRecords, type DepartmentTree } from '#storage/department-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** What is to be written, decided on a tree on which nothing is under way. */
export interface TreeChange {
  /** As read; null: it is new. */
  readonly before: Department | null;
  /** As it is to be; `change` is set here. */
  readonly after: Department;
  /** Others that change with it: their height. */
  readonly beside: readonly Department[];
}

export interface TreeOutcome {
  readonly department: Department;
  readonly change: ChangeId;
  /** What the change changed. */
  readonly difference: Difference;
}

/** Changes of one tree come one at a time: each starts over when another was faster. */
const maximumRounds = 500;
/** A deleted department is remembered so long. Milliseconds. */
const remembered = 86_400_000;

/**
 * Commits one change of the tree. `decide` reads and checks; it may run several times, throws its refusals with nothing stored, and answers
 * null when nothing is to be done. Throws `DirectoryError` `tooManyConflicts`, `StorageError`.
 */
export async function changeTree(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  decide: () => Promise<TreeChange | null>,
  by: ChangeContext,
): Promise<TreeOutcome | null> {
  for (let round = 0; round < maximumRounds; round += 1) {
    const tree = await settleTree(context, organizationId);
    const decided = await decide();
    if (decided === null) return null;
    const { before, after, beside } = decided;
    const number = (tree?.value.change ?? 0) + 1;
    const [department, ...others] = [after, ...beside].map((one) => ({ ...one, change: number }));
    if (department === undefined) return null;
    const isGone = department.deletedAt !== undefined;
    const count = (tree?.value.number ?? 0) + (before === null ? 1 : isGone ? -1 : 0);
    const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
    const event = departmentEvent(before, department, by, change);
    const effects = toEffects(context, organizationId, [{ kind: 'audit', event }]);
    const moves = isGone || (before !== null && before.profile.parent !== department.profile.parent);
    const moved = moves ? number : tree?.value.moved;
    const value: DepartmentTree = {
      change: number,
      number: count,
      ...(moved === undefined ? {} : { moved }),
      pending: [department, ...others],
    };
    if (!(await writeTree(context, organizationId, tree, value, effects))) continue;
    context.wakeRelay();
    await carryOut(context, organizationId);
    return { department, change, difference: partsOf(event) };
  }
  throw new DirectoryError('tooManyConflicts', 'The departments are being changed too often; try again.');
}

/** Carries out what a crash left behind. Idempotent; safe beside running changes. Answers the tree with nothing under way; null: there was never a change. */
export async function settleTree(
  { storage, now }: ProvisioningContext,
  organizationId: OrganizationId,
): Promise<StoredRecord<DepartmentTree> | null> {
  const trees = storage.records(departmentTreeRecords);
  for (;;) {
    const tree = await trees.get(organizationId, now());
    if (tree?.value.pending === undefined) return tree;
    const { pending, ...settled } = tree.value;
    await Promise.all(pending.map((department) => writeDepartment(storage, department, now())));
    if (await trees.replace({ ...tree, value: settled }))
      return { ...tree, revision: tree.revision + 1, value: settled };
  }
}

/** What is committed is done, whatever happens now: a store that fails meanwhile makes readers wait for it, and the writer hears of success. */
async function carryOut(context: ProvisioningContext, organizationId: OrganizationId): Promise<void> {
  try {
    await settleTree(context, organizationId);
  } catch (error) {
    context.reportTrouble('a committed change of departments is carried out later', error);
  }
}

async function writeTree(
  { storage }: ProvisioningContext,
  organizationId: OrganizationId,
  tree: StoredRecord<DepartmentTree> | null,
  value: DepartmentTree,
  effects: ReturnType<typeof toEffects>,
): Promise<boolean> {
  const trees = storage.records(departmentTreeRecords);
  if (tree !== null) return trees.replace({ ...tree, value }, effects);
  return trees.insertOnce({ id: organizationId, organizationId, value }, effects);
}

/**
 * Brings a department's own record to what a change made of it, unless that or a later change was carried out already. One that is not there was
 * never stored: whatever is deleted is remembered longer than anybody can be late.
 */
async function writeDepartment(
  storage: ProvisioningContext['storage'],
  department: Department,
  now: number,
): Promise<void> {
  const departments = storage.records(departmentRecords);
  const { id, organizationId, deletedAt } = department;
  const expiry = deletedAt === undefined ? {} : { expiresAt: Math.max(deletedAt, now) + remembered };
  for (;;) {
    const stored = await departments.get(id, now);
    if (stored !== null) {
      if (stored.value.change >= department.change) return;
      if (await departments.replace({ ...stored, ...expiry, value: department })) return;
      continue;
    }
    if (await departments.insertOnce({ id, organizationId, ...expiry, value: department })) return;
  }
}
