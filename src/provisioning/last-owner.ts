// The last owner: people's own doors may not leave an organisation without an active owner. Systems are obeyed, since locking out outranks comfort.

import type { Mouth } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { User } from '#directory/user.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** The doors at which a person decides, and where what they planned comes true; what a system planned is obeyed there, too (run-leaves.ts). */
const peoplesDoors: ReadonlySet<Mouth> = new Set(['adminApi', 'cli', 'csvImport', 'schedule']);
const leaseMs = 10_000;

/**
 * Runs `commit`; where it would take an owner away through a person's door, only one such change runs at a time, and only while another owner stays.
 * Throws `DirectoryError('lastOwner')`.
 */
export async function guardLastOwner<Result>(
  context: ProvisioningContext,
  before: User,
  after: User,
  by: ChangeContext,
  commit: () => Promise<Result>,
): Promise<Result> {
  const losesOwner = isActiveOwner(before) && !isActiveOwner(after);
  if (!losesOwner || !peoplesDoors.has(by.mouth)) return commit();
  const name = `owners:${before.organizationId}`;
  const holder = Buffer.from(context.randomBytes(12)).toString('hex');
  for (let tries = 0; (await context.storage.leases.acquire(name, holder, leaseMs)) === null; tries += 1) {
    if (tries >= 200) throw new DirectoryError('tooManyConflicts', 'Other changes of owners are under way; try again.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  try {
    const owners = await context.storage.users.countActiveWithRole(before.organizationId, 'owner');
    if (owners <= 1) {
      throw new DirectoryError(
        'lastOwner',
        `${before.profile.userName} is the only active owner. Make someone else owner first.`,
      );
    }
    return await commit();
  } finally {
    // The change is decided already; a lease that cannot be released ends by itself.
    await context.storage.leases
      .release(name, holder)
      .catch((error: unknown) => context.reportTrouble('the lease on owners was not released', error));
  }
}

function isActiveOwner(user: User): boolean {
  return user.active && user.roles.includes('owner');
}
